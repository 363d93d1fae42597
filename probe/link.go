package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pullwhy/pullwhy/cause"
)

// maxHeader bounds the header of an answer, in bytes. Few have more than some kilobytes.
const maxHeader = 5 << 18

var defaultPorts = map[string]string{"http": "80", "https": "443", "socks5": "1080", "socks5h": "1080"}

// A link is the connections to one scheme://host under one set of TLS settings. The
// first is made step by step and kept for the first request; later ones are made alike
// where requests run side by side.
type link struct {
	run          *run
	scheme, host string // as in URLs
	name, port   string
	trust        *trust
	timeout      time.Duration
	proxy        *url.URL // nil: none
	proxyErr     error
	gate         *gate
	turns        chan struct{} // images at a time
	silent       atomic.Int64  // images on end for which it did not answer in time
	transport    *http.Transport
	parked       chan net.Conn // the first connection, until a request takes it

	once    sync.Once
	opening opening
}

// An opening is how a connection came to be.
type opening struct {
	trail
	address     string              // ip:port that answered, or was tried last
	chain       []*x509.Certificate // as presented
	certificate *Certificate
	clientAsked bool // the server asked for a client certificate
	err         error
}

func newLink(r *run, scheme, host string, t *trust, timeout time.Duration) *link {
	u := url.URL{Scheme: scheme, Host: host}
	l := &link{
		run: r, scheme: scheme, host: host, trust: t, timeout: timeout,
		name: u.Hostname(), port: portOf(&u),
		parked: make(chan net.Conn, 1),
	}
	l.gate = r.gates.of(net.JoinHostPort(l.name, l.port))
	l.turns = make(chan struct{}, l.gate.share)
	l.proxy, l.proxyErr = r.proxy(&u)
	l.transport = &http.Transport{
		// no HTTP/2 and no transparent decompression: containerd's client, with dialler
		// and TLS settings of its own, has no HTTP/2 either
		DialContext:            l.dial,
		DialTLSContext:         l.dial,
		MaxConnsPerHost:        l.gate.share,
		MaxIdleConnsPerHost:    l.gate.share,
		IdleConnTimeout:        30 * time.Second,
		MaxResponseHeaderBytes: maxHeader,
		DisableCompression:     true,
	}
	if l.proxied() && scheme == "http" && defaultPorts[l.proxy.Scheme] != "1080" {
		l.transport.Proxy = http.ProxyURL(l.proxy)
	}
	l.gate.add(l)
	return l
}

func (l *link) proxied() bool { return l.proxy != nil }

func (l *link) origin() string { return l.scheme + "://" + l.host }

// open makes the first connection, once; later calls return what came of it.
func (l *link) open() *opening {
	l.once.Do(func() {
		o := &l.opening
		o.timeout = l.timeout
		conn, err := l.connect(l.run.ctx, o)
		if o.err = err; err == nil {
			l.parked <- conn
		}
	})
	return &l.opening
}

// dial gives the transport a connection that is ready for HTTP.
func (l *link) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	select {
	case conn := <-l.parked:
		return conn, nil
	default:
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	defer context.AfterFunc(l.run.ctx, cancel)()
	return l.connect(ctx, &opening{trail: trail{timeout: l.timeout}})
}

// connect walks the steps to a connection that is ready for HTTP.
func (l *link) connect(ctx context.Context, o *opening) (net.Conn, error) {
	if err := l.trust.load(); err != nil {
		o.skip(StepDNS, "")
		o.skip(StepTCP, "")
		return nil, o.step(ctx, StepTLS, func(context.Context, *Step) error { return err })
	}
	release, err := l.gate.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := l.run.gates.admitted(); err != nil {
		release()
		return nil, err
	}
	conn, err := l.reach(ctx, o, release)
	if err != nil {
		release()
		return nil, err
	}
	if l.scheme != "https" {
		return &headerConn{Conn: conn}, nil
	}
	var secure net.Conn
	err = o.step(ctx, StepTLS, func(ctx context.Context, s *Step) error {
		var err error
		secure, err = l.handshake(ctx, conn, o, s)
		return err
	})
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &headerConn{Conn: secure}, nil
}

// reach walks the steps to a connection of bytes, through the proxy where there is one.
func (l *link) reach(ctx context.Context, o *opening, release func()) (conn net.Conn, err error) {
	if l.proxied() || l.proxyErr != nil {
		o.skip(StepDNS, "")
		err = o.step(ctx, StepProxy, func(ctx context.Context, s *Step) (err error) {
			conn, err = l.reachProxy(ctx, o, s, release)
			return err
		})
		o.skip(StepTCP, "")
		return conn, err
	}
	var found []ip
	err = o.step(ctx, StepDNS, func(ctx context.Context, s *Step) (err error) {
		found, err = l.run.names.lookup(ctx, l.name, s)
		return err
	})
	if err != nil {
		return nil, err
	}
	err = o.step(ctx, StepTCP, func(ctx context.Context, s *Step) error {
		d := dialAny(ctx, found, l.port)
		conn, o.address, s.Unreached = d.conn, d.address, d.unreached
		return d.err
	})
	if err != nil {
		return nil, err
	}
	return &gatedConn{conn, release}, nil
}

func (l *link) close() {
	l.transport.CloseIdleConnections()
	select {
	case conn := <-l.parked:
		conn.Close()
	default:
	}
}

// causeOf names err, and what package cause leaves to those who know the situation.
func causeOf(err error) cause.Cause {
	if errors.Is(err, errTLSAnswer) {
		return cause.HTTPRequestToHTTPSServer
	}
	return cause.Of(err)
}
