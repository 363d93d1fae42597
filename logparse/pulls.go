package logparse

import (
	"cmp"
	"slices"
	"time"
)

// Pulls returns what was read so far, one entry per image of which a pull ended: those
// that failed last first, then in order of first mention. The caller may change them.
func (s *Scanner) Pulls() []Pull {
	var pulls []Pull
	for _, h := range s.mention {
		if p, ok := s.pull(h); ok && !s.isPart(h) {
			pulls = append(pulls, p)
		}
	}
	slices.SortStableFunc(pulls, func(a, b Pull) int {
		return cmp.Or(cmp.Compare(min(b.Failures, 1), min(a.Failures, 1)), later(a.LastFailure, b.LastFailure))
	})
	return pulls
}

// isPart reports whether h names no image and tells a part of what another one does.
func (s *Scanner) isPart(h *history) bool {
	return h.image == "" && h.newest != nil && slices.ContainsFunc(s.mention, func(other *history) bool {
		return other != h && other.newest != nil && h.newest.isPart(other.newest)
	})
}

// Before is when the newest failure happened that Since leaves out and after which the image
// was not pulled, as far as its file was read, and what that is called; zero for none.
func (s *Scanner) Before() (at time.Time, file string) {
	for _, h := range s.mention {
		if h.before != nil && h.before.time.After(at) {
			at, file = h.before.time, h.before.file
		}
	}
	return at, file
}

func later(a, b *time.Time) int {
	switch {
	case a != nil && b != nil:
		return b.Compare(*a)
	case a != nil:
		return -1
	case b != nil:
		return 1
	}
	return 0
}

func (s *Scanner) pull(h *history) (Pull, bool) {
	f := h.newest
	if f == nil && h.backoff != nil && h.lastSuccess.IsZero() {
		f = h.ofBackoff()
	}
	p := Pull{Image: h.image, Requested: h.requested, LastSuccess: known(h.lastSuccess), Attempts: []Attempt{}}
	if f == nil {
		p.Succeeded = h.succeeded
		return p, h.succeeded
	}
	var all tally
	for _, t := range h.tallies { // the source that is believed most stands last
		all = all.believing(t)
	}
	p.Failures = all.failures
	p.Failures = max(p.Failures, 1)
	p.FirstFailure, p.LastFailure = known(all.first), known(all.last)
	p.Reported, p.Config, p.Stage = f.reported, f.config, f.stage
	if !f.agent {
		p.ReportedError = f.text
	}
	p.Attempts = append(p.Attempts, f.attempts...)
	p.Secret = s.secretOf(f)
	p.Succeeded = h.succeeded
	return p, true
}

// ofBackoff makes a failure of the kubelet's word that it waits, which may quote the error: of one,
// however often it says so, for nothing is pulled meanwhile.
func (h *history) ofBackoff() *failure {
	var s Scanner
	r := *h.backoff
	r.count = 0
	f := s.assemble(h, r, record{})
	h.requested = cmp.Or(h.requested, h.backoff.image)
	h.count(f, false)
	h.newest = f
	return f
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// believing is what two sources come to: the count of the better one, and its times, but
// where the other one saw failures well before or after.
func (t tally) believing(better tally) tally {
	switch {
	case better.failures == 0:
		return t
	case t.first.IsZero():
		return better
	case better.first.IsZero():
		return tally{better.failures, t.first, t.last}
	}
	if t.first.Before(better.first.Add(-sameReport)) {
		better.first = t.first
	}
	if t.last.After(better.last.Add(sameReport)) {
		better.last = t.last
	}
	return better
}
