package probe_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// repeating writes text again and again, with a pause between.
func repeating(begin, text string, pause time.Duration) func(net.Conn) {
	return func(c net.Conn) {
		_, err := io.WriteString(c, begin)
		for err == nil {
			time.Sleep(pause)
			_, err = io.WriteString(c, text)
		}
	}
}

// saying is a server in plain http that answers every request with text and closes.
func saying(text string) func(*node) registry.Endpoint {
	return rawHTTP(afterRequest(func(c net.Conn) { io.WriteString(c, text) }))
}

// relaying passes on what a TLS server sends, in pieces as pass does.
func relaying(pass func(to net.Conn, from net.Conn)) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		behind := n.server(probetest.NewRegistry(image))
		return rawEndpoint(func(c net.Conn) {
			to, err := net.Dial("tcp", behind.Addr)
			if err != nil {
				return
			}
			defer to.Close()
			go io.Copy(to, c)
			pass(c, to)
		})(n)
	}
}

// bomb is 16 MB of nothing in 16 KB.
var bomb = sync.OnceValue(func() []byte {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	w.Write(make([]byte, 16<<20))
	w.Close()
	return packed.Bytes()
})

// rawFaults are servers that break the protocols themselves.
var rawFaults = []faultCase{
	{name: "handshake stalls", setUp: relaying(func(to, from net.Conn) {
		io.CopyN(to, from, 100) // the beginning of ServerHello
		hang(to)
	}), step: "tls", cause: cause.TLSHandshakeTimeout},
	{name: "handshake drips", setUp: relaying(func(to, from net.Conn) {
		for {
			if _, err := io.CopyN(to, from, 1); err != nil {
				return
			}
			time.Sleep(10 * time.Millisecond)
		}
	}), step: "tls", cause: cause.TLSHandshakeTimeout},
	{name: "handshake cut off", setUp: relaying(func(to, from net.Conn) { io.CopyN(to, from, 100) }),
		step: "tls", cause: cause.TLSHandshake},
	{name: "handshake garbled", setUp: relaying(func(to, from net.Conn) {
		io.CopyN(to, from, 20)
		io.WriteString(to, strings.Repeat("\x00", 1<<16))
	}), step: "tls", cause: cause.TLSHandshake},
	{name: "handshake endless", setUp: rawEndpoint(repeating("", "\x16\x03\x03\x40\x00"+strings.Repeat("\x00", 1<<14), 0)),
		step: "tls", cause: cause.TLSHandshake},
	{name: "half-closed in the handshake", setUp: rawEndpoint(func(c net.Conn) {
		c.(*net.TCPConn).CloseWrite()
		hang(c)
	}), step: "tls", cause: cause.TLSHandshake},
	{name: "no common version", setUp: func(n *node) registry.Endpoint {
		s := probetest.ServeTLS(probetest.NewRegistry(image), &tls.Config{Certificates: []tls.Certificate{*n.cert}, MaxVersion: tls.VersionTLS10})
		n.t.Cleanup(s.Close)
		return endpoint(host + ":" + s.Port)
	}, step: "tls", cause: cause.TLSHandshake, says: "protocol version"},
	{name: "certificate with very many other names", setUp: func(n *node) registry.Endpoint {
		var names []string
		for i := range 2000 {
			names = append(names, fmt.Sprintf("n%d.example.net", i))
		}
		return certified(probetest.Leaf{Names: names})(n)
	}, step: "tls", cause: cause.TLSHostnameMismatch, says: "certificate is valid for"},
	{name: "certificate larger than a handshake", setUp: func(n *node) registry.Endpoint {
		var names []string
		for i := range 20000 {
			names = append(names, fmt.Sprintf("n%d.example.net", i))
		}
		return certified(probetest.Leaf{Names: names})(n)
	}, step: "tls", cause: cause.TLSHandshake},

	{name: "certificate with very many issuers", setUp: func(n *node) registry.Endpoint {
		ca := n.ca
		for range 250 {
			ca = ca.Intermediate(strings.Repeat("one name of an issuing CA ", 10), 0, 0)
		}
		n.cert = ca.Server(host)
		return endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	}, step: "tls", cause: cause.TLSHandshake, says: "limit reached"},

	{name: "HTTP 0.9", setUp: saying("<html>hello</html>"), step: "ping", cause: cause.TLSHandshake, says: "malformed HTTP"},
	{name: "NULs", setUp: saying(strings.Repeat("\x00", 1000)), step: "ping", cause: cause.TLSHandshake},
	{name: "no status", setUp: saying("HTTP/1.1 \r\n\r\n"), step: "ping", cause: cause.TLSHandshake},
	{name: "status that is none", setUp: saying("HTTP/1.1 abc def\r\n\r\n"), step: "ping", cause: cause.TLSHandshake},
	{name: "status below all", setUp: saying("HTTP/1.1 000 Nothing\r\nContent-Length: 0\r\n\r\n"), step: "ping", cause: cause.NotARegistry},
	{name: "status above all", setUp: saying("HTTP/1.1 999 Denied\r\nContent-Length: 0\r\n\r\n"), step: "ping", cause: cause.Unknown},
	{name: "header that is none", setUp: saying("HTTP/1.1 200 OK\r\nno header\r\n\r\n"), step: "ping", cause: cause.TLSHandshake},
	{name: "two lengths", setUp: saying("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}\n"), step: "ping", cause: cause.TLSHandshake},
	{name: "chunks that are none", setUp: saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n"), step: "ping", cause: cause.Unknown},
	{name: "body shorter than announced", setUp: saying("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"), step: "ping", cause: cause.BlobTruncated},
	{name: "switches protocols", setUp: saying("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n"), step: "ping", cause: cause.NotARegistry},
	{name: "dripping status line", setUp: rawHTTP(afterRequest(repeating("HTTP/1.1 200 ", "O", 10*time.Millisecond))), step: "ping", cause: cause.TimeoutDeadline},
	{name: "dripping header", setUp: rawHTTP(afterRequest(repeating("HTTP/1.1 200 OK\r\n", "X: y\r\n", 10*time.Millisecond))), step: "ping", cause: cause.TimeoutDeadline},
	{name: "endless status line", setUp: rawHTTP(afterRequest(repeating("HTTP/1.1 200 ", strings.Repeat("O", 1<<15), 0))), step: "ping", cause: cause.TLSHandshake},
	{name: "endless 1xx", setUp: rawHTTP(afterRequest(repeating("", "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 0))), step: "ping", cause: cause.TLSHandshake},
	{name: "dripping 1xx", setUp: rawHTTP(afterRequest(repeating("", "HTTP/1.1 100 Continue\r\n\r\n", 600*time.Millisecond))), step: "ping", cause: cause.TimeoutDeadline},
	{name: "endless chunks", setUp: rawHTTP(afterRequest(repeating("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", "8\r\nxxxxxxxx\r\n", 0))), step: "ping", cause: cause.NotARegistry},
	{name: "endless trailer", setUp: rawHTTP(afterRequest(repeating("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X: y\r\n", 0))), step: "ping", cause: cause.Unknown},

	{name: "gzip bomb", setUp: serving(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		w.Write(bomb()) // 16 KB
	}), step: "ping", cause: cause.NotARegistry},
	{name: "very many fields", setUp: rawHTTP(afterRequest(repeating("HTTP/1.1 200 OK\r\n", strings.Repeat("X: y\r\n", 1000), 0))),
		step: "ping", cause: cause.TLSHandshake, says: "too many fields"},
	{name: "very many fields after an answer that announces one", setUp: rawHTTP(afterRequest(func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\n"+strings.Repeat("X: y\r\n", 20000)+"Content-Length: 0\r\n\r\n")
	})), step: "ping", cause: cause.TLSHandshake, says: "too many fields"},
	{name: "very many challenges", setUp: serving(func(w http.ResponseWriter, _ *http.Request) {
		for range 5000 {
			w.Header().Add("WWW-Authenticate", `Digest realm="x"`)
		}
		w.WriteHeader(http.StatusUnauthorized)
	}), step: "auth", cause: cause.AuthMissing, bareOK: true},
	{name: "redirect to another scheme", setUp: serving(http.RedirectHandler("ftp://registry.example.com/", http.StatusFound).ServeHTTP), step: "ping", cause: cause.NotARegistry},
	{name: "redirect to a file", setUp: serving(http.RedirectHandler("file:///etc/passwd", http.StatusFound).ServeHTTP), step: "ping", cause: cause.NotARegistry},
	{name: "redirect to 1 MB", setUp: serving(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "/"+strings.Repeat("x", 1<<20))
		w.WriteHeader(http.StatusFound)
	}), step: "ping", cause: cause.NotARegistry, says: "a redirect without a usable location"},
	{name: "redirects between two hosts", setUp: func(n *node) registry.Endpoint {
		var back string
		there := n.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, back, http.StatusFound) }))
		ep := endpoint(n.serve(http.RedirectHandler("https://"+other+":"+there.Port+"/", http.StatusFound).ServeHTTP))
		back = "https://" + ep.Host + "/v2/"
		return ep
	}, step: "ping", cause: cause.NotARegistry, says: "stopped after 10 redirects"},
}
