package diagnose

import (
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
)

// tlsRules judge the handshake and what is presented in it.
var tlsRules = map[cause.Cause]rule{
	cause.TLSUnknownAuthority: {
		title:  "the certificate is signed by an authority that this node does not trust",
		detail: unknownAuthority,
		fix: func(o observation) []Note {
			return append(o.change(
				o.edit("name the certificate of the authority that signed it", o.configs("{tls: {ca_file: /PATH/ca.crt}}"), o.hostTable(`ca = "/PATH/ca.crt"`))),
				look("see what is presented, if you do not have it", o.presented()))
		},
	},
	cause.TLSHostnameMismatch: {
		title:  "the certificate is for other names",
		detail: otherNames,
		fix: func(o observation) []Note {
			return o.change(
				look("see the names in it", o.presented()+" | openssl x509 -noout -ext subjectAltName"),
				o.edit("use a name that is in the certificate", `endpoint: ["https://NAME"]`, `[host."https://NAME"]`),
				Note{Text: "or issue a certificate that has " + o.name() + " among its subject alternative names"},
			)
		},
	},
	cause.TLSLegacyCommonName: {
		title:  "the certificate has only a Common Name",
		detail: says("the certificate of %s has no subject alternative names; containerd does not look at the Common Name"),
		fix: func(o observation) []Note {
			return []Note{{Text: "issue a certificate with " + o.name() + " as subject alternative name, and install it at " + o.dialled()},
				look("check it afterwards", o.presented()+" | openssl x509 -noout -ext subjectAltName")}
		},
	},
	cause.TLSExpired: {
		title:  "the certificate has expired",
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
		detail: says("the certificate of %s begins in the future, seen from this node: usually the node's clock is behind"),
		fix: func(o observation) []Note {
			return []Note{look("compare this node's clock", "timedatectl"),
				{Text: "set the clock, or issue a certificate that is valid already"}}
		},
	},
	cause.TLSClientCertRequired: {
		title:  "the server demands a client certificate",
		detail: says("%s wants a client certificate, and none, or not the right one, is configured for it"),
		fix: func(o observation) []Note {
			return o.change(o.edit("name the client certificate and its key",
				o.configs("{tls: {cert_file: /PATH/client.crt, key_file: /PATH/client.key}}"),
				o.hostTable(`client = ["/PATH/client.crt", "/PATH/client.key"]`)))
		},
	},
	cause.TLSHandshake: {
		title:  "the TLS handshake fails",
		detail: says("%s accepts the connection, but no TLS session comes about: no common version or cipher, a peer that does not speak TLS, or a connection that is closed in between"),
		fix: func(o observation) []Note {
			return []Note{
				look("see how far it comes", o.presented()),
				{Text: "mend the server's TLS settings at " + o.dialled() + ", or what stands between it and this node"},
			}
		},
	},
	cause.TLSHandshakeTimeout: {
		title:  "the TLS handshake does not end",
		detail: says("%s accepts the connection and then says nothing: an overloaded server, a broken path MTU, or a port that waits for another protocol"),
		fix: func(o observation) []Note {
			return []Note{
				look("see how far it comes", o.presented()),
				{Text: "mend the server at " + o.dialled() + ", or the path to it (MTU, load balancer)"},
			}
		},
	},
	cause.HTTPResponseToHTTPSClient: {
		title:  "a plain-HTTP server is asked with https",
		detail: says("%s speaks plain HTTP on that port; skipping verification does not help, for there is no certificate"),
		fix: func(o observation) []Note {
			return o.change(o.edit("say http", fmt.Sprintf(`endpoint: ["http://%s"]`, o.host()), fmt.Sprintf(`[host."http://%s"]`, o.host())))
		},
	},
	cause.HTTPRequestToHTTPSServer: {
		title:  "a TLS server is asked with plain http",
		detail: says("%s speaks TLS on that port"),
		fix: func(o observation) []Note {
			return o.change(o.edit("say https", fmt.Sprintf(`endpoint: ["https://%s"]`, o.host()), fmt.Sprintf(`[host."https://%s"]`, o.host())))
		},
	},
}

func unknownAuthority(o observation) string {
	trusted := "the node's CA certificates"
	if o.endpoint != nil && len(o.endpoint.CAFiles) > 0 {
		trusted += " and " + strings.Join(o.endpoint.CAFiles, ", ")
	}
	if o.probe == nil || o.probe.Certificate == nil {
		return fmt.Sprintf("the certificate of %s is signed by an authority that is not among %s", o.subject(), trusted)
	}
	return fmt.Sprintf("the certificate of %s is signed by %q, which is not among %s", o.subject(), o.probe.Certificate.Issuer, trusted)
}

func otherNames(o observation) string {
	if o.probe == nil || o.probe.Certificate == nil || len(o.probe.Certificate.DNSNames) == 0 {
		return fmt.Sprintf("the certificate that %s presents does not name %s", o.subject(), o.name())
	}
	return fmt.Sprintf("the certificate that %s presents is for %s, not for %s",
		o.subject(), strings.Join(o.probe.Certificate.DNSNames, ", "), o.name())
}

func expired(o observation) string {
	if o.probe == nil || o.probe.Certificate == nil {
		return fmt.Sprintf("the certificate of %s is no longer valid", o.subject())
	}
	return fmt.Sprintf("the certificate of %s was valid until %s", o.subject(), o.probe.Certificate.NotAfter.UTC().Format("2006-01-02 15:04 MST"))
}
