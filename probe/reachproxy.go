package probe

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"golang.org/x/net/proxy"
)

// maxConnect bounds a proxy's answer to CONNECT, in bytes.
const maxConnect = 64 << 10

// reachProxy connects to the proxy and, where the link is TLS or the proxy speaks SOCKS,
// through it. Every error is the proxy's.
func (l *link) reachProxy(ctx context.Context, o *opening, s *Step, release func()) (net.Conn, error) {
	if l.proxyErr != nil {
		return nil, faultf(cause.ProxyError, "choosing the proxy: %w", l.proxyErr)
	}
	raw, err := l.dialProxy(ctx, o, s)
	if err != nil {
		return nil, &fault{err: &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err}, cause: cause.ProxyError}
	}
	conn, err := l.through(ctx, &gatedConn{raw, release})
	if err != nil {
		raw.Close()
		return nil, &fault{err: err, cause: cause.ProxyError}
	}
	return conn, nil
}

func (l *link) dialProxy(ctx context.Context, o *opening, s *Step) (net.Conn, error) {
	port := portOf(l.proxy)
	if port == "" {
		return nil, fmt.Errorf("unknown proxy scheme %q", l.proxy.Scheme)
	}
	found, err := l.run.names.lookup(ctx, l.proxy.Hostname(), s)
	if err != nil {
		return nil, err
	}
	d := dialAny(ctx, found, port)
	o.address, s.Unreached = d.address, d.unreached
	return d.conn, d.err
}

// through asks the proxy for a connection to the link's host where HTTP needs one.
func (l *link) through(ctx context.Context, conn net.Conn) (net.Conn, error) {
	if l.proxy.Scheme == "https" {
		secure := tls.Client(conn, l.trust.config(l.proxy.Hostname(), func() {}))
		if err := secure.HandshakeContext(ctx); err != nil {
			return nil, &net.OpError{Op: "proxyconnect", Net: "tcp", Err: err}
		}
		conn = secure
	}
	stop := deadline(ctx, conn)
	defer stop()
	switch {
	case defaultPorts[l.proxy.Scheme] == "1080":
		return l.socks(ctx, conn)
	case l.scheme == "https":
		return conn, l.askConnect(conn)
	}
	return conn, nil
}

// askConnect sends CONNECT. A TLS server does not speak first, so nothing of what
// follows the proxy's answer is lost in the buffer.
func (l *link) askConnect(conn net.Conn) error {
	target := net.JoinHostPort(l.name, l.port)
	req := &http.Request{Method: http.MethodConnect, URL: &url.URL{Opaque: target}, Host: target, Header: http.Header{}}
	req.Header.Set("User-Agent", l.run.userAgent)
	if u := l.proxy.User; u != nil {
		password, _ := u.Password()
		req.Header.Set("Proxy-Authorization", "Basic "+base64.StdEncoding.EncodeToString([]byte(u.Username()+":"+password)))
	}
	if err := req.Write(conn); err != nil {
		return fmt.Errorf("asking the proxy for %s: %w", target, err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(io.LimitReader(conn, maxConnect)), req)
	if err != nil {
		return fmt.Errorf("asking the proxy for %s: %w", target, err)
	}
	if resp.StatusCode != http.StatusOK {
		return &fault{err: fmt.Errorf("proxy answered CONNECT %s with %s", target, statusLine(resp.StatusCode)), status: resp.StatusCode}
	}
	return nil
}

func (l *link) socks(ctx context.Context, conn net.Conn) (net.Conn, error) {
	var auth *proxy.Auth
	if u := l.proxy.User; u != nil {
		password, _ := u.Password()
		auth = &proxy.Auth{User: u.Username(), Password: password}
	}
	dialer, err := proxy.SOCKS5("tcp", l.proxy.Host, auth, connected{conn})
	if err != nil {
		return nil, err
	}
	contextual, ok := dialer.(proxy.ContextDialer)
	if !ok {
		return nil, errors.New("socks dialler without context")
	}
	return contextual.DialContext(ctx, "tcp", net.JoinHostPort(l.name, l.port))
}

// connected is a dialler that has already dialled.
type connected struct{ net.Conn }

func (c connected) Dial(string, string) (net.Conn, error) { return c.Conn, nil }

// deadline bounds reads and writes of conn by ctx until the returned function is called.
func deadline(ctx context.Context, conn net.Conn) (stop func()) {
	if until, ok := ctx.Deadline(); ok {
		conn.SetDeadline(until)
	}
	cancel := context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
	return func() {
		if cancel() {
			conn.SetDeadline(time.Time{})
		}
	}
}
