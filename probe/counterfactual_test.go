package probe_test

import (
	"bufio"
	"crypto/tls"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// Each failure, and what is tried for its sake.
func TestCounterfactuals(t *testing.T) {
	const holds, fails = true, false
	type tried struct {
		Name  string
		Holds bool
	}
	tests := []struct {
		name  string
		setUp func(n *node) registry.Endpoint
		want  []tried
		says  string // part of the detail
	}{
		{"plain http at the https port", func(n *node) registry.Endpoint {
			return endpoint(n.plain(probetest.NewRegistry(image).ServeHTTP))
		}, []tried{{probe.OverHTTP, holds}}, "GET http://registry.example.com:"},
		{"plain http that answers a handshake with a page", func(n *node) registry.Endpoint {
			return endpoint(n.raw(func(c net.Conn) {
				first := bufio.NewReader(c)
				if b, _ := first.Peek(1); len(b) == 1 && b[0] == 0x16 {
					io.WriteString(c, "<!DOCTYPE HTML>\n<title>Error response</title>")
					return
				}
				answerOnce(probetest.NewRegistry(image))(bufferedConn{c, first})
			}))
		}, []tried{{probe.OverHTTP, holds}}, "answers 200 OK"},
		{"plain http that closes on a handshake, asked with https first for its tls settings", func(n *node) registry.Endpoint {
			ep := rawEndpoint(func(c net.Conn) {
				first := bufio.NewReader(c)
				if b, _ := first.Peek(1); len(b) == 1 && b[0] != 0x16 {
					answerOnce(probetest.NewRegistry(image))(bufferedConn{c, first})
				}
			})(n)
			ep.HTTPFallback = true
			return ep
		}, []tried{{probe.OverHTTP, holds}}, "answers 200 OK"},
		{"no TLS and no http", rawEndpoint(func(c net.Conn) { io.WriteString(c, "220 mail.example.com ESMTP\r\n") }),
			[]tried{{probe.OverHTTP, fails}}, "malformed HTTP"},
		{"web site at the https port", func(n *node) registry.Endpoint {
			return endpoint(n.plain(page(200, "<html><title>Welcome</title></html>")))
		}, []tried{{probe.OverHTTP, fails}}, `a web page titled "Welcome"`},
		{"plain http that sends to https", func(n *node) registry.Endpoint {
			secure := n.serve(probetest.NewRegistry(image).ServeHTTP)
			return endpoint(n.plain(http.RedirectHandler("https://"+secure+"/v2/", http.StatusMovedPermanently).ServeHTTP))
		}, []tried{{probe.OverHTTP, fails}}, "redirects to https://registry.example.com:"},
		{"https at the http port", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
			ep.Scheme = "http"
			return ep
		}, []tried{{probe.OverHTTPS, holds}}, "answers 200 OK"},
		{"https only, and silence for the rest", func(n *node) registry.Endpoint {
			ep := rawEndpoint(func(c net.Conn) {
				first := bufio.NewReader(c)
				if b, _ := first.Peek(1); len(b) == 1 && b[0] == 0x16 {
					answerOnce(probetest.NewRegistry(image))(tls.Server(bufferedConn{c, first}, &tls.Config{Certificates: []tls.Certificate{*n.cert}}))
				}
			})(n)
			ep.Scheme = "http"
			return ep
		}, []tried{{probe.OverHTTPS, holds}}, "answers 200 OK"},
		{"untrusted https at the http port", func(n *node) registry.Endpoint {
			n.cert = probetest.NewCA("other CA").Server(host)
			ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
			ep.Scheme = "http"
			return ep
		}, []tried{{probe.OverHTTPS, fails}}, "unknown authority"},
		{"untrusted https at the http port, not verified", func(n *node) registry.Endpoint {
			n.cert = probetest.NewCA("other CA").Server(host)
			ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
			ep.Scheme, ep.SkipVerify = "http", true
			return ep
		}, []tried{{probe.OverHTTPS, fails}}, "unknown authority"},
		{"CA file missing, not needed", withFiles(registry.Endpoint{CAFiles: []string{"/etc/none.crt"}}),
			[]tried{{probe.SystemCAs, holds}}, "answers 200 OK"},
		{"CA file missing and needed", func(n *node) registry.Endpoint {
			n.file("/etc/ssl/certs/ca-certificates.crt", "")
			return withFiles(registry.Endpoint{CAFiles: []string{"/etc/none.crt"}})(n)
		}, []tried{{probe.SystemCAs, fails}}, "unknown authority"},
		{"proxy refused, not needed", func(n *node) registry.Endpoint {
			n.env["HTTPS_PROXY"] = "http://" + probetest.Refused()
			return endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
		}, []tried{{probe.WithoutProxy, holds}}, "without the proxy, GET https://registry.example.com:"},
		{"proxy forbids, not needed", func(n *node) registry.Endpoint {
			n.env["HTTP_PROXY"] = "http://" + n.plain(page(403, "<html></html>"))
			ep := endpoint(n.plain(probetest.NewRegistry(image).ServeHTTP))
			ep.Scheme = "http"
			return ep
		}, []tried{{probe.WithoutProxy, holds}}, ""},
		{"proxy refused and needed", func(n *node) registry.Endpoint {
			n.env["HTTPS_PROXY"] = "http://" + probetest.Refused()
			return endpoint(strings.Replace(probetest.Refused(), "127.0.0.1", host, 1))
		}, []tried{{probe.WithoutProxy, fails}}, "connection refused"},
		{"path that leads to a portal", func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry("project/" + image)
			ep := endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/v2/") {
					page(200, "<html><title>Harbor</title></html>")(w, r)
					return
				}
				reg.ServeHTTP(w, r)
			}))
			ep.Path, ep.OverridePath = "/project", true
			return ep
		}, []tried{{probe.AtRoot, holds}, {probe.V2BeforePath, holds}, {probe.V2AfterPath, fails}, {probe.WithoutPath, fails}}, " answers "},
		{"path that leads to a portal, one connection at a time", func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry("project/" + image)
			ep := endpoint(n.raw(oneAtATime(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if !strings.HasPrefix(r.URL.Path, "/v2/") {
					page(200, "<html></html>")(w, r)
					return
				}
				reg.ServeHTTP(w, r)
			}))))
			ep.Scheme, ep.Path, ep.OverridePath = "http", "/project", true
			return ep
		}, []tried{{probe.AtRoot, holds}, {probe.V2BeforePath, holds}, {probe.V2AfterPath, fails}, {probe.WithoutPath, fails}}, " answers "},
		{"web site at any path", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(page(404, "<html></html>")))
			ep.Path, ep.OverridePath = "/project", true
			return ep
		}, []tried{{probe.AtRoot, fails}, {probe.V2BeforePath, fails}, {probe.V2AfterPath, fails}, {probe.WithoutPath, fails}}, ""},
		{"path that lacks the /v2 after it", func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry(image)
			ep := endpoint(n.serve(http.StripPrefix("/repository/hub", probetest.Bearer(reg, n.realm(&probetest.TokenService{User: "user", Password: "pass-phrase"}))).ServeHTTP))
			ep.Auth = basicAuth("user", "pass-phrase")
			ep.Path, ep.OverridePath = "/repository/hub", true
			return ep
		}, []tried{{probe.V2BeforePath, fails}, {probe.V2AfterPath, holds}, {probe.WithoutPath, fails}}, ""},
		{"path to which /v2 was appended", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(probetest.NewRegistry("project/" + image).ServeHTTP))
			ep.Path = "/project/v2"
			return ep
		}, []tried{{probe.V2BeforePath, holds}, {probe.WithoutPath, fails}}, ""},
		{"path below /v2 to which another was appended", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(probetest.NewRegistry("project/" + image).ServeHTTP))
			ep.Path = "/v2/project/v2"
			return ep
		}, []tried{{probe.V2BeforePath, holds}, {probe.WithoutPath, fails}}, ""},
		{"path of a registry without projects", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
			ep.Path, ep.OverridePath = "/v2/team", true
			return ep
		}, []tried{{probe.WithoutPath, holds}}, ""},
		{"minds ns", func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry(image)
			ep := endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("ns") {
					probetest.Refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "unknown")
					return
				}
				reg.ServeHTTP(w, r)
			}))
			ep.Namespace = "docker.io"
			return ep
		}, []tried{{probe.WithoutNamespace, holds}}, "/manifests/1.0 answers 200 OK"},
		{"does not mind ns", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(probetest.NewRegistry().ServeHTTP))
			ep.Namespace = "docker.io"
			return ep
		}, []tried{{probe.WithoutNamespace, fails}}, "404 Not Found"},
		{"under library, token", func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry("library/app:1.0")
			ep := endpoint(n.serve(probetest.Bearer(reg, n.realm(&probetest.TokenService{User: "user", Password: "pass-phrase"})).ServeHTTP))
			ep.Auth = basicAuth("user", "pass-phrase")
			ep.Repository = "app"
			return ep
		}, []tried{{probe.UnderLibrary, holds}, {probe.WithoutRewrite, fails}}, "/app/manifests/1.0 answers "},
		{"nowhere", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(probetest.NewRegistry().ServeHTTP))
			ep.Repository = "app"
			return ep
		}, []tried{{probe.UnderLibrary, fails}, {probe.WithoutRewrite, fails}}, "404 Not Found"},
		{"rewritten, and there under its own name", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
			ep.Repository = "proxy/app"
			return ep
		}, []tried{{probe.WithoutRewrite, holds}}, "/v2/team/app/manifests/1.0 answers 200 OK"},
		{"embedded registry's miss", func(n *node) registry.Endpoint {
			ep := endpoint(n.serve(probetest.NewRegistry().ServeHTTP))
			ep.Repository, ep.Namespace, ep.Embedded = "app", "docker.io", true
			return ep
		}, nil, ""},
		{"refused", func(*node) registry.Endpoint {
			return endpoint(strings.Replace(probetest.Refused(), "127.0.0.1", host, 1))
		}, nil, ""},
		{"hangs in the handshake", rawEndpoint(hang), nil, ""},
		{"unknown CA, no other CA configured", func(n *node) registry.Endpoint {
			n.cert = probetest.NewCA("other CA").Server(host)
			return endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
		}, nil, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			ep := tt.setUp(n)
			a := ask(t, ep)
			if ep.Repository != "" {
				a.Endpoint.Repository = ep.Repository
			}
			p := n.prober()
			if strings.HasPrefix(tt.name, "hangs") {
				p.Timeout = haste
			}
			r := p.Probe(t.Context(), []probe.Ask{a})[0]
			if r.Status != probe.Failed {
				t.Fatalf("status %s", r.Status)
			}
			var got []tried
			for _, c := range r.Counterfactuals {
				got = append(got, tried{c.Name, c.Holds})
				if !strings.Contains(c.Detail, tt.says) {
					t.Errorf("%s: detail %q does not say %q", c.Name, c.Detail, tt.says)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("counterfactuals of %s %q (-want +got):\n%s", r.Cause, r.Error, diff)
			}
			if diff := cmp.Diff(r.Counterfactuals, failing(r).Counterfactuals, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("those of the failed step differ:\n%s", diff)
			}
		})
	}
}

// A bufferedConn is a connection of which something has been read ahead.
type bufferedConn struct {
	net.Conn
	in io.Reader
}

func (c bufferedConn) Read(b []byte) (int, error) { return c.in.Read(b) }

// A CA file that is configured for another endpoint is told by its path.
func TestOtherCA(t *testing.T) {
	n := newNode(t)
	right, wrong := probetest.NewCA("right CA"), probetest.NewCA("wrong CA")
	n.cert = right.Server(host)
	n.file("/etc/right.crt", string(right.PEM()))
	n.file("/etc/wrong.crt", string(wrong.PEM()))
	ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	ep.CAFiles = []string{"/etc/wrong.crt"}
	for _, file := range []string{"/etc/right.crt", "/etc/none.crt"} {
		elsewhere := endpoint("mirror.example.com")
		elsewhere.CAFiles = []string{file}
		r := n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep), {Endpoint: elsewhere}})[0]
		if len(r.Counterfactuals) != 1 || r.Counterfactuals[0].Name != probe.OtherCA {
			t.Fatalf("counterfactuals %+v", r.Counterfactuals)
		}
		c, right := r.Counterfactuals[0], file == "/etc/right.crt"
		if c.Holds != right || (c.File == file) != right {
			t.Errorf("%s: %+v", file, c)
		}
	}
}

// So is one that lies on the node and is configured for nobody.
func TestOtherCALying(t *testing.T) {
	n := newNode(t)
	right, wrong := probetest.NewCA("right CA"), probetest.NewCA("wrong CA")
	n.cert = right.Server(host)
	n.file("/etc/rancher/k3s/a-key.pem", "-----BEGIN PRIVATE KEY-----\n")
	n.file("/etc/rancher/k3s/b.crt", string(wrong.PEM()))
	n.file("/usr/local/share/ca-certificates/site.crt", string(right.PEM()))
	ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	r := n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep)})[0]
	if len(r.Counterfactuals) != 1 || !r.Counterfactuals[0].Holds || r.Counterfactuals[0].File != "/usr/local/share/ca-certificates/site.crt" {
		t.Errorf("counterfactuals %+v", r.Counterfactuals)
	}
}

// So is one that would verify a token service, which is asked with the settings of its
// registry.
func TestOtherCAOfTokenService(t *testing.T) {
	n := newNode(t)
	right := probetest.NewCA("right CA")
	n.file("/etc/right.crt", string(right.PEM()))
	s := probetest.Serve(&probetest.TokenService{}, right.Server(other))
	t.Cleanup(s.Close)
	ep := endpoint(n.serve(probetest.Bearer(probetest.NewRegistry(image), otherOrigin+":"+s.Port).ServeHTTP))
	elsewhere := endpoint("mirror.example.com")
	elsewhere.CAFiles = []string{"/etc/right.crt"}
	results := n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep), {Endpoint: ep}, {Endpoint: elsewhere}})
	for _, r := range results[:2] {
		if r.Cause != cause.AuthTokenService || len(r.Counterfactuals) != 1 || r.Counterfactuals[0].File != "/etc/right.crt" {
			t.Errorf("%s with counterfactuals %+v", r.Cause, r.Counterfactuals)
		}
	}
}

// What is tried beside the walk carries nothing that is for the endpoint as configured.
func TestCounterfactualsWithoutSecrets(t *testing.T) {
	tests := map[string]func(*node, http.HandlerFunc) registry.Endpoint{
		"in clear": func(n *node, h http.HandlerFunc) registry.Endpoint { return endpoint(n.plain(h)) },
		"unverified": func(n *node, h http.HandlerFunc) registry.Endpoint {
			n.cert = n.ca.Issue(probetest.Leaf{Names: []string{host}, Starts: time.Hour, Ends: 2 * time.Hour})
			return endpoint(n.serve(h))
		},
	}
	for name, setUp := range tests {
		t.Run(name, func(t *testing.T) {
			n := newNode(t)
			var mu sync.Mutex
			var seen []http.Header
			ep := setUp(n, func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				seen = append(seen, r.Header.Clone())
				unauthorized(w, r)
			})
			ep.Auth = basicAuth("user", "pass-phrase")
			ep.Headers = http.Header{"X-Key": {"value"}}
			n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep)})
			mu.Lock()
			defer mu.Unlock()
			if len(seen) == 0 {
				t.Fatal("nothing was asked")
			}
			for _, h := range seen {
				if h.Get("Authorization") != "" || h.Get("X-Key") != "" {
					t.Errorf("the server got %v", h)
				}
			}
		})
	}
}

// A server that is not verified is shown no client certificate.
func TestCounterfactualsWithoutClientCertificate(t *testing.T) {
	n := newNode(t)
	cert, key := probetest.PairPEM(n.ca.Issue(probetest.Leaf{CommonName: "node", Client: true}))
	n.file("/etc/client.crt", string(cert))
	n.file("/etc/client.key", string(key))
	own := n.ca.Issue(probetest.Leaf{Names: []string{host}, Starts: time.Hour, Ends: 2 * time.Hour})
	var asked, shown atomic.Int64
	server := n.guard(probetest.ServeTLS(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		shown.Add(int64(len(r.TLS.PeerCertificates)))
	}), &tls.Config{Certificates: []tls.Certificate{*own}, ClientAuth: tls.RequestClientCert}))
	ep := endpoint(host + ":" + server.Port)
	ep.Clients = []registry.ClientPair{{Cert: "/etc/client.crt", Key: "/etc/client.key"}}
	n.prober().Probe(t.Context(), []probe.Ask{{Endpoint: ep}})
	if asked.Load() == 0 || shown.Load() != 0 {
		t.Errorf("%d requests, %d certificates", asked.Load(), shown.Load())
	}
}

// Hundreds of missing images cost one request each, and a few more for all of them.
func TestFewCounterfactuals(t *testing.T) {
	n := newNode(t)
	server := n.server(probetest.NewRegistry())
	ep := endpoint(host + ":" + server.Port)
	ep.Namespace = "docker.io"
	const images = 100
	var asks []probe.Ask
	for range images {
		asks = append(asks, ask(t, ep))
	}
	tried := 0
	for _, r := range n.prober().Probe(t.Context(), asks) {
		tried += len(r.Counterfactuals)
	}
	if got := len(server.Requests()); tried == 0 || got != 1+images+tried || tried > 10 {
		t.Errorf("%d requests, %d counterfactuals for %d images", got, tried, images)
	}
}
