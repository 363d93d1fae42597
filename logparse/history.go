package logparse

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
)

const (
	// sameFailure is how soon after a failed pull the next one of the same image begins
	// where the kubelet tries its credentials one after the other.
	sameFailure = 2 * time.Second
	// sameReport is how soon the kubelet tells what containerd told.
	sameReport = 5 * time.Second
	// lookBack is how far before a failure its first lines are looked for, where the log
	// does not say when the pull began.
	lookBack = 10 * time.Minute

	maxImages = 4096
	maxOpen   = 8    // pulls of one image at a time
	maxSeen   = 4096 // failures of one image that a repeated line is compared with
)

// A history is what is known of the pulls of one image.
type history struct {
	image       string
	requested   string
	ref         imageRef // zero where the image is no reference
	starts      []record // pulls that have not ended
	tallies     [sources]tally
	newest      *failure
	lastSuccess time.Time
	succeeded   bool // the newest outcome is a success
	noProgress  bool // containerd said that it would cancel the pull that is open
	ended       int  // seq of the last line that ended a pull
	seen        map[int64]bool
	backoff     *record // that tells of a failure, where nothing else does
	heard       int     // seq of the last line about it
	changed     bool    // since Changed was called
	before      *record // the newest failure that Since leaves out; nil where none is, or the image was pulled after it
}

// A tally counts the failures that one source told of.
type tally struct {
	failures    int
	first, last time.Time
}

// A failure is one failed pull, or several that tried the same with other credentials.
type failure struct {
	record
	decisive string    // the part of its text that decides the cause
	began    time.Time // zero: unknown
	stage    Stage
	reported Failure
	config   Failure
	attempts []Attempt
}

// take adds what one line says.
func (s *Scanner) take(r record) {
	r = s.numbered(r)
	switch r.kind {
	case kindBoot:
		s.version = cmp.Or(r.text, s.version)
		s.booted = r.time
		s.forgetOpen()
		s.endRuntime()
	case kindAgentReads, kindAgentRefuses:
		s.agent.take(r, s.Since)
	case kindHost, kindUndecoded:
		s.pool.add(r)
	case kindSecret:
		s.lacks(r)
	case kindNameless:
		s.nameless = true
	case kindAsked:
		s.asked = r
	case kindInner:
		s.inner = r
	default:
		if r.kind == kindNoProgress {
			s.asked = r
		}
		r.image = cmp.Or(r.image, s.askedFor(r))
		s.takeFor(s.history(r), r)
	}
}

func (s *Scanner) numbered(r record) record {
	s.seq++
	r.seq = s.seq
	return r
}

func (s *Scanner) takeFor(h *history, r record) {
	old := !r.time.IsZero() && r.time.Before(s.Since)
	h.heard, h.changed = r.seq, true
	switch r.kind {
	case kindStart:
		h.requested = r.image
		if len(h.starts) == maxOpen {
			h.starts = h.starts[1:]
		}
		h.starts = append(h.starts, r)
		if s.open == nil {
			s.open = map[*history]bool{}
		}
		s.open[h] = true
	case kindNoProgress:
		h.noProgress = true
	case kindBackoff:
		if !old {
			h.backoff = &r
		}
	case kindSuccess:
		s.success(h, r, old)
	case kindFailure:
		s.failure(h, r, old)
	}
}

// forgetOpen ends what containerd had not ended when it was started anew.
func (s *Scanner) forgetOpen() {
	for h := range s.open {
		h.starts, h.noProgress = nil, false
	}
	clear(s.open)
	s.pool.clear()
}

// history is that of the image which r names. Where there is no room for another one, those
// that were heard of longest ago make some.
func (s *Scanner) history(r record) *history {
	name := r.image
	if name == "" {
		name = quotedAfter(r.text, `failed to pull and unpack image "`)
	}
	n := s.names.of(name, normalised)
	if h := s.images[n.image]; h != nil {
		return h
	}
	if len(s.images) >= maxImages {
		s.Forget(maxImages / 2)
	}
	h := &history{image: n.image, ref: n.ref}
	if s.images == nil {
		s.images = map[string]*history{}
	}
	s.images[n.image] = h
	s.mention = append(s.mention, h)
	return h
}

// end closes the pull that r ends, and returns its first line; the zero record where it is
// not known.
func (s *Scanner) end(h *history, r record) record {
	if r.sandbox || r.source != sourceRuntime || len(h.starts) == 0 {
		return record{}
	}
	start := h.starts[len(h.starts)-1]
	h.starts = h.starts[:len(h.starts)-1]
	if len(h.starts) == 0 {
		delete(s.open, h)
	}
	return start
}

func (s *Scanner) success(h *history, r record, old bool) {
	start := s.end(h, r)
	if start.seq > 0 {
		s.pool.spend(h, s.span(h, r, start))
	}
	s.endedAt(h, r, start)
	h.noProgress = false
	if h.before != nil && !r.time.Before(h.before.time) {
		h.before = nil
	}
	if old {
		return
	}
	h.requested = cmp.Or(h.requested, r.image)
	if r.time.After(h.lastSuccess) {
		h.lastSuccess = r.time
	}
	h.succeeded = h.newest == nil || h.newest.time.IsZero() || r.time.IsZero() || !r.time.Before(h.newest.time)
}

func (s *Scanner) failure(h *history, r record, old bool) {
	start := s.end(h, r)
	f := s.assemble(h, r, start)
	s.endedAt(h, r, start)
	h.noProgress = false
	if old && (h.before == nil || r.time.After(h.before.time)) {
		h.before = &r
	}
	if old || h.repeated(r) || s.echo(f) {
		return
	}
	if h.requested == "" {
		h.requested = r.image
	}
	again := h.again(f)
	h.count(f, again)
	h.keep(f, again)
	if h.newest == f {
		s.last = f
	}
	if h.lastSuccess.IsZero() || f.time.IsZero() || f.time.After(h.lastSuccess) {
		h.succeeded = false
	}
	if f.agent {
		s.endRuntime()
	}
}

// repeated reports whether this very line was counted before: logs may overlap.
func (h *history) repeated(r record) bool {
	if r.time.Nanosecond() == 0 { // events and the like have seconds only
		return false
	}
	key := r.time.UnixNano()<<2 | int64(r.source)
	if h.seen[key] {
		return true
	}
	if len(h.seen) >= maxSeen || h.seen == nil {
		h.seen = map[int64]bool{}
	}
	h.seen[key] = true
	return false
}

// echo reports whether f names no image and repeats the failure that was read last: crictl
// ends with such a line.
func (s *Scanner) echo(f *failure) bool {
	return f.image == "" && s.last != nil && s.last.reported.Cause == f.reported.Cause && near(s.last.time, f.time, sameFailure)
}

// again reports whether f belongs to the newest failure: the same pull tried with other
// credentials, or another line of the kubelet about it.
func (h *history) again(f *failure) bool {
	if h.newest == nil || h.newest.source != f.source || f.sandbox || h.newest.time.IsZero() || f.time.IsZero() {
		return false
	}
	if n := h.newest; f.count > 0 && n.count > 0 && (f.count != n.count || !f.first.Equal(n.first)) {
		return false // events of two pods
	}
	began := f.began
	if f.began.IsZero() {
		began = f.time
	}
	pause := began.Sub(h.newest.time)
	return pause >= 0 && pause <= sameFailure
}

func (h *history) count(f *failure, again bool) {
	t := &h.tallies[f.source]
	if !again {
		t.failures += max(1, f.count)
	}
	for _, at := range []time.Time{f.first, f.time} {
		if at.IsZero() {
			continue
		}
		if t.first.IsZero() || at.Before(t.first) {
			t.first = at
		}
		if at.After(t.last) {
			t.last = at
		}
	}
}

// keep makes f the newest failure if it is. What containerd told of a pull is kept where
// the kubelet tells of the same one.
func (h *history) keep(f *failure, again bool) {
	n := h.newest
	switch {
	case n == nil:
	case again:
		f.join(n)
	case n.source != f.source && near(n.time, f.time, sameReport):
		if f.source < n.source {
			return
		}
	case !n.time.IsZero() && !f.time.IsZero() && f.time.Before(n.time), f.text != n.text && f.isPart(n):
		return
	case f.beside(n) && len(f.attempts) < len(n.attempts):
		f.attempts = merge(slices.Clone(n.attempts), f.attempts)
	}
	h.newest = f
}

// isPart reports whether f's text is a part of n's: it was cut, or quoted.
func (f *failure) isPart(n *failure) bool {
	part := strings.TrimRight(strings.TrimPrefix(f.text, "rpc error: code = Unknown desc = "), wrappers+`.…\>`)
	return strings.Contains(n.text, part)
}

// beside reports whether f's pull ran beside n's, which ended before it. Nothing tells when
// a sandbox's began.
func (f *failure) beside(n *failure) bool {
	if f.sandbox {
		return near(n.time, f.time, sameReport)
	}
	return !f.began.IsZero() && f.began.Before(n.time)
}

// join makes f one failure with the one before it, which had other credentials.
func (f *failure) join(before *failure) {
	f.attempts = merge(slices.Clone(before.attempts), f.attempts)
	if f.config.Cause == cause.None {
		f.config = before.config
	}
	outranked := cause.Outranking(f.reported.Cause, before.reported.Cause) != f.reported.Cause
	if outranked || f.source != sourceRuntime && f.reported.Cause == before.reported.Cause {
		f.reported, f.text, f.stage = before.reported, before.text, before.stage
	}
	if c := f.reported.Cause; c == cause.NotFound && !slices.ContainsFunc(f.attempts, func(a Attempt) bool { return a.Cause == c }) {
		f.attempts = slices.DeleteFunc(f.attempts, func(a Attempt) bool { return cause.Outranking(a.Cause, c) == c })
	}
}

// near reports whether two times are at most d apart, or one of them is unknown.
func near(a, b time.Time, d time.Duration) bool {
	return a.IsZero() || b.IsZero() || a.Sub(b).Abs() <= d
}
