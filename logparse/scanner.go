// Package logparse reads what containerd, the kubelet and their clients log about image
// pulls, and puts each pull's lines together.
//
// The format is recognised line by line: containerd's text and JSON formats of 1.6 to 2.4,
// with journal or syslog prefixes or without, entries of journalctl -o json, the kubelet's
// klog lines, Kubernetes events as text or JSON, and what crictl, ctr and nerdctl print.
package logparse

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"time"

	"github.com/klauspost/compress/gzip"
)

// A Scanner gathers the pulls of one node from its logs. The zero value is ready to use.
// It is not safe for concurrent use.
type Scanner struct {
	// Since is when what is told begins: a pull that ended before does not count, nor is a
	// rotated file read whose name says that it is older. Zero: everything counts. A line
	// without a time always does.
	Since time.Time
	// Now is when the logs end at the latest. Times that lack a year are counted back from
	// it, or from the last full time read. Zero: unknown.
	Now time.Time
	// Zone is that of times that state none. Nil: UTC.
	Zone *time.Location

	clock   clock
	event   eventBlock
	version string
	booted  time.Time // when containerd was started last
	agent   AgentConfig
	images  map[string]*history
	mention []*history // in order of first mention
	open    map[*history]bool
	pods    map[string]record // sandboxes being made, by pod
	pool    pool
	ends    [2]end // of the last two images of which a pull ended, the last one first
	seq     int
	last    *failure // whatever image it was of
}

// Stats say how much was read.
type Stats struct {
	Lines   int // the last one counts without its end too
	Skipped int // of Lines: over 1 MiB, binary, or broken JSON
}

// Scan reads one log to its end; name is what the results call it. A log that is
// compressed is recognised by its content. Files of one log are to be given oldest first,
// for a pull may begin in one and end in the next; the lines of one file may run backwards.
//
// An error says that reading stopped part way; what was read until then counts.
func (s *Scanner) Scan(name string, r io.Reader) (Stats, error) {
	var stats Stats
	if t := rotationTime(name); !t.IsZero() && t.Before(s.Since) {
		return stats, nil
	}
	in, err := decompress(r)
	if err != nil {
		return stats, fmt.Errorf("reading %q: %w", name, err)
	}
	order := &order{take: s.take}
	defer order.flush()
	text := newLines(in)
	for {
		line, long, err := text.next()
		if err == io.EOF {
			return stats, nil
		}
		if err != nil {
			return stats, fmt.Errorf("reading %q: line %d: %w", name, stats.Lines+1, err)
		}
		stats.Lines++
		if long || !s.line(name, stats.Lines, line, order.add) {
			stats.Skipped++
		}
	}
}

// Line takes one line of a log that is followed, without its end; number is what the
// results call it. Lines are to be given in order of time. A line that says nothing of
// pulls costs no allocation. False: the line counts as skipped.
func (s *Scanner) Line(name string, number int, line []byte) bool {
	return len(line) <= maxLine && s.line(name, number, line, s.take)
}

// line takes one line apart; false where it should hold something and cannot be read.
func (s *Scanner) line(name string, number int, line []byte, take func(record)) bool {
	if bytes.IndexByte(line, 0) >= 0 {
		return false
	}
	s.clock.now, s.clock.zone = s.Now, s.Zone
	add := func(m message) {
		if rec := classify(m); rec.kind != kindNone {
			rec.file, rec.line = name, number
			take(rec)
		}
	}
	if trimmed := bytes.TrimLeft(line, " \t"); len(trimmed) > 0 && trimmed[0] == '"' {
		m, ok, member := s.event.line(&s.clock, string(trimmed))
		if ok {
			add(m)
		}
		if member {
			return true
		}
	}
	if !relevant(line) {
		return true
	}
	return s.clock.decode(string(line), add)
}

// ContainerdVersion is that of the containerd that was started last, such as
// v2.1.5-k3s1; "" where no line tells.
func (s *Scanner) ContainerdVersion() string { return s.version }

// marks are what a line holds that tells of a pull, in any case of its first letter.
var marks = [][]byte{
	[]byte("ullImage"), []byte("ulling image"), []byte("ulled image"), []byte("ull image"), []byte("ull and unpack image"),
	[]byte("rying next host"), []byte("etch failed"), []byte("unPodSandbox for "), []byte("ailed to decode "),
	[]byte("tarting containerd"), []byte("ailed to resolve reference"), []byte("ailed to copy: "), []byte("arse image "),
	[]byte("mage tag "), []byte(`"MESSAGE":[`), []byte("ull policy of Never"), []byte("ailed to do request: "), []byte("sandbox image "),
	[]byte("rivate registry config file"), []byte("etrieve agent configuration"),
}

func relevant(line []byte) bool {
	for _, mark := range marks {
		if bytes.Contains(line, mark) {
			return true
		}
	}
	return false
}

func decompress(r io.Reader) (io.Reader, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	magic, err := in.Peek(2)
	if err != nil && err != io.EOF {
		return nil, err
	}
	if string(magic) != "\x1f\x8b" {
		return in, nil
	}
	return gzip.NewReader(in)
}

// An order hands on the records of one file in the order in which they happened. Logs that
// were fetched newest first run backwards; the first records tell.
type order struct {
	take    func(record)
	held    []record
	decided bool
	reverse bool
}

const (
	heldForDirection = 64
	heldBackwards    = 2048 // then what is held is handed on, though older lines will follow
)

func (o *order) add(r record) {
	switch {
	case o.decided && !o.reverse:
		o.take(r)
		return
	case !o.decided && len(o.held) == heldForDirection:
		o.decide()
	case len(o.held) == heldBackwards:
		o.release()
	}
	if o.decided && !o.reverse {
		o.take(r)
		return
	}
	o.held = append(o.held, r)
}

func (o *order) decide() {
	later, earlier := 0, 0
	var last time.Time
	for _, r := range o.held {
		if r.time.IsZero() {
			continue
		}
		switch {
		case last.IsZero():
		case r.time.After(last):
			later++
		case r.time.Before(last):
			earlier++
		}
		last = r.time
	}
	o.decided, o.reverse = true, earlier > later
	if !o.reverse {
		o.release()
	}
}

func (o *order) release() {
	for i := range o.held {
		if o.reverse {
			i = len(o.held) - 1 - i
		}
		o.take(o.held[i])
	}
	o.held = o.held[:0]
}

func (o *order) flush() {
	if !o.decided {
		o.decide()
	}
	o.release()
}
