package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/pullwhy/pullwhy/registry"
)

const (
	// journalAgain is how long after its end journalctl is started anew.
	journalAgain = 5 * time.Second

	maxJournalLine = 1 << 20 // longer ones are passed over
)

// A journalTail is what watch reads of a unit's journal, where containerd has no log file.
type journalTail struct {
	unit    string // "" for none
	cursor  string // of the last entry that was read (journalctl(1), --after-cursor)
	lines   int
	skipped int
	problem string // why journalctl ended last; "" while it runs
	changed bool   // problem is another one than at the last judgement
}

// journalUnit is the unit whose journal containerd logs to, "" where it logs to a file.
func (w *watcher) journalUnit() string {
	if w.logName() == "" {
		for _, j := range w.node.node.Journals() {
			if j.Runtime {
				return j.Unit
			}
		}
	}
	return ""
}

func (t *journalTail) name() string { return "journal:" + t.unit }

func (t *journalTail) sources() []registry.Source {
	if t.unit == "" {
		return nil
	}
	s := registry.Source{Path: t.name(), Kind: registry.KindJournal, Status: registry.StatusRead, Lines: t.lines, Skipped: t.skipped}
	if t.problem != "" {
		s.Status, s.Detail = registry.StatusUnreadable, t.problem
	}
	return []registry.Source{s}
}

// followJournal has journalctl follow the unit that the node's containerd logs to, if there
// is one, until ctx ends.
func (w *watcher) followJournal(ctx context.Context) {
	for ctx.Err() == nil {
		w.mu.Lock()
		tail := w.journal
		w.mu.Unlock()
		if tail.unit != "" {
			err := w.readJournal(ctx, tail)
			w.endJournal(ctx, err)
		}
		select {
		case <-ctx.Done():
		case <-time.After(journalAgain):
		}
	}
}

// endJournal says why journalctl has ended, once for each reason.
func (w *watcher) endJournal(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.journal.meets(reason(err)) {
		w.log.Warn().Err(err).Str("unit", w.journal.unit).Msg("the journal cannot be followed")
	}
}

// meets reports whether the problem is another one than the last.
func (t *journalTail) meets(problem string) bool {
	if problem == t.problem {
		return false
	}
	t.problem, t.changed = problem, true
	return true
}

// journalRuns takes a journalctl that has not ended yet for one that reads: a quiet unit has
// no entries to tell by.
func (w *watcher) journalRuns() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.journal.meets("")
}

// readJournal reads what journalctl prints until it ends.
func (w *watcher) readJournal(ctx context.Context, tail journalTail) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var words firstBytes
	cmd, out, err := startJournalctl(ctx, w.hostRoot, &words, w.journalArgs(tail)...)
	if err != nil {
		return err
	}
	defer time.AfterFunc(journalAgain, w.journalRuns).Stop()
	err = w.readEntries(out)
	cancel()
	_ = cmd.Wait() // it was killed
	if errors.Is(err, io.EOF) {
		return errors.New(cmp.Or(words.line(), "journalctl has ended"))
	}
	return err
}

// journalArgs begin behind the last entry that was read, or as the flags say.
func (w *watcher) journalArgs(tail journalTail) []string {
	args := []string{"--follow", "-u", tail.unit, "-o", "json", "--quiet", "--no-pager"}
	switch {
	case tail.cursor != "":
		return append(args, "--lines=all", "--after-cursor="+tail.cursor)
	case w.fromEnd:
		return append(args, "--lines=0")
	case !w.scanner.Since.IsZero():
		return append(args, "--lines=all", fmt.Sprintf("--since=@%d", w.scanner.Since.Unix()))
	}
	return append(args, "--lines=all")
}

// readEntries takes entries, one a line, until reading fails.
func (w *watcher) readEntries(r io.Reader) error {
	in := bufio.NewReaderSize(r, maxJournalLine)
	for {
		line, err := in.ReadSlice('\n')
		long := errors.Is(err, bufio.ErrBufferFull)
		cursor := cursorOf(line) // before what follows is read over it
		for errors.Is(err, bufio.ErrBufferFull) {
			_, err = in.ReadSlice('\n')
		}
		if err != nil {
			return err
		}
		w.takeEntry(line, cursor, long)
	}
}

func (w *watcher) takeEntry(line []byte, cursor string, long bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := &w.journal
	t.lines++
	t.meets("")
	if long || !w.scanner.Line(t.name(), t.lines, bytes.TrimRight(line, "\n")) {
		t.skipped++
	}
	if cursor != "" {
		t.cursor = cursor
	}
	if t.lines%forgetEvery == 0 {
		w.scanner.Forget(maxWatched)
	}
}

// cursorOf is the field __CURSOR of an entry, which holds nothing that JSON escapes.
// (systemd.journal-fields(7))
func cursorOf(entry []byte) string {
	_, rest, _ := bytes.Cut(entry, []byte(`"__CURSOR":"`))
	cursor, _, ok := bytes.Cut(rest, []byte(`"`))
	if !ok {
		return ""
	}
	return string(cursor)
}
