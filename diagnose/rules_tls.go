package diagnose

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// tlsRules judge the handshake and what is presented in it.
var tlsRules = map[cause.Cause]rule{
	cause.TLSUnknownAuthority: {
		title:  "this node does not trust the certificate",
		noun:   "untrusted certificate",
		detail: unknownAuthority,
		fix:    trustAuthority,
		doc: doc{
			meaning: "The certificate, or one above it, was signed by an authority that is neither in the node's CA store nor in the ca_file of the endpoint's own entry. Settings under another host or port do not count, and the wildcard's never count for an endpoint. Often the server leaves out an intermediate certificate.",
			shows:   "`x509: certificate signed by unknown authority`, with the prefix `tls: failed to verify certificate:` where containerd was built with Go 1.20 or later." + shownConnecting,
			confirm: "openssl s_client -connect HOST:PORT -servername HOST -showcerts </dev/null\nopenssl s_client -connect HOST:PORT -CAfile CA.crt -verify_return_error </dev/null\ncurl -v --cacert CA.crt https://HOST:PORT/v2/",
			fix:     applied(`configs: {"HOST:PORT": {tls: {ca_file: /PATH/ca.crt}}}`, `ca = "/PATH/ca.crt" in the endpoint's table`) + " A server that leaves out an intermediate must present it.",
		},
	},
	cause.TLSHostnameMismatch: {
		title:  "the certificate is for other names",
		noun:   "certificate for other names",
		detail: otherNames,
		fix: func(o observation) []Note {
			if o.ingressDefault() {
				return []Note{{Text: fmt.Sprintf("give the ingress of %s a certificate for it: tls with hosts and secretName, of a Secret that is in its namespace", o.name())},
					look("see what is presented", o.presented("openssl x509 -noout -ext subjectAltName"))}
			}
			issue := "issue a certificate that has " + o.name() + " among its subject alternative names"
			see := look("see the names in it", o.presented("openssl x509 -noout -ext subjectAltName"))
			if o.asDefault() {
				return []Note{{Text: issue}, {Text: "or use a name of the certificate in the image's name" + o.names()}, see}
			}
			return o.change(o.mendEndpoint("use a name of the certificate"+o.names()), Note{Text: "or " + issue}, see)
		},
		doc: doc{
			meaning: "None of the certificate's subject alternative names is the name, or the IP address, by which the endpoint is asked.",
			shows:   "`x509: certificate is valid for NAMES, not HOST`, or `cannot validate certificate for ADDRESS because it doesn't contain any IP SANs`." + shownConnecting,
			confirm: "openssl s_client -connect HOST:PORT -servername HOST </dev/null | openssl x509 -noout -ext subjectAltName\ncurl -v https://HOST:PORT/v2/",
			fix:     "Issue a certificate with that name, or ask for a name that is in it. " + applied("correct it under mirrors, and the key under configs", "correct it"),
		},
	},
	cause.TLSLegacyCommonName: {
		title:  "the certificate has only a Common Name",
		noun:   "certificate without names",
		detail: says("the certificate has no subject alternative names, and containerd ignores the Common Name"),
		fix: func(o observation) []Note {
			return []Note{{Text: "issue a certificate with the subject alternative name " + o.name() + ", and install it at " + o.dialled()},
				look("check it afterwards", o.presented("openssl x509 -noout -ext subjectAltName"))}
		},
		doc: doc{
			meaning: "The certificate names its host in the Common Name alone, which Go, and so containerd, has not looked at for years. No setting of the node brings that back.",
			shows:   "`x509: certificate relies on legacy Common Name field, use SANs instead`." + shownConnecting,
			confirm: "openssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -subject -ext subjectAltName\ncurl -v https://HOST:PORT/v2/",
			fix:     "Issue the certificate anew with the host as subject alternative name: openssl req … -addext subjectAltName=DNS:HOST." + everywhere,
		},
	},
	cause.TLSExpired: {
		title:  "the certificate has expired",
		noun:   "expired certificate",
		detail: expired,
		fix: func(o observation) []Note {
			renew := Note{Text: "renew the certificate at " + o.dialled()}
			see := look("see the dates", o.presented("openssl x509 -noout -dates"))
			if o.clockAhead() {
				return []Note{look("set this node's clock", "timedatectl set-ntp true"), see}
			}
			return []Note{renew, see, look("or set this node's clock, if that is wrong", "timedatectl")}
		},
		doc: doc{
			meaning: "The certificate, or one above it, was valid until a time that has passed by the node's clock.",
			shows:   "`x509: certificate has expired or is not yet valid: current time NOW is after THEN`." + shownConnecting,
			confirm: "openssl s_client -connect HOST:PORT -servername HOST </dev/null | openssl x509 -noout -dates\ndate -u\ncurl -v https://HOST:PORT/v2/",
			fix:     "Renew the certificate and restart what serves it. Where the node's clock is ahead: timedatectl set-ntp true." + everywhere,
		},
	},
	cause.TLSNotYetValid: {
		title:  "the certificate is not valid yet",
		noun:   "certificate of the future",
		detail: notYetValid,
		fix: func(o observation) []Note {
			return []Note{look("set this node's clock, if it is behind", "timedatectl set-ntp true"),
				{Text: "or issue a certificate that is valid already"}}
		},
		doc: doc{
			meaning: "The certificate begins to be valid at a time that is still to come by the node's clock: usually the clock is behind, as after a boot without a battery or NTP.",
			shows:   "`x509: certificate has expired or is not yet valid: current time NOW is before THEN`." + shownConnecting,
			confirm: "date -u\ncurl -sSIk https://HOST:PORT/v2/ | grep -i ^date\nopenssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -dates",
			fix:     "Set the clock: timedatectl set-ntp true, with an NTP server that the node can reach." + everywhere,
		},
	},
	cause.TLSClientCertRequired: {
		title:  "the server demands a client certificate",
		noun:   "demand for a client certificate",
		detail: clientCertificate,
		fix: func(o observation) []Note {
			return o.change(o.configure("", aClientCertificate)...)
		},
		doc: doc{
			meaning: "The server wants to see a certificate of the client, and none is configured for the endpoint's host and port, or it does not accept the one that is.",
			shows:   "`remote error: tls: certificate required`, or `bad certificate` where the server speaks TLS 1.2." + shownConnecting,
			confirm: "openssl s_client -connect HOST:PORT </dev/null | grep -A5 'client certificate CA names'\ncurl -v --cert client.crt --key client.key https://HOST:PORT/v2/",
			fix:     applied(`configs: {"HOST:PORT": {tls: {cert_file: /PATH/client.crt, key_file: /PATH/client.key}}}`, `client = ["/PATH/client.crt", "/PATH/client.key"] in the endpoint's table`),
		},
	},
	cause.TLSHandshake: {
		title:  "the TLS handshake fails",
		noun:   "TLS failure",
		detail: handshake,
		fix: func(o observation) []Note {
			mend := Note{Text: "mend the server's TLS settings at " + o.dialled() + ", or what stands between it and this node"}
			if o.would(probe.OverHTTP) != nil {
				return sayHTTP(o)
			}
			if o.would(probe.OverHTTPS) != nil {
				return o.change(o.withScheme("https"))
			}
			if scheme, _, _ := split(o.url); scheme == "http" && o.target == "" {
				return []Note{look("see how far it comes", o.curl("-v", o.api())), {Text: "read the log of the server at " + o.dialled() + ", or of what stands between it and this node"}}
			}
			return []Note{mend, look("see how far it comes", o.presented())}
		},
		doc: doc{
			meaning: "The connection opens, TLS does not come about: no common version or cipher, a peer that speaks something else, or a device in between that closes it.",
			shows:   "`remote error: tls: handshake failure`, `protocol version not supported`, `EOF`, or `connection reset by peer`." + shownConnecting + " From 2.3.2 on an EOF of the last endpoint is repeated up to four times.",
			confirm: "openssl s_client -connect HOST:PORT -servername HOST </dev/null\nopenssl s_client -connect HOST:PORT -tls1_2 </dev/null\ncurl -v https://HOST:PORT/v2/",
			fix:     "Let the server speak TLS 1.2 or 1.3 with current ciphers; look at proxies, firewalls and load balancers on the way." + everywhere,
		},
	},
	cause.TLSHandshakeTimeout: {
		title:  "the TLS handshake does not end",
		noun:   "TLS timeout",
		detail: says("the connection opens, then silence: the server is overloaded, or packets get lost on the way (MTU)"),
		fix: func(o observation) []Note {
			return []Note{
				{Text: "mend the server at " + o.dialled() + ", or the path to it (MTU, load balancer)"},
				look("see how far it comes", o.presented()),
			}
		},
		doc: doc{
			meaning: "The TCP connection opens, and TLS has not come about after 10 seconds: an overloaded server, a load balancer without a server behind it, or a path that loses large packets (MTU).",
			shows:   "`net/http: TLS handshake timeout`, 10 seconds after the endpoint's turn." + shownConnecting + " From 2.3.2 on a timeout of the last endpoint is repeated up to four times.",
			confirm: "openssl s_client -connect HOST:PORT -servername HOST </dev/null\nping -M do -s 1472 HOST\ncurl -v https://HOST:PORT/v2/",
			fix:     "Mend the server or the load balancer, or the MTU of the interface that leads there." + everywhere,
		},
	},
	cause.HTTPResponseToHTTPSClient: {
		title:  "a plain-HTTP server is asked with https",
		noun:   "plain-HTTP answer",
		detail: says("it speaks plain HTTP, and is asked with https"),
		fix:    sayHTTP,
		doc: doc{
			meaning: "The endpoint is asked with https, explicitly or because no scheme is given, and the server speaks plain HTTP there. insecure_skip_verify does not change the scheme.",
			shows:   "`http: server gave HTTP response to HTTPS client`." + shownConnecting,
			confirm: "curl -v http://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     applied(`mirrors: {"HOST:PORT": {endpoint: ["http://HOST:PORT"]}}`, `server = "http://HOST:PORT", or [host."http://HOST:PORT"]`) + " Better: give the registry a certificate.",
		},
	},
	cause.HTTPRequestToHTTPSServer: {
		title:  "a TLS server is asked with plain http",
		noun:   "refusal of plain HTTP",
		detail: says("it speaks TLS, and is asked with plain http"),
		fix: func(o observation) []Note {
			return o.change(o.withScheme("https"))
		},
		doc: doc{
			meaning: "The endpoint says http, and the server speaks TLS on that port. The answer to containerd's HEAD is a bare 400.",
			shows:   "`400 Bad Request`; the reason, `Client sent an HTTP request to an HTTPS server`, stands in a body that a HEAD does not get." + shownStatus,
			confirm: "curl -v http://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     applied("write https:// under mirrors", "write https://"),
		},
	},
}

func trustAuthority(o observation) []Note {
	see := look("see what is presented", o.presented())
	switch c := o.certificate(); {
	case o.would(probe.OtherCA) != nil:
		return append(o.change(o.configure("", caSetting(o.would(probe.OtherCA).File))...), see)
	case c != nil && c.IntermediateMissing:
		return []Note{{Text: fmt.Sprintf("let %s present %q too", o.dialled(), commonName(c.MissingIssuer))}, see}
	}
	if file := o.ownCAFile(); file != "" {
		return []Note{{Text: fmt.Sprintf("add the CA that signed it to %s, which containerd reads at every pull", file), File: file}, see}
	}
	if c := o.certificate(); c != nil && c.MissingIssuer == "" && slices.Contains(c.Chain, c.Issuer) && o.seenAlike() {
		see = o.saveCA()
	}
	return append(o.change(o.configure("", aCA)...), see)
}

// saveCA writes the last certificate that the server presents into a file, where that is its authority's.
func (o observation) saveCA() Note {
	last := `awk '/BEGIN CERT/ {c = ""} {c = c $0 RS} /END CERT/ {ca = c} END {printf "%s", ca}' >/PATH/ca.crt`
	return look("it presents its CA itself: save that, and let its owner confirm it", strings.Replace(o.presented(last), "s_client", "s_client -showcerts", 1))
}

// ownCAFile is where the endpoint's CAs stand, "" where none are configured.
func (o observation) ownCAFile() string {
	if o.endpoint == nil || len(o.endpoint.CAFiles) == 0 {
		return ""
	}
	return o.endpoint.CAFiles[0]
}

// sayHTTP is the endpoint with http; a registry that is asked by default needs an entry.
func sayHTTP(o observation) []Note {
	switch {
	case o.endpoint == nil && o.asDefault() && rendered(o.node):
		return o.change(o.plainMirror())
	case o.endpoint == nil:
		return o.change(o.withScheme("http"))
	case o.endpoint.HTTPFallback:
		return o.change(o.withoutTLS("take out"))
	case !o.endpoint.Default && encrypted(*o.endpoint):
		return o.change(o.withScheme("http"), o.withoutTLS("and take out"))
	case !o.endpoint.Default:
		return o.change(o.withScheme("http"))
	case rendered(o.node):
		return o.change(o.plainMirror())
	}
	return o.change(o.plainServer()...)
}

// plainMirror makes K3s ask a registry itself by plain http.
func (o observation) plainMirror() Note {
	return o.below([]string{"mirrors", o.host()}, []string{fmt.Sprintf("endpoint: [%q]", "http://"+o.host())})
}

// keepsTLS reports whether a patch makes an endpoint plain http and leaves its settings for TLS.
func (o observation) keepsTLS() bool {
	plain := slices.ContainsFunc(o.edits, func(e registry.Edit) bool { return strings.HasPrefix(e.Text, "http://") })
	removed := slices.ContainsFunc(o.edits, func(e registry.Edit) bool { return e.Remove })
	return plain && !removed && o.endpoint != nil && encrypted(*o.endpoint)
}

// withoutTLS takes the endpoint's settings for TLS out: with them containerd asks https first.
func (o observation) withoutTLS(take string) Note {
	const why = ": with that containerd asks https first"
	if !rendered(o.node) {
		return Note{Text: take + " its ca, client and skip_verify" + why, File: o.settings(), Line: o.endpoint.Line}
	}
	host := credentialsKey(o.endpointHost())
	n := Note{Text: fmt.Sprintf("%s tls below %q", take, host) + why, File: o.settings()}
	if o.config != nil {
		n.Line = o.config.Place("configs", host, "tls").At.Line
	}
	return n
}

func clientCertificate(o observation) string {
	if o.meant != nil {
		return o.overlooked()
	}
	switch {
	case o.endpoint == nil:
		return "it wants a client certificate that it accepts"
	case len(o.endpoint.Clients) > 0:
		return "it does not accept the client certificate " + o.endpoint.Clients[0].Cert
	}
	return "no client certificate is configured for it"
}

func handshake(o observation) string {
	scheme, _, _ := split(o.url)
	switch {
	case o.would(probe.OverHTTP) != nil && o.endpoint.HTTPFallback:
		return "its tls settings make containerd ask https first, and TLS is cut off; in plain http it answers"
	case o.would(probe.OverHTTP) != nil:
		return "it does not speak TLS on that port; in plain http it answers"
	case o.attempt != nil && strings.Contains(o.attempt.Error, "first record does not look like a TLS handshake"):
		return "what answers on that port does not speak TLS"
	case scheme != "http" || o.target != "":
		return "it connects, and TLS does not come about"
	case o.would(probe.OverHTTPS) != nil:
		return "it closes the connection to what asks in plain http; in https it answers"
	}
	return "the connection opens, and is closed before any answer"
}
