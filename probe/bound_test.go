package probe

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// images are asks for so many images at one endpoint.
func images(n int, ep registry.Endpoint) []Ask {
	var asks []Ask
	for i := range n {
		ref := registry.Reference{Name: "x", Host: ep.Host, Repository: fmt.Sprintf("team/app%d", i), Tag: "1"}
		asks = append(asks, Ask{Endpoint: ep, Image: ref})
	}
	return asks
}

func TestBound(t *testing.T) {
	one, two := registry.Endpoint{Scheme: "https", Host: "a"}, registry.Endpoint{Scheme: "https", Host: "b"}
	tests := []struct {
		asks []Ask
		want time.Duration // beyond 4 s
	}{
		{nil, 3 * time.Minute},
		{[]Ask{{Endpoint: one}}, 3 * time.Minute},
		{images(49, one), 3 * time.Minute},
		{images(50, one), 4 * time.Minute},
		{images(149, one), 5 * time.Minute},
		{append(images(49, one), images(49, two)...), 3 * time.Minute},
	}
	for _, tt := range tests {
		r := newRun(&Prober{Timeout: time.Minute}, tt.asks)
		if got := r.bound(tt.asks); got != tt.want+4*time.Second {
			t.Errorf("%d asks: %s, want %s and 4 s", len(tt.asks), got, tt.want)
		}
	}
}

// An endpoint that is slow, but in time for each step, does not make the run last: what is
// not reached before its end is not judged.
func TestBoundHolds(t *testing.T) {
	t.Parallel()
	reg := probetest.NewRegistry()
	server := probetest.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/manifests/") {
			time.Sleep(600 * time.Millisecond) // of the 7 s that there are
		}
		reg.ServeHTTP(w, r)
	}), nil)
	defer server.Close()
	p := &Prober{Timeout: time.Second, Concurrency: 1}
	results := p.Probe(t.Context(), images(20, registry.Endpoint{Scheme: "http", Host: server.Addr, Path: "/v2"}))
	judged, skipped := 0, 0
	for _, r := range results {
		switch {
		case r.Status == Failed && r.Cause == cause.NotFound:
			judged++
		case r.Status == Skipped && r.Cause == cause.TimeoutDeadline:
			skipped++
		}
	}
	if judged == 0 || skipped == 0 {
		t.Errorf("%d images judged, %d not reached, of %d", judged, skipped, len(results))
	}
}
