package probe_test

import (
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/miekg/dns"
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// raw is an endpoint whose connections f handles.
func (n *node) raw(f func(net.Conn)) string {
	s := probetest.ServeConn(f)
	n.t.Cleanup(s.Close)
	return host + ":" + s.Port
}

func rawEndpoint(f func(net.Conn)) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint { return endpoint(n.raw(f)) }
}

func rawHTTP(f func(net.Conn)) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		ep := endpoint(n.raw(f))
		ep.Scheme = "http"
		return ep
	}
}

// afterRequest reads a request and then does f.
func afterRequest(f func(net.Conn)) func(net.Conn) {
	return func(c net.Conn) {
		buf := make([]byte, 4096)
		if _, err := c.Read(buf); err == nil {
			f(c)
		}
	}
}

func reset(c net.Conn) { c.(*net.TCPConn).SetLinger(0) }

func hang(c net.Conn) { io.Copy(io.Discard, c) }

func withNames(d *probetest.DNS) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		n.file("/etc/hosts", "127.0.0.1 localhost\n")
		d := &probetest.DNS{Names: d.Names, Rcodes: d.Rcodes, Silent: d.Silent}
		d.Start("")
		n.t.Cleanup(d.Close)
		n.dns = d.Port
		n.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
		return endpoint(host)
	}
}

// withPackets is a node whose nameserver answers each packet with what answer makes of it.
func withPackets(answer func(query []byte) []byte) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		n.file("/etc/hosts", "127.0.0.1 localhost\n")
		n.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
		conn, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			n.t.Fatal(err)
		}
		n.t.Cleanup(func() { conn.Close() })
		_, n.dns, _ = net.SplitHostPort(conn.LocalAddr().String())
		go func() {
			buf := make([]byte, 4096)
			for {
				size, from, err := conn.ReadFrom(buf)
				if err != nil {
					return
				}
				conn.WriteTo(answer(buf[:size]), from)
			}
		}()
		return endpoint(host)
	}
}

var nameFaults = []faultCase{
	{name: "no such host", setUp: withNames(&probetest.DNS{}), step: "dns", cause: cause.DNSNotFound,
		says: "lookup registry.example.com on 127.0.0.1:"},
	{name: "no address", setUp: withNames(&probetest.DNS{Names: map[string][]string{host: nil}}), step: "dns", cause: cause.DNSNotFound},
	{name: "SERVFAIL", setUp: withNames(&probetest.DNS{Rcodes: map[string]int{host: dns.RcodeServerFailure}}),
		step: "dns", cause: cause.DNSFailure, says: "server misbehaving"},
	{name: "REFUSED", setUp: withNames(&probetest.DNS{Rcodes: map[string]int{host: dns.RcodeRefused}}), step: "dns", cause: cause.DNSFailure},
	{name: "nameserver silent", setUp: withNames(&probetest.DNS{Silent: map[string]bool{host: true}}),
		step: "dns", cause: cause.DNSFailure, says: "i/o timeout", waits: true},
	{name: "nameserver that talks nonsense", setUp: withPackets(func([]byte) []byte { return []byte("nonsense, and no DNS at all") }),
		step: "dns", cause: cause.DNSFailure, waits: true},
	{name: "nameserver that answers other questions", setUp: withPackets(func(query []byte) []byte {
		query[0]++ // its number
		query[2] |= 0x80
		return query
	}), step: "dns", cause: cause.DNSFailure, waits: true},
	{name: "alias of nothing", setUp: withPackets(func(query []byte) []byte {
		var m dns.Msg
		if m.Unpack(query) != nil {
			return nil
		}
		m.SetReply(&m)
		m.Answer = []dns.RR{&dns.CNAME{Hdr: dns.RR_Header{Name: host + ".", Rrtype: dns.TypeCNAME, Class: dns.ClassINET}, Target: host + "."}}
		packed, _ := m.Pack()
		return packed
	}), step: "dns", cause: cause.DNSNotFound},
	{name: "no nameserver", setUp: func(n *node) registry.Endpoint {
		n.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
		_, n.dns, _ = net.SplitHostPort(probetest.Refused())
		return endpoint("mirror.example.com")
	}, step: "dns", cause: cause.DNSFailure, says: "connection refused"},
	{name: "name that is none", setUp: func(*node) registry.Endpoint { return endpoint("a..example.com") },
		step: "dns", cause: cause.DNSNotFound},
}

var connectFaults = []faultCase{
	{name: "refused", setUp: func(*node) registry.Endpoint {
		return endpoint(strings.Replace(probetest.Refused(), "127.0.0.1", host, 1))
	}, step: "tcp", cause: cause.ConnectRefused, says: "dial tcp 127.0.0.1:"},
	{name: "port that is none", setUp: func(*node) registry.Endpoint { return endpoint(host + ":99999") },
		step: "tcp", cause: cause.InvalidReference},
	{name: "reset in the handshake", setUp: rawEndpoint(afterRequest(reset)), step: "tls", cause: cause.TLSHandshake},
	{name: "closed at once", setUp: rawEndpoint(func(net.Conn) {}), step: "tls", cause: cause.TLSHandshake},
	{name: "http, closed at once", setUp: rawHTTP(func(net.Conn) {}), step: "ping", cause: cause.TLSHandshake},
	{name: "http, reset after the request", setUp: rawHTTP(afterRequest(reset)), step: "ping", cause: cause.TLSHandshake},
	{name: "http, half-closed after the request", setUp: rawHTTP(afterRequest(func(c net.Conn) {
		c.(*net.TCPConn).CloseWrite()
		hang(c)
	})), step: "ping", cause: cause.TLSHandshake},
	{name: "http, silent", setUp: rawHTTP(hang), step: "ping", cause: cause.TimeoutDeadline},
}

// certified is a registry whose certificate is leaf.
func certified(leaf probetest.Leaf) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		n.cert = n.ca.Issue(leaf)
		return endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	}
}

var certificateFaults = []faultCase{
	{name: "unknown CA", setUp: func(n *node) registry.Endpoint {
		n.cert = probetest.NewCA("other CA").Server(host)
		return endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	}, step: "tls", cause: cause.TLSUnknownAuthority, says: "x509: certificate signed by unknown authority"},
	{name: "no CA store", setUp: func(n *node) registry.Endpoint {
		delete(n.files, "etc/ssl/certs/ca-certificates.crt")
		return endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	}, step: "tls", cause: cause.TLSUnknownAuthority},
	{name: "wrong name", setUp: certified(probetest.Leaf{Names: []string{"other.example.com"}}),
		step: "tls", cause: cause.TLSHostnameMismatch, says: "other.example.com"},
	{name: "no name", setUp: certified(probetest.Leaf{}), step: "tls", cause: cause.TLSHostnameMismatch},
	{name: "common name only", setUp: certified(probetest.Leaf{CommonName: host}),
		step: "tls", cause: cause.TLSLegacyCommonName},
	{name: "address without name", setUp: func(n *node) registry.Endpoint {
		return endpoint(strings.Replace(n.serve(probetest.NewRegistry(image).ServeHTTP), host, "127.0.0.1", 1))
	}, step: "tls", cause: cause.TLSHostnameMismatch, says: "doesn't contain any IP SANs"},
	{name: "expired", setUp: certified(probetest.Leaf{Names: []string{host}, Starts: -48 * time.Hour, Ends: -time.Hour}),
		step: "tls", cause: cause.TLSExpired},
	{name: "not yet valid", setUp: certified(probetest.Leaf{Names: []string{host}, Starts: time.Hour, Ends: 2 * time.Hour}),
		step: "tls", cause: cause.TLSNotYetValid},
	{name: "intermediate expired", setUp: func(n *node) registry.Endpoint {
		n.cert = n.ca.Intermediate("test issuing CA", -48*time.Hour, -time.Hour).Server(host)
		return endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	}, step: "tls", cause: cause.TLSExpired},
	{name: "client certificate wanted", setUp: func(n *node) registry.Endpoint { return endpoint(n.mutual(probetest.NewRegistry(image))) },
		step: "tls", cause: cause.TLSClientCertRequired},
	{name: "client certificate wanted, TLS 1.2", setUp: func(n *node) registry.Endpoint {
		s := probetest.ServeTLS(probetest.NewRegistry(image), &tls.Config{
			Certificates: []tls.Certificate{*n.cert}, ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12,
		})
		n.t.Cleanup(s.Close)
		return endpoint(host + ":" + s.Port)
	}, step: "tls", cause: cause.TLSClientCertRequired},
	{name: "client certificate of another CA", setUp: func(n *node) registry.Endpoint {
		cert, key := probetest.PairPEM(probetest.NewCA("other CA").Issue(probetest.Leaf{CommonName: "node", Client: true}))
		n.file("/etc/client.crt", string(cert))
		n.file("/etc/client.key", string(key))
		ep := endpoint(n.mutual(probetest.NewRegistry(image)))
		ep.Clients = []registry.ClientPair{{Cert: "/etc/client.crt", Key: "/etc/client.key"}}
		return ep
	}, step: "tls", cause: cause.TLSClientCertRequired},
	{name: "client certificate wanted by nginx", setUp: func(n *node) registry.Endpoint {
		return endpoint(n.serve(page(http.StatusBadRequest, "<html><title>400 No required SSL certificate was sent</title></html>")))
	}, step: "ping", cause: cause.TLSClientCertRequired},
	{name: "CA file missing", setUp: withFiles(registry.Endpoint{CAFiles: []string{"/etc/none.crt"}}),
		step: "tls", cause: cause.ConfigFileUnreadable, says: `reading CA file "/etc/none.crt": no such file or directory`},
	{name: "CA file beside a folder that is missing", setUp: withFiles(registry.Endpoint{CAFiles: []string{"/etc/none/../empty.crt"}}),
		step: "tls", cause: cause.ConfigFileUnreadable, says: "no such file or directory"},
	{name: "CA file empty", setUp: withFiles(registry.Endpoint{CAFiles: []string{"/etc/empty.crt"}}),
		step: "tls", cause: cause.ConfigFileUnreadable, says: "no certificate in it"},
	{name: "CA file a directory", setUp: withFiles(registry.Endpoint{CAFiles: []string{"/etc/ssl"}}),
		step: "tls", cause: cause.ConfigFileUnreadable, says: "is a directory"},
	{name: "client key missing", setUp: withFiles(registry.Endpoint{Clients: []registry.ClientPair{{Cert: "/etc/empty.crt", Key: "/etc/none.key"}}}),
		step: "tls", cause: cause.ConfigFileUnreadable, says: "/etc/none.key"},
	{name: "client pair unusable", setUp: withFiles(registry.Endpoint{Clients: []registry.ClientPair{{Cert: "/etc/empty.crt"}}}),
		step: "tls", cause: cause.ConfigFileUnreadable, says: "/etc/empty.crt"},
}

func withFiles(settings registry.Endpoint) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		n.file("/etc/empty.crt", "")
		ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
		ep.CAFiles, ep.Clients = settings.CAFiles, settings.Clients
		return ep
	}
}

var tlsFaults = []faultCase{
	{name: "handshake hangs", setUp: rawEndpoint(hang), step: "tls", cause: cause.TLSHandshakeTimeout, says: "TLS handshake timeout"},
	{name: "plain http at the https port", setUp: func(n *node) registry.Endpoint {
		return endpoint(n.plain(probetest.NewRegistry(image).ServeHTTP))
	}, step: "tls", cause: cause.HTTPResponseToHTTPSClient, says: "server gave HTTP response to HTTPS client"},
	{name: "not TLS", setUp: rawEndpoint(func(c net.Conn) { io.WriteString(c, "220 mail.example.com ESMTP\r\n") }),
		step: "tls", cause: cause.TLSHandshake},
	{name: "old TLS only", setUp: func(n *node) registry.Endpoint {
		s := probetest.ServeTLS(probetest.NewRegistry(image), &tls.Config{
			Certificates: []tls.Certificate{*n.cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11,
		})
		n.t.Cleanup(s.Close)
		return endpoint(host + ":" + s.Port)
	}, step: "tls", cause: cause.TLSHandshake},
	{name: "https at the http port", setUp: func(n *node) registry.Endpoint {
		ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
		ep.Scheme = "http"
		return ep
	}, step: "ping", cause: cause.HTTPRequestToHTTPSServer, says: "Client sent an HTTP request to an HTTPS server"},
	{name: "https at the http port, nginx", setUp: func(n *node) registry.Endpoint {
		ep := endpoint(n.plain(page(http.StatusBadRequest, "<html><head><title>400 The plain HTTP request was sent to HTTPS port</title></head></html>")))
		ep.Scheme = "http"
		return ep
	}, step: "ping", cause: cause.HTTPRequestToHTTPSServer},
	{name: "https at the http port, alert", setUp: rawHTTP(afterRequest(func(c net.Conn) { io.WriteString(c, "\x15\x03\x01\x00\x02\x02\x16\r\n\r\n") })),
		step: "ping", cause: cause.HTTPRequestToHTTPSServer},
	{name: "fallback, nothing answers in time", setUp: func(n *node) registry.Endpoint {
		ep := endpoint(n.raw(hang))
		ep.HTTPFallback = true
		return ep
	}, step: "ping", cause: cause.TimeoutDeadline},
	{name: "fallback, untrusted", setUp: func(n *node) registry.Endpoint {
		n.cert = probetest.NewCA("other CA").Server(host)
		ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
		ep.HTTPFallback = true
		return ep
	}, step: "tls", cause: cause.TLSUnknownAuthority},
}

// proxied is an endpoint behind a proxy, both over https.
func proxied(proxy func(n *node) string) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		n.env["HTTPS_PROXY"] = proxy(n)
		return endpoint(host)
	}
}

var proxyFaults = []faultCase{
	{name: "proxy refused", setUp: proxied(func(*node) string { return "http://" + probetest.Refused() }),
		step: "proxy", cause: cause.ProxyError, says: "proxyconnect tcp: dial tcp 127.0.0.1:"},
	{name: "proxy unknown", setUp: proxied(func(n *node) string {
		n.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
		_, n.dns, _ = net.SplitHostPort(probetest.Refused())
		return "http://proxy.example.com:3128"
	}), step: "proxy", cause: cause.ProxyError, says: "proxy.example.com"},
	{name: "proxy wants credentials", setUp: proxied(func(n *node) string { return "http://" + n.plain(page(http.StatusProxyAuthRequired, "")) }),
		step: "proxy", cause: cause.ProxyError, says: "407 Proxy Authentication Required"},
	{name: "proxy cannot reach it", setUp: proxied(func(n *node) string { return "http://" + n.plain(page(http.StatusServiceUnavailable, "")) }),
		step: "proxy", cause: cause.ProxyError, says: "503 Service Unavailable"},
	{name: "proxy hangs", setUp: proxied(func(n *node) string { return "http://" + n.raw(hang) }),
		step: "proxy", cause: cause.ProxyError, waits: true},
	{name: "proxy is none", setUp: proxied(func(n *node) string { return "http://" + n.raw(func(c net.Conn) { io.WriteString(c, "hello\r\n") }) }),
		step: "proxy", cause: cause.ProxyError},
	{name: "proxy untrusted", setUp: proxied(func(n *node) string {
		n.cert = probetest.NewCA("other CA").Server(host)
		return "https://" + n.serve((&probetest.Proxy{}).ServeHTTP)
	}), step: "proxy", cause: cause.ProxyError, says: "unknown authority"},
	{name: "proxy of SOCKS refuses", setUp: proxied(func(n *node) string {
		return "socks5://" + n.raw(afterRequest(func(c net.Conn) { c.Write([]byte{5, 0xff}) }))
	}), step: "proxy", cause: cause.ProxyError},
	{name: "untrusted behind a proxy", setUp: proxied(func(n *node) string {
		n.cert = probetest.NewCA("other CA").Server(host)
		target := n.server(probetest.NewRegistry(image))
		return "http://" + n.plain((&probetest.Proxy{To: target.Addr}).ServeHTTP)
	}), step: "tls", cause: cause.TLSUnknownAuthority},
}
