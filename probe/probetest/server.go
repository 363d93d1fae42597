// Package probetest makes registries, token services, proxies and nameservers on
// loopback, with certificates of its own, healthy or broken as a test wants them. They are
// real servers: a client meets the same errors as on a network.
package probetest

import (
	"crypto/tls"
	"io"
	"log"
	"net"
	"net/http"
	"slices"
	"sync"
)

// A Server listens on 127.0.0.1. Close ends it and all its connections.
type Server struct {
	Addr string // ip:port
	Port string

	mu       sync.Mutex
	conns    int
	open     map[net.Conn]bool
	most     int
	requests []string
	stop     func()
}

// Serve answers HTTP requests with h; with a certificate in TLS, without in plain HTTP.
// It panics where it cannot listen.
func Serve(h http.Handler, cert *tls.Certificate) *Server {
	if cert == nil {
		return ServeTLS(h, nil)
	}
	return ServeTLS(h, &tls.Config{Certificates: []tls.Certificate{*cert}})
}

// ServeTLS is Serve with all TLS settings. nil: plain HTTP.
func ServeTLS(h http.Handler, cfg *tls.Config) *Server {
	l := listen()
	s := newServer(l)
	srv := &http.Server{Handler: s.record(h), ErrorLog: log.New(io.Discard, "", 0), ConnState: s.track}
	s.stop = func() { srv.Close() }
	if cfg != nil {
		l = tls.NewListener(l, cfg)
	}
	go srv.Serve(l)
	return s
}

// ServeConn gives each connection to f, which need not close it.
func ServeConn(f func(net.Conn)) *Server {
	l := listen()
	s := newServer(l)
	s.stop = func() {
		l.Close()
		s.mu.Lock()
		defer s.mu.Unlock()
		for c := range s.open {
			c.Close()
		}
	}
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.track(c, http.StateNew)
			go func() {
				f(c)
				c.Close()
				s.track(c, http.StateClosed)
			}()
		}
	}()
	return s
}

func listen() net.Listener {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic("probetest: " + err.Error())
	}
	return l
}

func newServer(l net.Listener) *Server {
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return &Server{Addr: l.Addr().String(), Port: port, open: map[net.Conn]bool{}}
}

func (s *Server) track(c net.Conn, state http.ConnState) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch state {
	case http.StateNew:
		s.conns++
		s.open[c] = true
		s.most = max(s.most, len(s.open))
	case http.StateClosed, http.StateHijacked:
		delete(s.open, c)
	}
}

func (s *Server) record(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		s.mu.Unlock()
		h.ServeHTTP(w, r)
	})
}

// Requests are those that came so far, as "METHOD path?query"; none of a server made by
// [ServeConn].
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// Connections is how many connections were made so far.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns
}

// MostConnections is how many were open at one time.
func (s *Server) MostConnections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Close ends the server.
func (s *Server) Close() { s.stop() }

// Refused is an ip:port on loopback at which nothing listens.
func Refused() string {
	l := listen()
	defer l.Close()
	return l.Addr().String()
}
