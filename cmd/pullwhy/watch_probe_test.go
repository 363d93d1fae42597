package main

import (
	"fmt"
	"net/http"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// TestPatrolBudget has 200 images fail at one endpoint of a registry that counts. The clock
// is the test's, the connections are real.
func TestPatrolBudget(t *testing.T) {
	t.Run("broken", func(t *testing.T) { patrolHour(t, http.NotFoundHandler(), 20) })
	t.Run("images missing", func(t *testing.T) { patrolHour(t, probetest.NewRegistry(), 60) })
}

// patrolHour lets an hour pass, in which at most so many connections may be made.
func patrolHour(t *testing.T, registryHandler http.Handler, most int) {
	ca := probetest.NewCA("test CA")
	server := probetest.Serve(registryHandler, ca.Server("registry.example.com"))
	defer server.Close()
	prober := &probe.Prober{Timeout: 5 * time.Second, Root: fstest.MapFS{
		"etc/hosts":                         {Data: []byte("127.0.0.1 registry.example.com\n")},
		"etc/ssl/certs/ca-certificates.crt": {Data: ca.PEM()},
	}}
	now := noon
	p := newPatrol(10 * time.Minute)
	p.now = func() time.Time { return now }
	p.turns.spread = no
	var asks []probe.Ask
	host := "registry.example.com:" + server.Port
	for i := range 200 {
		ref, err := registry.ParseReference(fmt.Sprintf("%s/team/app:%d", host, i))
		if err != nil {
			t.Fatal(err)
		}
		asks = append(asks, probe.Ask{Image: ref, Endpoint: registry.Endpoint{Scheme: "https", Host: host, Path: "/v2", Registry: host, Repository: "team/app"}})
	}
	var made []int // connections by minute
	var last time.Time
	for end := now.Add(time.Hour); now.Before(end); {
		p.plan(prober, asks)
		before := server.Connections()
		wait := p.step(t.Context())
		if n := server.Connections() - before; n > 0 {
			if !last.IsZero() && now.Sub(last) < leastPause {
				t.Errorf("probed again after %s", now.Sub(last))
			}
			last = now
			minute := int(now.Sub(noon) / time.Minute)
			for len(made) <= minute {
				made = append(made, 0)
			}
			made[minute] += n
		}
		now = now.Add(max(wait, time.Second))
	}
	total := 0
	for minute, n := range made {
		if n > connectionsPerMinute {
			t.Errorf("%d connections in minute %d", n, minute)
		}
		total += n
	}
	known := len(p.answers(asks))
	t.Logf("%d connections in an hour, by minute %v; %d of %d questions answered", total, made, known, len(asks))
	if total > most || known < len(asks) {
		t.Errorf("%d connections in an hour, want at most %d; %d answers", total, most, known)
	}
}
