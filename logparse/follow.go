package logparse

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"slices"
	"time"
)

// A Follower reads a log that is being written, through every way in which logs are
// rotated: renamed away and begun anew, or copied and truncated. No line comes twice, and
// none is lost that the live file, a renamed one or a copy holds, compressed or not.
type Follower struct {
	// Resolve returns where the live log stands. It is called whenever the file is looked
	// for, so that links are followed as they are then. While the error is fs.ErrNotExist
	// the log is waited for.
	Resolve func() (string, error)
	// Name is what lines of the live file are said to be from; those of a rotated one are
	// from that file beside it.
	Name string
	// FromEnd starts behind the last line of a live file that is there already. Otherwise
	// all is read that was written since Since, rotated files first.
	FromEnd bool
	// Since is when a file must have been written last to be read. Zero: all are read.
	Since time.Time
	// Poll is how often the file is looked at where no event tells of changes. 0: 1 s.
	Poll time.Duration
	// CaughtUp is called after all that is there has been read, and at least once each
	// Poll. nil: nothing is.
	CaughtUp func(FollowStats)
	// Problem is told what keeps the log from being read, once per message, and nil when that
	// is over; following goes on. nil: nobody is.
	Problem func(error)

	stats   FollowStats
	current *logFile
	lines   splitter
	known   [][]byte // heads of rotated files that were read, or are older than what is
	started bool
	problem string
}

// FollowStats say how much was read so far.
type FollowStats struct {
	Lines   int // Skipped ones included
	Skipped int // over 1 MiB
	// Lost counts what is known to be missing: lines that a truncation cut off, and
	// rotated files that could not be read to their end.
	Lost      int
	Rotations int
}

// A Line is a line of a log, without its end.
type Line struct {
	File   string
	Number int
	Text   []byte // valid until the next line
}

const (
	defaultPoll = time.Second

	// settle is how long changes gather before they are read: a busy log costs ten looks
	// a second, not one for each line.
	settle = 100 * time.Millisecond

	lastLook = 200 * time.Millisecond // after ctx has ended

	followBuffer = 128 << 10
	maxKnown     = 4 * maxSiblings
)

// Follow hands on the log's lines until ctx ends, which is no error, or take returns one.
// What was written until ctx ended is read, as far as that takes no time.
func (f *Follower) Follow(ctx context.Context, take func(Line) error) error {
	if f.Poll <= 0 {
		f.Poll = defaultPoll
	}
	changes := &notifier{}
	defer changes.close()
	buf := make([]byte, followBuffer)
	defer func() { f.current.close() }()
	for ctx.Err() == nil {
		before := f.stats
		if err := f.catchUp(ctx, buf, take); err != nil {
			return err
		}
		if f.CaughtUp != nil && ctx.Err() == nil {
			f.CaughtUp(f.stats)
		}
		path, _ := f.Resolve() // what keeps it from being found, catchUp has told
		changes.watch(path, f.stats != before)
		changes.wait(ctx, f.Poll)
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLook)
	defer cancel()
	return f.catchUp(last, buf, take)
}

// catchUp reads all that is there.
func (f *Follower) catchUp(ctx context.Context, buf []byte, take func(Line) error) error {
	for ctx.Err() == nil {
		if err := f.readCurrent(ctx, buf, take); err != nil {
			return err
		}
		moved, err := f.advance(buf, take)
		if err != nil {
			return err
		}
		if !moved {
			return nil
		}
	}
	return nil
}

// readCurrent reads the current file to its present end.
func (f *Follower) readCurrent(ctx context.Context, buf []byte, take func(Line) error) error {
	for f.current != nil && ctx.Err() == nil {
		n, err := f.current.read(buf)
		if err := f.split(buf[:n], take); err != nil {
			return err
		}
		if err != nil || n == 0 {
			return nil
		}
	}
	return nil
}

func (f *Follower) split(chunk []byte, take func(Line) error) error {
	return f.lines.split(chunk, func(number int, text []byte, long bool) error {
		f.stats.Lines++
		if long {
			f.stats.Skipped++
			return nil
		}
		return take(Line{File: f.current.name, Number: number, Text: text})
	})
}

// advance moves on to the next file where there is one and the current one has ended.
func (f *Follower) advance(buf []byte, take func(Line) error) (moved bool, err error) {
	path, err := f.Resolve()
	if err != nil {
		f.absent(err)
		return false, nil
	}
	if f.current != nil && !f.current.ended(path) {
		f.tell(f.current.fault)
		return false, nil
	}
	view, err := look(path, f.Name)
	if err != nil {
		f.absent(err)
		return false, nil
	}
	f.tell(nil)
	defer view.close()
	if !f.started {
		f.begin(view)
	}
	next := f.next(view)
	if next == nil {
		return false, nil
	}
	return true, f.turnTo(next, buf, take)
}

// absent says why there is no log to be read. Where there is none yet, all that comes is new.
func (f *Follower) absent(err error) {
	f.tell(err)
	f.started = f.started || errors.Is(err, fs.ErrNotExist)
}

// begin takes for known the rotated files that are not to be read.
func (f *Follower) begin(v *view) {
	f.started = true
	for _, s := range v.rotated {
		if f.FromEnd || s.info.ModTime().Before(f.Since) {
			f.remember(s.head)
		}
	}
	if f.FromEnd && v.live != nil {
		v.live.atEnd = true
	}
}

// next is what is to be read after the current file, taken out of v: the rest of it in its
// copy, a file that was rotated away unseen, or the live one. nil: nothing yet.
func (f *Follower) next(v *view) *logFile {
	if f.current != nil && f.current.cut {
		if s := v.copyOf(f.current.head); s != nil {
			s.resumed = true
			return v.take(s)
		}
	}
	for _, s := range v.rotated {
		if len(s.head) > 0 && !f.isKnown(s.head) && !v.isLive(s.head) {
			return v.take(s)
		}
	}
	switch {
	case v.live == nil || len(v.live.head) == 0: // whoever writes it may still be writing the old one
		return nil
	case f.current != nil && alike(v.live.head, f.current.head):
		v.live.resumed = true
	}
	return v.take(v.live)
}

// turnTo ends the current file and makes next the current one.
func (f *Follower) turnTo(next *logFile, buf []byte, take func(Line) error) error {
	if err := f.finish(next, buf, take); err != nil {
		next.close()
		return err
	}
	last := f.current
	f.current = next
	if next.resumed {
		next.resumeAt(last.offset)
		return nil
	}
	f.lines = splitter{}
	if !next.atEnd {
		return nil
	}
	number, whole, err := next.seekEnd(buf)
	f.lines = splitter{number: number, ignore: !whole}
	return ignoreEnd(err)
}

// finish reads what was written to the current file before the next one, and what stands
// after its last line end.
func (f *Follower) finish(next *logFile, buf []byte, take func(Line) error) error {
	if f.current == nil {
		return nil
	}
	defer func() { f.current.close() }()
	if err := f.readCurrent(context.Background(), buf, take); err != nil {
		return err
	}
	f.remember(f.current.head)
	if next.resumed {
		return nil
	}
	f.stats.Rotations++
	switch {
	case f.current.broken:
		f.stats.Lost++
	case f.lines.empty():
	case f.current.cut, f.current.resumed && f.current.rotated:
		f.stats.Lost++
	default:
		return f.split([]byte{'\n'}, take)
	}
	return nil
}

// isKnown reports whether the file that begins with head was read, or is being read.
func (f *Follower) isKnown(head []byte) bool {
	return f.current != nil && alike(f.current.head, head) || slices.ContainsFunc(f.known, func(k []byte) bool { return alike(k, head) })
}

func (f *Follower) remember(head []byte) {
	if len(head) == 0 {
		return
	}
	if len(f.known) == maxKnown {
		f.known = slices.Delete(f.known, 0, 1)
	}
	f.known = append(f.known, slices.Clone(head))
}

// tell passes on what keeps the log from being read, where that is news.
func (f *Follower) tell(err error) {
	message := ""
	if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errMoving) {
		message = err.Error()
	}
	if message == f.problem {
		return
	}
	f.problem = message
	if message == "" {
		err = nil
	}
	if f.Problem != nil {
		f.Problem(err)
	}
}

func ignoreEnd(err error) error {
	if err == io.EOF {
		return nil
	}
	return err
}
