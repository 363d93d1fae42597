package main

import (
	"bytes"
	"maps"
	"testing"

	"github.com/pullwhy/pullwhy/logparse"
)

// TestGenerator reads what is generated: the truth about it is true.
func TestGenerator(t *testing.T) {
	g := newGenerator(3)
	var log bytes.Buffer
	if err := g.write(&log, 4<<20, 1<<20); err != nil {
		t.Fatal(err)
	}
	hits := 0
	for line := range bytes.Lines(log.Bytes()) {
		if bytes.Contains(line, []byte("PullImage")) || bytes.Contains(line, []byte("trying next host")) {
			hits++
		}
	}
	var s logparse.Scanner
	stats, err := s.Scan("log", &log)
	if err != nil {
		t.Fatal(err)
	}
	failures := map[string]int{}
	for _, p := range s.Pulls() {
		if p.Failures > 0 {
			failures[p.Image] = p.Failures
		}
	}
	if stats != (logparse.Stats{Lines: g.truth.lines}) || hits != g.truth.hits || !maps.Equal(failures, g.truth.failures) || len(failures) == 0 {
		t.Errorf("%+v, %d hits, failures %v, not %+v", stats, hits, failures, g.truth)
	}
}
