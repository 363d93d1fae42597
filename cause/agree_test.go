package cause

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// TestAgree makes real failures and asks Of for the error's name, and Parse for that of
// its text, as containerd would log it.
func TestAgree(t *testing.T) {
	for _, test := range []struct {
		name string
		want Cause
		fail func(*testing.T) error
	}{
		{"no such host", DNSNotFound, resolving(dns.RcodeNameError)},
		{"SERVFAIL", DNSFailure, resolving(dns.RcodeServerFailure)},
		{"REFUSED", DNSFailure, resolving(dns.RcodeRefused)},
		{"no DNS server", DNSFailure, resolving(-1)},
		{"refused", ConnectRefused, func(t *testing.T) error { return head(&http.Transport{}, "http://"+closedPort(t)) }},
		{"connect timeout", ConnectTimeout, func(t *testing.T) error {
			_, err := (&net.Dialer{Deadline: time.Now().Add(-time.Second)}).Dial("tcp", closedPort(t))
			return err
		}},
		{"no route", NoRoute, dialling(syscall.EHOSTUNREACH)},
		{"network unreachable", NoRoute, dialling(syscall.ENETUNREACH)},
		{"kernel's timeout", ConnectTimeout, dialling(syscall.ETIMEDOUT)},
		{"host down", NoRoute, dialling(syscall.EHOSTDOWN)},
		{"interface down", NoRoute, dialling(syscall.ENETDOWN)},
		{"no local port", NoRoute, dialling(syscall.EADDRNOTAVAIL)},
		{"no IPv6", NoRoute, dialling(syscall.EAFNOSUPPORT)},
		{"forbidden by a filter of the node", NoRoute, dialling(syscall.EPERM)},
		{"forbidden by a route", NoRoute, dialling(syscall.EACCES)},
		{"blackhole", NoRoute, dialling(syscall.EINVAL)},
		{"host without TCP", NoRoute, dialling(syscall.ENOPROTOOPT)},
		{"no descriptor left", Unknown, dialling(syscall.EMFILE)},
		{"no buffer left", Unknown, dialling(syscall.ENOBUFS)},
		{"no memory left", Unknown, dialling(syscall.ENOMEM)},
		{"nothing left for now", Unknown, dialling(syscall.EAGAIN)},
		{"kernel's timeout of an open connection", TimeoutDeadline, reading(syscall.ETIMEDOUT)},
		{"reset, in the system's words", TLSHandshake, reading(syscall.ECONNABORTED)},
		{"network reset", TLSHandshake, reading(syscall.ENETRESET)},
		{"no connection any more", TLSHandshake, reading(syscall.ENOTCONN)},
		{"impossible port", InvalidReference, func(*testing.T) error { return head(&http.Transport{}, "http://127.0.0.1:99999") }},
		{"impossible scheme", ConfigInvalid, func(*testing.T) error { return head(&http.Transport{}, "htp://127.0.0.1") }},

		{"unknown authority", TLSUnknownAuthority, handshake(x509.Certificate{DNSNames: []string{server}}, nil, false)},
		{"other names", TLSHostnameMismatch, handshake(x509.Certificate{DNSNames: []string{"other.example.com"}}, nil, true)},
		{"no names", TLSHostnameMismatch, handshake(x509.Certificate{}, nil, true)},
		{"only a common name", TLSLegacyCommonName, handshake(x509.Certificate{Subject: pkix.Name{CommonName: server}}, nil, true)},
		{"expired", TLSExpired, handshake(x509.Certificate{DNSNames: []string{server}, NotAfter: time.Now().Add(-time.Hour)}, nil, true)},
		{"not yet valid", TLSNotYetValid, handshake(x509.Certificate{DNSNames: []string{server}, NotBefore: time.Now().Add(time.Hour)}, nil, true)},
		{"client certificate, TLS 1.3", TLSClientCertRequired, handshake(x509.Certificate{DNSNames: []string{server}},
			&tls.Config{ClientAuth: tls.RequireAnyClientCert}, true)},
		{"client certificate, TLS 1.2", TLSHandshake, handshake(x509.Certificate{DNSNames: []string{server}},
			&tls.Config{ClientAuth: tls.RequireAnyClientCert, MaxVersion: tls.VersionTLS12}, true)},
		{"old version", TLSHandshake, handshake(x509.Certificate{DNSNames: []string{server}}, &tls.Config{MaxVersion: tls.VersionTLS10}, true)},

		{"closed", TLSHandshake, talking("https", func(c net.Conn) { _, _ = io.ReadFull(c, make([]byte, 5)) })},
		{"reset", TLSHandshake, talking("https", func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) })},
		{"no TLS", TLSHandshake, talking("https", func(c net.Conn) { _, _ = io.WriteString(c, "SSH-2.0-OpenSSH_9.6\r\n") })},
		{"closed, plain", TLSHandshake, talking("http", func(c net.Conn) { _, _ = c.Read(make([]byte, 4096)) })},
		{"answer cut off", TLSHandshake, talking("http", func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent")
		})},
		{"handshake cut off", TLSHandshake, talking("https", func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "\x16\x03\x03\x00\x50\x02")
		})},
		{"handshake garbled", TLSHandshake, talking("https", func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "\x16\x03\x03\x00\x04\x63\x00\x00\x00")
		})},
		{"handshake too long", TLSHandshake, talking("https", func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "\x16\x03\x03\x00\x04\x0b\xff\xff\xff")
		})},
		{"alert of its own", TLSHandshake, talking("https", func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "\x15\x03\x03\x00\x02\x02\x28") // handshake_failure
		})},
		{"unrecognised name", TLSHandshake, talking("https", func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = io.WriteString(c, "\x15\x03\x03\x00\x02\x02\x70")
		})},
		{"no HTTP, plain", TLSHandshake, answering("SSH-2.0-OpenSSH_9.6\r\n")},
		{"HTTP 0.9", TLSHandshake, answering("<html>hello</html>")},
		{"no status", TLSHandshake, answering("HTTP/1.1 \r\n\r\n")},
		{"header that is none", TLSHandshake, answering("HTTP/1.1 200 OK\r\nno header\r\n\r\n")},
		{"too many early answers", TLSHandshake, answering(strings.Repeat("HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n", 1<<16))},
		{"header too long", TLSHandshake, answering("HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", 11<<20))},
		{"redirects in a loop", Unknown, answering("HTTP/1.1 302 Found\r\nLocation: /v2/\r\n\r\n")},
		{"redirect to another protocol", ConfigInvalid, answering("HTTP/1.1 302 Found\r\nLocation: ftp://registry.example.com/\r\n\r\n")},
		{"plain HTTP", HTTPResponseToHTTPSClient, talking("https", func(c net.Conn) {
			_, _ = io.WriteString(c, "HTTP/1.1 400 Bad Request\r\n\r\n")
		})},
		{"TLS server asked in clear", HTTPRequestToHTTPSServer, talking("http", func(c net.Conn) {
			_, _ = c.Read(make([]byte, 4096))
			_, _ = c.Write([]byte{21, 3, 1, 0, 2, 2, 70})
		})},
		{"handshake timeout", TLSHandshakeTimeout, hanging(&http.Transport{TLSHandshakeTimeout: time.Millisecond}, "https", context.Background())},
		{"no answer", TimeoutDeadline, hanging(&http.Transport{ResponseHeaderTimeout: time.Millisecond}, "http", context.Background())},
		{"deadline", TimeoutDeadline, hanging(&http.Transport{}, "http", expired(context.DeadlineExceeded))},
		{"cancelled", Cancelled, hanging(&http.Transport{}, "http", expired(context.Canceled))},

		{"proxy refuses the connection", ProxyError, func(t *testing.T) error { return head(through(closedPort(t)), "https://"+server) }},
		{"proxy's name", ProxyError, func(t *testing.T) error {
			tr := through("proxy.invalid:3128")
			tr.DialContext = dialer(t, dns.RcodeNameError).DialContext
			return head(tr, "https://"+server)
		}},
		{"proxy cannot connect", ProxyError, proxying(http.StatusBadGateway)},
		{"proxy forbids", ProxyError, proxying(http.StatusForbidden)},
		{"proxy wants credentials", ProxyError, proxying(http.StatusProxyAuthRequired)},

		{"body cut off", BlobTruncated, truncated},
		{"disk full", DiskFull, full},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := test.fail(t)
			if err == nil {
				t.Fatal("no error")
			}
			if got := Of(err); got != test.want {
				t.Errorf("Of(%v) = %s, want %s", err, got, test.want)
			}
			if got := Parse(err.Error()); got != test.want {
				t.Errorf("Parse(%q) = %s, want %s", err, got, test.want)
			}
		})
	}
}

// server is a name in certificates; it is never resolved.
const server = "registry.example.com"

func head(tr *http.Transport, url string) error {
	defer tr.CloseIdleConnections()
	resp, err := (&http.Client{Transport: tr}).Head(url + "/v2/team/app/manifests/1")
	if err == nil {
		err = resp.Body.Close()
	}
	return err
}

// closedPort is an address on loopback where nothing listens.
func closedPort(t *testing.T) string {
	l := listen(t)
	defer l.Close()
	return l.Addr().String()
}

func listen(t *testing.T) net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// resolving asks a name server that gives every question the same answer; none listens
// where the code is negative.
func resolving(code int) func(*testing.T) error {
	return func(t *testing.T) error {
		return head(&http.Transport{DialContext: dialer(t, code).DialContext}, "https://registry.invalid")
	}
}

func dialer(t *testing.T, code int) *net.Dialer {
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if code < 0 {
		conn.Close()
	} else {
		s := &dns.Server{PacketConn: conn, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
			_ = w.WriteMsg(new(dns.Msg).SetRcode(q, code))
		})}
		go s.ActivateAndServe()
		t.Cleanup(func() { s.Shutdown() })
	}
	return &net.Dialer{Resolver: &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}}
}

// dialling fails as the kernel would.
func dialling(errno syscall.Errno) func(*testing.T) error {
	return func(t *testing.T) error {
		d := &net.Dialer{Control: func(string, string, syscall.RawConn) error { return os.NewSyscallError("connect", errno) }}
		return head(&http.Transport{DialContext: d.DialContext}, "http://"+closedPort(t))
	}
}

// reading fails as the kernel would after the connection was opened.
func reading(errno syscall.Errno) func(*testing.T) error {
	return func(t *testing.T) error {
		tr := &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
			return failing{conn, &net.OpError{Op: "read", Net: network, Err: os.NewSyscallError("read", errno)}}, err
		}}
		return head(tr, "http://"+listen(t).Addr().String())
	}
}

// failing is a connection of which nothing can be read.
type failing struct {
	net.Conn
	err error
}

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// handshake asks a TLS server with that certificate, which the client trusts or not.
func handshake(leaf x509.Certificate, config *tls.Config, trusted bool) func(*testing.T) error {
	return func(t *testing.T) error {
		roots, pair := mint(t, leaf)
		s := httptest.NewUnstartedServer(http.NotFoundHandler())
		if s.TLS = config.Clone(); s.TLS == nil {
			s.TLS = &tls.Config{}
		}
		s.TLS.Certificates = []tls.Certificate{pair}
		s.Config.ErrorLog = log.New(io.Discard, "", 0)
		s.StartTLS()
		t.Cleanup(s.Close)
		if !trusted {
			roots = x509.NewCertPool()
		}
		return head(&http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, ServerName: server}}, s.URL)
	}
}

// mint makes a CA, and a certificate for a server signed by it, which fills in leaf.
func mint(t *testing.T, leaf x509.Certificate) (*x509.CertPool, tls.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "example CA"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	leaf.SerialNumber = big.NewInt(2)
	if leaf.NotBefore.IsZero() {
		leaf.NotBefore = time.Now().Add(-2 * time.Hour)
	}
	if leaf.NotAfter.IsZero() {
		leaf.NotAfter = time.Now().Add(2 * time.Hour)
	}
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leafDER, err := x509.CreateCertificate(rand.Reader, &leaf, ca, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	root, err := x509.ParseCertificate(caDER)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(root)
	return roots, tls.Certificate{Certificate: [][]byte{leafDER}, PrivateKey: key}
}

// talking asks a server that does say and closes the connection.
func talking(scheme string, say func(net.Conn)) func(*testing.T) error {
	return func(t *testing.T) error {
		return head(&http.Transport{}, scheme+"://"+serve(t, say))
	}
}

// answering asks a server in clear that answers every request with text.
func answering(text string) func(*testing.T) error {
	return talking("http", func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, text)
	})
}

func serve(t *testing.T, say func(net.Conn)) string {
	l := listen(t)
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			say(c)
			c.Close()
		}
	}()
	return l.Addr().String()
}

// hanging asks a server that accepts connections and never says anything.
func hanging(tr *http.Transport, scheme string, ctx context.Context) func(*testing.T) error {
	return func(t *testing.T) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodHead, scheme+"://"+listen(t).Addr().String(), nil)
		if err != nil {
			t.Fatal(err)
		}
		_, err = tr.RoundTrip(req)
		if err == nil {
			return nil
		}
		return &url.Error{Op: "Head", URL: req.URL.String(), Err: err}
	}
}

// expired is a context that ended for that reason.
func expired(why error) context.Context {
	if errors.Is(why, context.DeadlineExceeded) {
		ctx, cancel := context.WithDeadline(context.Background(), time.Now().Add(-time.Second))
		defer cancel()
		return ctx
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	return ctx
}

func through(proxy string) *http.Transport {
	return &http.Transport{Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: proxy})}
}

// proxying asks through a proxy that answers every CONNECT with that status.
func proxying(status int) func(*testing.T) error {
	return func(t *testing.T) error {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
		t.Cleanup(s.Close)
		return head(through(strings.TrimPrefix(s.URL, "http://")), "https://"+server)
	}
}

func truncated(t *testing.T) error {
	address := serve(t, func(c net.Conn) {
		_, _ = c.Read(make([]byte, 4096))
		_, _ = io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
	})
	resp, err := http.Get("http://" + address)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, err = io.Copy(io.Discard, resp.Body)
	return err
}

func full(t *testing.T) error {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip(err)
	}
	defer f.Close()
	_, err = f.WriteString("layer")
	return err
}
