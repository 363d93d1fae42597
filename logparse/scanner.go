// Package logparse reads what containerd, the kubelet and their clients log about image
// pulls, and puts each pull's lines together.
//
// The format is recognised line by line: containerd's text and JSON formats of 1.6 to 2.4,
// with journal or syslog prefixes or without, entries of journalctl -o json, the kubelet's
// klog lines, Kubernetes events as text or JSON, and what crictl, ctr and nerdctl print.
package logparse

import (
	"bytes"
	"fmt"
	"io"
	"time"
)

// A Scanner gathers the pulls of one node from its logs. The zero value is ready to use.
// It is not safe for concurrent use.
type Scanner struct {
	// Since is when what is told begins: a pull that ended before does not count, nor is a
	// rotated file read whose name says that it is older. Zero: everything counts. A line
	// without a time always does.
	Since time.Time
	// Now is when the logs end at the latest. Times that lack a year get that next to the time
	// that was read before, or to it. Zero: unknown.
	Now time.Time
	// Zone is that of times that state none. Nil: UTC.
	Zone *time.Location

	dates   calendar
	heading record // the last one
	event   eventBlock
	block   int // bytes that are read at once; 0: blockSize
	version string
	booted  time.Time // when containerd was started last
	agent   AgentConfig
	names   memo[named]
	images  map[string]*history
	mention []*history // in order of first mention
	open    map[*history]bool
	pool    pool
	ends    []end // of the last pulls that ended, in order
	seq     int
	last    *failure // whatever image it was of
	asked   record   // the last one
	inner   record   // the last one

	nameless  bool
	forgotten int      // failing images
	secrets   []record // that the kubelet lacked, the last ones
}

// A Log is one log that can be read.
type Log struct {
	Name string // what the results call it
	Open func() (io.ReadCloser, error)
}

// A Result is what came of reading a log.
type Result struct {
	Stats
	Older bool  // than Scanner.Since, by the file's name: it was left out
	Err   error // says that reading stopped part way; what was read until then counts
}

// Stats say how much was read.
type Stats struct {
	Lines   int // the last one counts without its end too
	Skipped int // of Lines: over 1 MiB, binary, or broken JSON
}

// Scan reads one log to its end; name is what the results call it. The rest is as with
// ScanAll.
func (s *Scanner) Scan(name string, r io.Reader) (Stats, error) {
	result := s.ScanAll([]Log{{name, func() (io.ReadCloser, error) { return io.NopCloser(r), nil }}})[0]
	return result.Stats, result.Err
}

// ScanAll reads logs to their ends, several at a time, and returns what came of each. A
// log that is compressed is recognised by its content. Files of one log are to be given
// oldest first, for a pull may begin in one and end in the next; the lines of one file may
// run backwards.
func (s *Scanner) ScanAll(logs []Log) []Result {
	readings := make([]*reading, len(logs))
	for i, l := range logs {
		readings[i] = s.read(l)
	}
	results := make([]Result, len(logs))
	for i, r := range readings {
		for _, next := range readings[i+1 : min(i+logsAtOnce, len(logs))] {
			next.start()
		}
		results[i] = s.gather(logs[i].Name, r)
	}
	return results
}

// gather takes what a log's chunks hold.
func (s *Scanner) gather(name string, r *reading) (result Result) {
	order := &order{take: s.take}
	defer order.flush()
	s.event = eventBlock{}
	result.Older = r.older
	for c := r.next(); c != nil; c = r.next() {
		for _, f := range c.found {
			if !s.give(f, name, result.Lines+f.line, order.add) {
				result.Skipped++
			}
		}
		result.Lines += c.lines
		result.Skipped += c.skipped
		if c.err != nil {
			result.Err = fmt.Errorf("reading %q: line %d: %w", name, result.Lines+1, c.err)
		}
	}
	return result
}

// give hands on what was found in a line; false where that cannot be read after all.
func (s *Scanner) give(f finding, name string, line int, take func(record)) bool {
	s.dates.now = s.Now
	found := func(f finding) {
		r := f.record
		r.time, r.file, r.line = s.dates.date(r.time), name, line
		if r.kind == kindHeading {
			s.heading = r
			return
		}
		take(r.below(s.heading))
	}
	if f.member == "" {
		found(f)
		return true
	}
	zone := clock{s.Zone}
	say := func(m message) { m.find(found) }
	return s.event.line(zone, f.member, say) || zone.decode(f.member, say)
}

// Line takes one line of a log that is followed, without its end; number is what the
// results call it. Lines are to be given in order of time. A line that says nothing of
// pulls costs no allocation. False: the line counts as skipped.
func (s *Scanner) Line(name string, number int, line []byte) bool {
	if len(line) > maxLine {
		return false
	}
	ok := bytes.IndexByte(line, 0) < 0
	if hasMark(line) {
		ok = clock{s.Zone}.find(line, func(f finding) { ok = s.give(f, name, number, s.take) && ok }) && ok
	}
	return ok
}

// Nameless reports whether a line says of a pod that its image cannot be pulled, and not which
// that is, as kubectl get pods does.
func (s *Scanner) Nameless() bool { return s.nameless }

// ContainerdVersion is that of the containerd that was started last, such as
// v2.1.5-k3s1; "" where no line tells.
func (s *Scanner) ContainerdVersion() string { return s.version }
