package diagnose

import (
	"fmt"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
)

// tlsRules judge the handshake and what is presented in it.
var tlsRules = map[cause.Cause]rule{
	cause.TLSUnknownAuthority: {
		title:  "the certificate is signed by an authority that this node does not trust",
		noun:   "untrusted certificate",
		detail: unknownAuthority,
		fix: func(o observation) []Note {
			return append(o.change(
				o.configure("", "{tls: {ca_file: /PATH/ca.crt}}", `ca = "/PATH/ca.crt"`)),
				look("see what is presented", o.presented()))
		},
	},
	cause.TLSHostnameMismatch: {
		title:  "the certificate is for other names",
		noun:   "certificate for other names",
		detail: otherNames,
		fix: func(o observation) []Note {
			return o.change(
				look("see the names in it", o.presented()+" | openssl x509 -noout -ext subjectAltName"),
				o.mendEndpoint("use a name that is in the certificate", ""),
				Note{Text: "or issue a certificate that has " + o.name() + " among its subject alternative names"},
			)
		},
	},
	cause.TLSLegacyCommonName: {
		title:  "the certificate has only a Common Name",
		noun:   "certificate without names",
		detail: says("the certificate has no subject alternative names, and containerd does not look at the Common Name"),
		fix: func(o observation) []Note {
			return []Note{{Text: "issue a certificate with " + o.name() + " as subject alternative name, and install it at " + o.dialled()},
				look("check it afterwards", o.presented()+" | openssl x509 -noout -ext subjectAltName")}
		},
	},
	cause.TLSExpired: {
		title:  "the certificate has expired",
		noun:   "expired certificate",
		detail: expired,
		fix: func(o observation) []Note {
			return []Note{
				look("see the dates", o.presented()+" | openssl x509 -noout -dates"),
				{Text: "renew the certificate at " + o.dialled()},
				look("or set this node's clock, if that is wrong", "timedatectl"),
			}
		},
	},
	cause.TLSNotYetValid: {
		title:  "the certificate is not valid yet",
		noun:   "certificate of the future",
		detail: notYetValid,
		fix: func(o observation) []Note {
			return []Note{look("compare this node's clock", "timedatectl"),
				{Text: "set the clock, or issue a certificate that is valid already"}}
		},
	},
	cause.TLSClientCertRequired: {
		title:  "the server demands a client certificate",
		noun:   "demand for a client certificate",
		detail: clientCertificate,
		fix: func(o observation) []Note {
			return o.change(o.configure("", "{tls: {cert_file: /PATH/client.crt, key_file: /PATH/client.key}}",
				`client = ["/PATH/client.crt", "/PATH/client.key"]`))
		},
	},
	cause.TLSHandshake: {
		title:  "the TLS handshake fails",
		noun:   "TLS failure",
		detail: says("the connection opens, TLS does not: no common version or cipher, a peer without TLS, or something in between that closes it"),
		fix: func(o observation) []Note {
			return []Note{
				look("see how far it comes", o.presented()),
				{Text: "mend the server's TLS settings at " + o.dialled() + ", or what stands between it and this node"},
			}
		},
	},
	cause.TLSHandshakeTimeout: {
		title:  "the TLS handshake does not end",
		noun:   "TLS timeout",
		detail: says("the connection opens, then silence: an overloaded server, a broken path MTU, or a port for something else"),
		fix: func(o observation) []Note {
			return []Note{
				look("see how far it comes", o.presented()),
				{Text: "mend the server at " + o.dialled() + ", or the path to it (MTU, load balancer)"},
			}
		},
	},
	cause.HTTPResponseToHTTPSClient: {
		title:  "a plain-HTTP server is asked with https",
		noun:   "plain-HTTP answer",
		detail: says("it speaks plain HTTP on that port, and the endpoint is configured with https"),
		fix: func(o observation) []Note {
			return o.change(o.mendEndpoint("say http", "http://"+o.host()))
		},
	},
	cause.HTTPRequestToHTTPSServer: {
		title:  "a TLS server is asked with plain http",
		noun:   "refusal of plain HTTP",
		detail: says("it speaks TLS on that port, and the endpoint is configured with http"),
		fix: func(o observation) []Note {
			return o.change(o.mendEndpoint("say https", "https://"+o.host()))
		},
	},
}

func unknownAuthority(o observation) string {
	if o.meant != nil {
		return "its certificate is signed by an authority that this node does not trust, and " + o.overlooked()
	}
	if c := o.certificate(); c != nil && c.Issuer != "" {
		return fmt.Sprintf("its certificate is signed by %q, which %s", c.Issuer, o.distrust())
	}
	return "its certificate is signed by an authority that " + o.distrust()
}

// distrust says what the certificate was verified against.
func (o observation) distrust() string {
	if o.endpoint != nil && len(o.endpoint.CAFiles) > 0 {
		return fmt.Sprintf("neither this node nor %s trusts", strings.Join(o.endpoint.CAFiles, ", "))
	}
	return "this node does not trust"
}

func otherNames(o observation) string {
	if c := o.certificate(); c != nil && len(c.DNSNames) > 0 {
		return fmt.Sprintf("its certificate is for %s, not for %s", strings.Join(c.DNSNames, ", "), o.name())
	}
	return "its certificate does not name " + o.name()
}

func expired(o observation) string {
	if c := o.certificate(); c != nil {
		return "its certificate was valid until " + moment(c.NotAfter)
	}
	return "its certificate is no longer valid"
}

func notYetValid(o observation) string {
	if c := o.certificate(); c != nil {
		return fmt.Sprintf("its certificate is valid from %s on: usually this node's clock is behind", moment(c.NotBefore))
	}
	return "its certificate begins in the future: usually this node's clock is behind"
}

func clientCertificate(o observation) string {
	if o.meant != nil {
		return "it wants a client certificate, and " + o.overlooked()
	}
	if o.endpoint != nil && len(o.endpoint.Clients) > 0 {
		return "it wants a client certificate, and does not accept " + o.endpoint.Clients[0].Cert
	}
	return "it wants a client certificate, and none is configured"
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// certificate is what was presented when the TLS step was walked again; nil where it was not.
func (o observation) certificate() *probe.Certificate {
	if o.probe == nil || o.target != "" {
		return nil
	}
	return o.probe.Certificate
}
