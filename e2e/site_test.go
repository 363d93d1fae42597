package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// A site is what answers at a host and port of the stage. The zero value leads to the
// registry, with a certificate of the authority that is configured for the mirror.
type site struct {
	absent bool // nothing listens
	plain  bool // speaks HTTP
	web    bool // certificate by an authority of the node's store
	rogue  bool // certificate by one that nobody knows
	stale  bool // the intermediate that signed its certificate has expired
	leaf   *probetest.Leaf
	mutual bool                           // wants a client certificate
	conn   func(net.Conn)                 // instead of HTTP
	front  front                          // nil: passes everything on
	conns  func(net.Conn, http.ConnState) // is told of connections; may be nil
}

// usual are the sites that stand on every stage.
func (s *stage) usual() map[string]site {
	return map[string]site{
		mirrorHost: {}, secondHost: {}, privateHost: {},
		hubHost:              {web: true, front: hub(s.hub)},
		"auth.docker.io:443": {web: true, front: hub(s.hub)},
		quayHost:             {web: true, front: status(http.StatusNotFound)},
	}
}

// raiseSites starts what answers.
func (s *stage) raiseSites() error {
	sites := s.usual()
	for host, site := range s.sites {
		sites[host] = site
	}
	for host, site := range sites {
		if err := s.raiseSite(host, site); err != nil {
			return fmt.Errorf("raising %q: %w", host, err)
		}
	}
	return nil
}

func (s *stage) raiseSite(host string, site site) error {
	if site.absent {
		return nil
	}
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return err
	}
	addr := addresses[name]
	if addr == "" {
		addr = name
	}
	l, err := net.Listen("tcp", net.JoinHostPort(addr, port))
	if err != nil {
		return err
	}
	if site.conn != nil {
		go accept(l, site.conn)
		return nil
	}
	if !site.plain {
		l = tls.NewListener(l, s.tlsConfig(name, site))
	}
	var handler http.Handler = httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: registryAddr})
	if site.front != nil {
		handler = site.front(handler)
	}
	server := &http.Server{Handler: handler, ConnState: site.conns, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(l) }() // ends with the process
	return nil
}

func accept(l net.Listener, f func(net.Conn)) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go f(c)
	}
}

func (s *stage) tlsConfig(name string, site site) *tls.Config {
	config := &tls.Config{Certificates: []tls.Certificate{*s.certificate(name, site)}}
	if site.mutual {
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(s.good.PEM())
	}
	return config
}

func (s *stage) certificate(name string, site site) *tls.Certificate {
	leaf := probetest.Leaf{Names: []string{name}}
	if site.leaf != nil {
		leaf = *site.leaf
	}
	switch {
	case site.rogue:
		return probetest.NewCA("Example Rogue CA").Issue(leaf)
	case site.stale:
		return s.good.Intermediate("Example Issuing CA", -48*time.Hour, -time.Hour).Issue(leaf)
	case site.web:
		return s.web.Issue(leaf)
	}
	return s.good.Issue(leaf)
}
