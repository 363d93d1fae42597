package probe_test

import (
	"bufio"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

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
		"for another platform, without an index": func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry()
			reg.PushSingle("team/app", "1.0", "linux/s390x")
			return serve(n, reg)
		},
		"HTTP 1.0": func(n *node) registry.Endpoint {
			ep := endpoint(n.raw(answerOnce(probetest.NewRegistry(image))))
			ep.Scheme = "http"
			return ep
		},
		"one connection at a time": func(n *node) registry.Endpoint {
			ep := endpoint(n.raw(oneAtATime(probetest.NewRegistry(image))))
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

// answerOnce answers one request of a connection, in HTTP 1.0, and closes it.
func answerOnce(h http.Handler) func(net.Conn) {
	return func(c net.Conn) {
		if req, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
			resp := recorded(h, req)
			resp.ProtoMinor = 0
			resp.Write(c)
		}
	}
}

// oneAtATime answers all requests of a connection, and lets the others wait until it ends.
func oneAtATime(h http.Handler) func(net.Conn) {
	var mu sync.Mutex
	return func(c net.Conn) {
		mu.Lock()
		defer mu.Unlock()
		for in := bufio.NewReader(c); ; {
			req, err := http.ReadRequest(in)
			if err != nil {
				return
			}
			recorded(h, req).Write(c)
		}
	}
}

func recorded(h http.Handler, req *http.Request) *http.Response {
	w := httptest.NewRecorder()
	h.ServeHTTP(w, req)
	resp := w.Result()
	resp.Request = req
	if req.Method != http.MethodHead {
		resp.ContentLength = int64(w.Body.Len())
	}
	return resp
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
