package probe_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// A healthy endpoint, asked in each of the ways that containerd knows.
func TestHealthy(t *testing.T) {
	serve := func(n *node, h http.Handler) registry.Endpoint { return endpoint(n.serve(h.ServeHTTP)) }
	tests := map[string]func(n *node) registry.Endpoint{
		"anonymous": func(n *node) registry.Endpoint { return serve(n, probetest.NewRegistry(image)) },
		"http": func(n *node) registry.Endpoint {
			ep := endpoint(n.plain(probetest.NewRegistry(image).ServeHTTP))
			ep.Scheme = "http"
			return ep
		},
		"skip_verify": func(n *node) registry.Endpoint {
			n.file("/etc/ssl/certs/ca-certificates.crt", "")
			ep := serve(n, probetest.NewRegistry(image))
			ep.SkipVerify = true
			return ep
		},
		"configured CA": func(n *node) registry.Endpoint {
			n.file("/etc/ssl/certs/ca-certificates.crt", "")
			n.file("/etc/rancher/ca.crt", string(n.ca.PEM()))
			ep := serve(n, probetest.NewRegistry(image))
			ep.CAFiles = []string{"/etc/rancher/ca.crt"}
			return ep
		},
		"CA in SSL_CERT_FILE": func(n *node) registry.Endpoint {
			n.file("/etc/ssl/certs/ca-certificates.crt", "")
			n.file("/opt/bundle.pem", string(n.ca.PEM()))
			n.env["SSL_CERT_FILE"] = "/opt/bundle.pem"
			return serve(n, probetest.NewRegistry(image))
		},
		"CA in a directory": func(n *node) registry.Endpoint {
			delete(n.files, "etc/ssl/certs/ca-certificates.crt")
			n.file("/etc/pki/tls/certs/own.pem", string(n.ca.PEM()))
			return serve(n, probetest.NewRegistry(image))
		},
		"client certificate": func(n *node) registry.Endpoint {
			cert, key := probetest.PairPEM(n.ca.Issue(probetest.Leaf{CommonName: "node", Client: true}))
			n.file("/etc/client.crt", string(cert))
			n.file("/etc/client.key", string(key))
			ep := endpoint(n.mutual(probetest.NewRegistry(image)))
			ep.Clients = []registry.ClientPair{{Cert: "/etc/client.crt", Key: "/etc/client.key"}}
			return ep
		},
		"basic": func(n *node) registry.Endpoint {
			ep := serve(n, probetest.Basic(probetest.NewRegistry(image), "user", "password"))
			ep.Auth = basicAuth("user", "password")
			return ep
		},
		"token": func(n *node) registry.Endpoint {
			realm := n.realm(&probetest.TokenService{User: "user", Password: "password"})
			ep := serve(n, probetest.Bearer(probetest.NewRegistry(image), realm))
			ep.Auth = basicAuth("user", "password")
			return ep
		},
		"token by GET": func(n *node) registry.Endpoint {
			realm := n.realm(&probetest.TokenService{User: "user", Password: "password", NoPost: true})
			ep := serve(n, probetest.Bearer(probetest.NewRegistry(image), realm))
			ep.Auth = basicAuth("user", "password")
			return ep
		},
		"token for an identity token": func(n *node) registry.Endpoint {
			realm := n.realm(&probetest.TokenService{Refresh: "identity"})
			ep := serve(n, probetest.Bearer(probetest.NewRegistry(image), realm))
			ep.Auth = registry.Auth{Type: registry.AuthIdentityToken, Secret: registry.NewSecret("identity")}
			return ep
		},
		"anonymous token": func(n *node) registry.Endpoint {
			return serve(n, probetest.Bearer(probetest.NewRegistry(image), n.realm(&probetest.TokenService{})))
		},
		"header": func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry(image)
			ep := serve(n, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("X-Key") != "value" {
					http.Error(w, "no", http.StatusForbidden)
					return
				}
				reg.ServeHTTP(w, r)
			}))
			ep.Headers = http.Header{"x-key": {"value"}}
			return ep
		},
		"http fallback": func(n *node) registry.Endpoint {
			ep := endpoint(n.plain(probetest.NewRegistry(image).ServeHTTP))
			ep.HTTPFallback = true
			return ep
		},
		"http fallback, https served": func(n *node) registry.Endpoint {
			ep := serve(n, probetest.NewRegistry(image))
			ep.HTTPFallback = true
			return ep
		},
		"no HEAD": func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry(image)
			return serve(n, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.Method == http.MethodHead {
					w.WriteHeader(http.StatusMethodNotAllowed)
					return
				}
				reg.ServeHTTP(w, r)
			}))
		},
		"no digest": func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry(image)
			return serve(n, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				reg.ServeHTTP(without{w, "Docker-Content-Digest"}, r)
			}))
		},
		"ping answered with {}": func(n *node) registry.Endpoint {
			return serve(n, pingAnswer(http.StatusOK, "application/json", "{}"))
		},
		"ping answered with nothing": func(n *node) registry.Endpoint {
			return serve(n, pingAnswer(http.StatusOK, "", ""))
		},
		"ping refused, image served": func(n *node) registry.Endpoint {
			return serve(n, pingAnswer(http.StatusForbidden, "text/html", "<html>no</html>"))
		},
		"ping not found, image served": func(n *node) registry.Endpoint {
			return serve(n, pingAnswer(http.StatusNotFound, "text/html", "<html>no</html>"))
		},
		"path": func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry("project/" + image)
			ep := serve(n, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.URL.Path = strings.Replace(r.URL.Path, "/hub/v2/", "/v2/", 1)
				reg.ServeHTTP(w, r)
			}))
			ep.Path, ep.OverridePath = "/hub/v2/project", true
			return ep
		},
		"redirected manifest": func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry(image)
			target := n.server(reg)
			return serve(n, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.Contains(r.URL.Path, "/manifests/") {
					http.Redirect(w, r, "https://"+third+":"+target.Port+r.URL.Path+"?signature=s3cr3t", http.StatusTemporaryRedirect)
					return
				}
				reg.ServeHTTP(w, r)
			}))
		},
		"proxy": func(n *node) registry.Endpoint {
			target := n.server(probetest.NewRegistry(image))
			proxy := n.plain((&probetest.Proxy{To: target.Addr}).ServeHTTP)
			n.env["HTTPS_PROXY"] = "http://" + proxy
			return endpoint("unresolvable.example.com")
		},
		"proxy for http": func(n *node) registry.Endpoint {
			target := n.plain(probetest.NewRegistry(image).ServeHTTP)
			proxy := n.plain((&probetest.Proxy{To: strings.Replace(target, host, "127.0.0.1", 1)}).ServeHTTP)
			n.env["http_proxy"] = "http://" + proxy
			ep := endpoint("unresolvable.example.com")
			ep.Scheme = "http"
			return ep
		},
		"proxy with TLS": func(n *node) registry.Endpoint {
			target := n.server(probetest.NewRegistry(image))
			proxy := n.serve((&probetest.Proxy{To: target.Addr}).ServeHTTP)
			n.env["HTTPS_PROXY"] = "https://" + proxy
			return endpoint("unresolvable.example.com")
		},
	}
	for name, setUp := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			if strings.Contains(name, "proxy") {
				n.cert = n.ca.Server(host, "unresolvable.example.com")
			}
			ep := setUp(n)
			results := n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep), {Endpoint: ep}})
			withImage, without := results[0], results[1]
			if withImage.Status != probe.OK || !withImage.Reachable {
				t.Errorf("with an image: %s, reachable %t: %+v", withImage.Status, withImage.Reachable, withImage.Steps)
			}
			if failed := failing(withImage); failed.Name != "" {
				t.Errorf("status ok with failed step %+v", failed)
			}
			if ping := "ping "; strings.HasPrefix(name, ping) && strings.Contains(name, "image served") {
				if without.Status != probe.Failed {
					t.Errorf("without an image: %s, want failed: %+v", without.Status, without.Steps)
				}
				return
			}
			if without.Status != probe.OK || !without.Reachable {
				t.Errorf("without an image: %s, reachable %t: %s: %+v", without.Status, without.Reachable, without.Error, without.Steps)
			}
		})
	}
}

// pingAnswer is a registry whose root answers otherwise.
func pingAnswer(status int, media, body string) http.Handler {
	reg := probetest.NewRegistry(image)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v2/" {
			reg.ServeHTTP(w, r)
			return
		}
		w.Header()["Content-Type"] = []string{media}
		w.WriteHeader(status)
		w.Write([]byte(body))
	})
}

// without is an answer that lacks one header.
type without struct {
	http.ResponseWriter
	name string
}

func (w without) WriteHeader(code int) {
	w.Header().Del(w.name)
	w.ResponseWriter.WriteHeader(code)
}

var digestPattern = regexp.MustCompile(`sha256:[0-9a-f]{64}`)

// A healthy endpoint costs one connection and at most six requests.
func TestRequests(t *testing.T) {
	tests := []struct {
		name string
		wrap func(*node, http.Handler) http.Handler
		want []string
	}{
		{"anonymous", func(_ *node, h http.Handler) http.Handler { return h }, []string{
			"GET /v2/",
			"HEAD /v2/mirror/team/app/manifests/1.0?ns=docker.io",
			"GET /v2/mirror/team/app/manifests/DIGEST?ns=docker.io",
			"GET /v2/mirror/team/app/manifests/DIGEST?ns=docker.io",
			"GET /v2/mirror/team/app/blobs/DIGEST?ns=docker.io",
		}},
		{"token", func(n *node, h http.Handler) http.Handler {
			return probetest.Bearer(h, n.realm(&probetest.TokenService{}))
		}, []string{
			"GET /v2/",
			"HEAD /v2/mirror/team/app/manifests/1.0?ns=docker.io",
			"HEAD /v2/mirror/team/app/manifests/1.0?ns=docker.io",
			"GET /v2/mirror/team/app/manifests/DIGEST?ns=docker.io",
			"GET /v2/mirror/team/app/manifests/DIGEST?ns=docker.io",
			"GET /v2/mirror/team/app/blobs/DIGEST?ns=docker.io",
		}},
		{"no digest, GET of the tag serves as that of the index", func(_ *node, h http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				h.ServeHTTP(without{w, "Docker-Content-Digest"}, r)
			})
		}, []string{
			"GET /v2/",
			"HEAD /v2/mirror/team/app/manifests/1.0?ns=docker.io",
			"GET /v2/mirror/team/app/manifests/1.0?ns=docker.io",
			"GET /v2/mirror/team/app/manifests/DIGEST?ns=docker.io",
			"GET /v2/mirror/team/app/blobs/DIGEST?ns=docker.io",
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t)
			reg := probetest.NewRegistry("mirror/" + image)
			server := n.server(tt.wrap(n, reg))
			ep := endpoint(host + ":" + server.Port)
			ep.Namespace = "docker.io"
			a := ask(t, ep)
			a.Endpoint.Repository = "mirror/team/app"
			r := n.prober().Probe(t.Context(), []probe.Ask{a})[0]
			if r.Status != probe.OK {
				t.Fatalf("%s at %s: %s", r.Status, failing(r).Name, r.Error)
			}
			got := server.Requests()
			for i := range got {
				got[i] = digestPattern.ReplaceAllString(got[i], "DIGEST")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("requests (-want +got):\n%s", diff)
			}
			if server.Connections() != 1 {
				t.Errorf("%d connections for one walk, want 1", server.Connections())
			}
		})
	}
}

func TestTokenRequests(t *testing.T) {
	n := newNode(t)
	service := &probetest.TokenService{User: "user", Password: "password", NoPost: true}
	realm := n.realm(service)
	ep := endpoint(n.serve(probetest.Bearer(probetest.NewRegistry(image), realm).ServeHTTP))
	ep.Auth = basicAuth("user", "password")
	n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep), ask(t, ep), ask(t, ep)})
	want := []string{"POST repository:team/app:pull", "GET repository:team/app:pull"}
	if diff := cmp.Diff(want, service.Requests()); diff != "" {
		t.Errorf("token requests (-want +got):\n%s", diff)
	}
}
