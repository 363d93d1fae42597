package main

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
)

const (
	leastPause  = 30 * time.Second // between two probes of one endpoint
	mostPause   = 15 * time.Minute // while it stays broken
	firstSpread = 10 * time.Second // within which nodes that start together probe first
	newsSpread  = 5 * time.Second  // within which nodes that see the same failure probe

	// usualNeeds is how many connections a probe is expected to take: the endpoint's, its
	// token service's, where a redirect leads, and one to compare with.
	usualNeeds = 4

	imagesPerTurn = 50 // asked for over one connection
)

// A turn is when one host and port is probed next, and for what.
type turn struct {
	host   string
	asks   []probe.Ask
	urgent bool          // an image that fails is asked for
	due    time.Time     // zero: not before something happens
	ended  time.Time     // the last probe; zero: none
	pause  time.Duration // the last one while it is broken; 0: it is not
	needs  int           // connections that the last probe took
}

// turns are those of all endpoints. Endpoints take turns, those that images fail at first.
type turns struct {
	every  time.Duration // between background checks of one endpoint; 0: none
	spread func(time.Duration) time.Duration
	byHost map[string]*turn
}

// atRandom is a part of d.
func atRandom(d time.Duration) time.Duration {
	if d <= 0 {
		return 0
	}
	return rand.N(d)
}

// plan sets what is to be asked. open reports whether nothing is known about a question.
func (t *turns) plan(now time.Time, asks []probe.Ask, open func(probe.Ask) bool) {
	byHost := map[string]*turn{}
	for _, ask := range asks {
		host := hostOf(ask)
		next := byHost[host]
		if next == nil {
			next = &turn{host: host, needs: usualNeeds}
			if old := t.byHost[host]; old != nil {
				*next = *old
				next.asks, next.urgent = nil, false
			}
			byHost[host] = next
		}
		next.asks = append(next.asks, ask)
		if ask.Image.Name != "" {
			next.urgent = true
		}
	}
	for host, next := range byHost {
		switch {
		case next.urgent && slices.ContainsFunc(next.asks, open):
			next.soon(now, t.spread(newsSpread))
		case t.byHost[host] == nil && t.every > 0:
			next.soon(now, t.spread(min(firstSpread, t.every)))
		}
	}
	t.byHost = byHost
}

// soon makes the turn due, but not before its pause is over.
func (t *turn) soon(now time.Time, after time.Duration) {
	at := now.Add(after)
	if earliest := t.ended.Add(max(leastPause, t.pause)); !t.ended.IsZero() && at.Before(earliest) {
		at = earliest
	}
	if t.due.IsZero() || at.Before(t.due) {
		t.due = at
	}
}

// mended forgets that an endpoint was broken: a pull succeeded there.
func (t *turns) mended(now time.Time, host string) {
	if next := t.byHost[host]; next != nil {
		next.pause = 0
		next.soon(now, t.spread(newsSpread))
	}
}

// next is the turn that is due, nil for none, and how long until there may be one.
func (t *turns) next(now time.Time) (*turn, time.Duration) {
	var first *turn
	for _, next := range t.byHost {
		if !next.due.IsZero() && (first == nil || next.before(first, now)) {
			first = next
		}
	}
	switch {
	case first == nil:
		return nil, time.Hour
	case first.due.After(now):
		return nil, first.due.Sub(now)
	}
	return first, 0
}

// before orders turns: those that are due before those that are not, urgent ones first.
func (t *turn) before(other *turn, now time.Time) bool {
	if due, otherDue := !t.due.After(now), !other.due.After(now); due && otherDue && t.urgent != other.urgent {
		return t.urgent
	}
	return cmp.Or(t.due.Compare(other.due), strings.Compare(t.host, other.host)) < 0
}

// probed sets when the endpoint is probed next: sooner while questions are left, later
// each time while it is broken.
func (t *turns) probed(now time.Time, host string, needs int, broken, left bool) {
	next := t.byHost[host]
	if next == nil { // it was taken out of the configuration meanwhile
		return
	}
	next.ended, next.needs, next.due = now, max(needs, 1), time.Time{}
	switch {
	case broken:
		next.pause = min(max(leastPause, 2*next.pause), mostPause)
		next.due = now.Add(next.pause + t.spread(next.pause/4))
	case left:
		next.pause = 0
		next.due = now.Add(leastPause + t.spread(newsSpread))
	case t.every > 0:
		next.pause = 0
		next.due = now.Add(max(leastPause, t.every-t.every/10+t.spread(t.every/5)))
	default:
		next.pause = 0
	}
}

// hostOf is the host and port that an ask connects to.
func hostOf(ask probe.Ask) string {
	return cause.HostPort(ask.Endpoint.Scheme, strings.ToLower(ask.Endpoint.Host))
}
