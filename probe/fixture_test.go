package probe_test

import (
	"crypto/tls"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

const (
	host  = "registry.example.com"
	other = "auth.example.com"
	third = "storage.example.com"
	image = "team/app:1.0"

	// patience is a timeout that only what hangs for ever meets; haste is for that.
	patience = 30 * time.Second
	haste    = 1500 * time.Millisecond

	tokenPath = "/token" // of token services: the only one that may get a POST
)

// A node is what a prober sees of a node, and the servers that stand around it.
type node struct {
	t     testing.TB
	ca    *probetest.CA
	cert  *tls.Certificate
	files fstest.MapFS
	env   map[string]string
	dns   string // port; "" none
}

func newNode(t testing.TB) *node {
	ca := probetest.NewCA("test CA")
	n := &node{t: t, ca: ca, cert: ca.Server(host, other, third), files: fstest.MapFS{}, env: map[string]string{}}
	n.file("/etc/hosts", "127.0.0.1 localhost\n127.0.0.1 "+host+" "+other+" "+third+"\n")
	n.file("/etc/ssl/certs/ca-certificates.crt", string(ca.PEM()))
	return n
}

func (n *node) file(name, text string) {
	n.files[strings.TrimPrefix(name, "/")] = &fstest.MapFile{Data: []byte(text)}
}

// serve starts a TLS server for the node's names and returns host:port.
func (n *node) serve(h http.HandlerFunc) string {
	return host + ":" + n.server(h).Port
}

func (n *node) server(h http.Handler) *probetest.Server {
	return n.guard(probetest.Serve(n.watch(h), n.cert))
}

func (n *node) plain(h http.HandlerFunc) string {
	return host + ":" + n.guard(probetest.Serve(n.watch(h), nil)).Port
}

// watch makes a test fail by a request that must never be sent, whatever it is about.
func (n *node) watch(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		named, _, _ := net.SplitHostPort(r.Host)
		switch {
		case r.Method == http.MethodPost && r.URL.Path == tokenPath, r.Method == http.MethodConnect:
		case r.Method != http.MethodGet && r.Method != http.MethodHead:
			n.t.Errorf("a server got %s %s", r.Method, r.URL)
		}
		if r.Header.Get("Authorization") != "" && (r.TLS == nil || named == third) {
			n.t.Errorf("credentials came to %s, TLS %t", r.Host, r.TLS != nil)
		}
		h.ServeHTTP(w, r)
	})
}

// guard closes s at the end of a test, which fails if s had too many connections at a
// time. The server may still count those that were closed when the next ones come.
func (n *node) guard(s *probetest.Server) *probetest.Server {
	n.t.Cleanup(func() {
		s.Close()
		if most := s.MostConnections(); most > 2*4 {
			n.t.Errorf("%d connections at a time to one server", most)
		}
	})
	return s
}

func (n *node) prober() *probe.Prober {
	p := &probe.Prober{Timeout: patience, Root: n.files, Env: n.env}
	if n.dns != "" {
		p.SetDNSPort(n.dns)
	}
	return p
}

// endpoint is https://host/v2.
func endpoint(host string) registry.Endpoint {
	return registry.Endpoint{Scheme: "https", Host: host, Path: "/v2", Registry: host}
}

// ask wants the image at ep.
func ask(t testing.TB, ep registry.Endpoint) probe.Ask {
	t.Helper()
	ref, err := registry.ParseReference(host + "/" + image)
	if err != nil {
		t.Fatal(err)
	}
	ep.Repository = ref.Repository
	return probe.Ask{Endpoint: ep, Image: ref}
}

func basicAuth(user, password string) registry.Auth {
	return registry.Auth{Type: registry.AuthBasic, Username: user, Secret: registry.NewSecret(password), From: host}
}

// failing returns the first failed step of the endpoint itself.
func failing(r probe.Result) probe.Step {
	for _, s := range r.Steps {
		if s.Status == probe.Failed && (s.Host == "" || s.Name == probe.StepAuth) {
			return s
		}
	}
	return probe.Step{}
}

// mutual starts a server that demands a certificate of the node's CA.
func (n *node) mutual(h http.Handler) string {
	s := probetest.ServeTLS(h, &tls.Config{
		Certificates: []tls.Certificate{*n.cert}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: n.ca.Pool(),
	})
	n.t.Cleanup(s.Close)
	return host + ":" + s.Port
}

// realm starts a token service on a host of its own and returns its URL.
func (n *node) realm(h http.Handler) string {
	return "https://" + other + ":" + n.server(h).Port + tokenPath
}
