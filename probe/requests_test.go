package probe_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
)

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
