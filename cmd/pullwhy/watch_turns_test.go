package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

func askAt(host, image string) probe.Ask {
	return probe.Ask{
		Endpoint: registry.Endpoint{Scheme: "https", Host: host, Path: "/v2", Registry: "registry.example.com"},
		Image:    registry.Reference{Name: image},
	}
}

// no is the spread of those who do not spread: times can be told.
func no(time.Duration) time.Duration { return 0 }

// noon is tomorrow's: later than all that the log of the demonstration's node says.
var noon = time.Now().UTC().Truncate(24 * time.Hour).Add(36 * time.Hour)

// TestTurnsWhileBroken pauses longer and longer, and not at all after a pull succeeded.
func TestTurnsWhileBroken(t *testing.T) {
	all := func(probe.Ask) bool { return true }
	s := turns{every: 10 * time.Minute, spread: no}
	asks := []probe.Ask{askAt("mirror.example.com:5000", "registry.example.com/a:1")}
	now := noon
	s.plan(now, asks, all)
	var pauses []time.Duration
	for range 8 {
		next, _ := s.next(now)
		if next == nil {
			t.Fatal("no turn is due")
		}
		s.probed(now, next.host, 1, true, false)
		s.plan(now, asks, all) // another image does not hurry it
		_, wait := s.next(now)
		pauses = append(pauses, wait)
		now = now.Add(wait)
	}
	if got := fmt.Sprint(pauses); got != "[30s 1m0s 2m0s 4m0s 8m0s 15m0s 15m0s 15m0s]" {
		t.Error(got)
	}
	s.probed(now, "mirror.example.com:5000", 1, true, false)
	s.mended(now, "mirror.example.com:5000")
	if _, wait := s.next(now); wait != leastPause {
		t.Errorf("probed %s after a pull succeeded", wait)
	}
	s.probed(now, "mirror.example.com:5000", 1, false, false)
	if _, wait := s.next(now); wait != 9*time.Minute {
		t.Errorf("background check %s after it was found well", wait)
	}
}

// TestTurnsOrder puts endpoints that images fail at before others.
func TestTurnsOrder(t *testing.T) {
	s := turns{every: 10 * time.Minute, spread: no}
	quiet, failing := askAt("a.example.com", ""), askAt("b.example.com", "registry.example.com/a:1")
	s.plan(noon, []probe.Ask{quiet, failing}, func(probe.Ask) bool { return true })
	for _, want := range []string{"b.example.com:443", "a.example.com:443"} {
		next, _ := s.next(noon)
		if next == nil || next.host != want {
			t.Fatalf("%+v, want %s", next, want)
		}
		s.probed(noon, next.host, 1, false, false)
	}
	if next, _ := s.next(noon); next != nil {
		t.Errorf("%s twice", next.host)
	}
}

// TestTurnsWithoutBackground probes only where an image fails.
func TestTurnsWithoutBackground(t *testing.T) {
	s := turns{spread: no}
	s.plan(noon, []probe.Ask{askAt("a.example.com", "")}, func(probe.Ask) bool { return true })
	if next, _ := s.next(noon.Add(time.Hour)); next != nil {
		t.Errorf("%s is probed", next.host)
	}
}

func TestBudget(t *testing.T) {
	b := budget{most: 3}
	for i := range 3 {
		if err := b.admit(noon.Add(time.Duration(i) * time.Second)); err != nil {
			t.Error(err)
		}
	}
	at := noon.Add(10 * time.Second)
	if err := b.admit(at); err == nil {
		t.Error("a fourth connection within a minute")
	}
	for connections, want := range map[int]time.Duration{1: 50 * time.Second, 2: 51 * time.Second, 9: 52 * time.Second} {
		if got := b.wait(at, connections); got != want {
			t.Errorf("%s until %d connections are left, want %s", got, connections, want)
		}
	}
	if err := b.admit(noon.Add(time.Minute)); err != nil {
		t.Error(err)
	}
}
