package probe_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
)

// The server's clock is told where it differs, also where its certificate is refused.
func TestClockSkew(t *testing.T) {
	dated := func(shift time.Duration, h http.Handler) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Date", time.Now().Add(shift).UTC().Format(http.TimeFormat))
			h.ServeHTTP(w, r)
		}
	}
	tests := []struct {
		name  string
		leaf  probetest.Leaf
		shift time.Duration
		age   string
		want  time.Duration
	}{
		{"same", probetest.Leaf{}, 0, "", 0},
		{"a moment", probetest.Leaf{}, 20 * time.Second, "", 0},
		{"ahead", probetest.Leaf{}, 3 * time.Hour, "", 3 * time.Hour},
		{"behind", probetest.Leaf{}, -48 * time.Hour, "", -48 * time.Hour},
		{"out of a cache", probetest.Leaf{}, -48 * time.Hour, "172800", 0},
		{"certificate not yet valid here", probetest.Leaf{Starts: time.Hour, Ends: 9 * time.Hour}, 2 * time.Hour, "", 2 * time.Hour},
		{"certificate expired here", probetest.Leaf{Starts: -9 * time.Hour, Ends: -time.Hour}, -2 * time.Hour, "", -2 * time.Hour},
		{"certificate expired everywhere", probetest.Leaf{Starts: -9 * time.Hour, Ends: -time.Hour}, 0, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			tt.leaf.Names = []string{host}
			n.cert = n.ca.Issue(tt.leaf)
			reg := probetest.NewRegistry(image)
			ep := endpoint(n.serve(dated(tt.shift, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if tt.age != "" {
					w.Header().Set("Age", tt.age)
				}
				reg.ServeHTTP(w, r)
			}))))
			r := n.prober().Probe(t.Context(), []probe.Ask{{Endpoint: ep}})[0]
			if (r.ClockSkew - tt.want).Abs() > 10*time.Second {
				t.Errorf("skew %s, want %s: %s", r.ClockSkew, tt.want, r.Error)
			}
		})
	}
}
