package probe_test

import (
	"fmt"
	"net/http"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/opencontainers/go-digest"
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// Images with long manifests are judged as others are, more than may be read at a time.
func TestLongManifests(t *testing.T) {
	n := newNode(t)
	config := []byte("{}")
	manifest := fmt.Appendf(nil, `{"config":{"digest":%q,"size":2},"x":%q}`, digest.FromBytes(config), strings.Repeat("x", 1<<20))
	var asks []probe.Ask
	for range 3 {
		ep := endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
			answer := config
			if strings.Contains(r.URL.Path, "/manifests/") {
				answer = manifest
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				w.Header().Set("Content-Length", fmt.Sprint(len(manifest)))
			}
			if r.Method == http.MethodGet {
				w.Write(answer)
			}
		}))
		for range 5 {
			asks = append(asks, ask(t, ep))
		}
	}
	for _, r := range n.prober().Probe(t.Context(), asks) {
		if r.Status != probe.OK {
			t.Errorf("%s at %s: %s", r.Status, failing(r).Name, r.Error)
		}
	}
}

// Many images share few connections, also where two endpoints are one host, and where the
// configuration is read anew for each.
func TestManyImages(t *testing.T) {
	n := newNode(t)
	const images = 100
	reg := probetest.NewRegistry()
	var asks []probe.Ask
	server := n.server(reg)
	ep := endpoint(host + ":" + server.Port)
	twin := ep
	twin.SkipVerify = true
	for i := range images {
		ep.Auth, twin.Auth = basicAuth("user", "pass-phrase"), basicAuth("user", "pass-phrase")
		repository := fmt.Sprintf("team/app%d", i)
		if i%10 != 0 {
			reg.Push(repository, "1.0", "linux/"+runtime.GOARCH)
		}
		ref, err := registry.ParseReference(host + "/" + repository + ":1.0")
		if err != nil {
			t.Fatal(err)
		}
		asks = append(asks, probe.Ask{Endpoint: ep, Image: ref}, probe.Ask{Endpoint: twin, Image: ref})
	}
	for i, r := range n.prober().Probe(t.Context(), asks) {
		want := cause.None
		if i/2%10 == 0 {
			want = cause.NotFound
		}
		if r.Cause != want || !r.Reachable {
			t.Errorf("%s: %s %q %s", r.Image.Name, r.Status, r.Cause, r.Error)
		}
	}
	// on a busy machine net/http gives a connection up that it could use again
	if all := server.Connections(); all > 2*4 {
		t.Errorf("%d connections, want at most 4 that are used again", all)
	}
	const there, missing = images * 9 / 10, images / 10
	if got, want := len(server.Requests()), 2*(1+4*there+missing); got != want {
		t.Errorf("%d requests for %d asks, want %d", got, len(asks), want)
	}
}

// Endpoints of different settings that send to one token service share its connections.
func TestSharedTokenService(t *testing.T) {
	n := newNode(t)
	const most = 4
	var open atomic.Int64
	crowd := make(chan struct{})
	service := n.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if open.Add(1) == 2*most+1 {
			close(crowd) // as many as must never come
		}
		defer open.Add(-1)
		select {
		case <-crowd:
		case <-time.After(50 * time.Millisecond):
		}
		(&probetest.TokenService{}).ServeHTTP(w, r)
	}))
	realm := "https://" + other + ":" + service.Port + tokenPath
	reg := probetest.NewRegistry()
	var asks []probe.Ask
	for i := range 3 {
		ep := endpoint(n.serve(probetest.Bearer(reg, realm).ServeHTTP))
		for range i {
			ep.CAFiles = append(ep.CAFiles, "/etc/ssl/certs/ca-certificates.crt")
		}
		for image := range 8 {
			ref, err := registry.ParseReference(fmt.Sprintf("%s/team/app%d:1.0", host, image))
			if err != nil {
				t.Fatal(err)
			}
			asks = append(asks, probe.Ask{Endpoint: ep, Image: ref})
		}
	}
	for _, r := range n.prober().Probe(t.Context(), asks) {
		if r.Cause != cause.NotFound {
			t.Errorf("%s: %s", r.Cause, r.Error)
		}
	}
	select {
	case <-crowd:
		t.Errorf("more than %d requests at a time", 2*most)
	default:
	}
}
