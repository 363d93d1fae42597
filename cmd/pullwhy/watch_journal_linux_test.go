package main

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/registry"
)

// TestWatchJournal follows the journal of a containerd that has no log file, and goes on
// behind the last entry that it read where journalctl ends.
func TestWatchJournal(t *testing.T) {
	dir := fakeJournalctl(t, `echo "$@" >> ${0%/*}/args
sed 's/{/{"__CURSOR":"s=1;i=2",/' ${0%/*}/lines
echo "the journal was closed" >&2
`)
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "etc/containerd/config.toml"), "version = 2\n", 0o644)
	d := &diagnosis{env: &env{out: io.Discard, log: zerolog.Nop(), hostRoot: root}, noProbe: true}
	w := d.newWatcher(watchFlags{fromEnd: true})
	w.step(noon, false)
	if w.journal.unit != "containerd" {
		t.Fatalf("%+v", w.journal)
	}
	d.hostRoot = "/" // the tool's own journalctl
	for range 2 {
		if err := w.readJournal(t.Context(), w.journal); err == nil || err.Error() != "the journal was closed" {
			t.Error(err)
		}
	}
	w.caughtUp(logparse.FollowStats{})
	w.step(noon.Add(time.Minute), false)
	if n := w.metrics.lines.Load(); n != 4 {
		t.Errorf("the metric says %d lines", n)
	}
	if names := len(w.images); names != 2 {
		t.Errorf("%d images", names)
	}
	want := registry.Source{Path: "journal:containerd", Kind: registry.KindJournal, Status: registry.StatusRead, Lines: 4}
	if got := w.sources(); len(got) != 1 || got[0] != want {
		t.Errorf("%+v", got)
	}
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	if err != nil {
		t.Fatal(err)
	}
	common := "--follow -u containerd -o json --quiet --no-pager "
	if got := string(args); got != common+"--lines=0\n"+common+"--lines=all --after-cursor=s=1;i=2\n" {
		t.Errorf("journalctl was run with\n%s", got)
	}
}

// TestWatchJournalEnds does not wait for a journalctl that goes on.
func TestWatchJournalEnds(t *testing.T) {
	fakeJournalctl(t, "exec sleep 600\n")
	d := &diagnosis{env: &env{out: io.Discard, log: zerolog.Nop(), hostRoot: "/"}}
	w := d.newWatcher(watchFlags{})
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.readJournal(ctx, journalTail{unit: "containerd"}) }()
	cancel()
	select {
	case <-ended:
	case <-time.After(scriptPatience):
		t.Error("it goes on")
	}
}

// TestJournalLongEntry passes over what is too long to be an entry about a pull, and begins
// anew with the entry behind it where that was not read to its end.
func TestJournalLongEntry(t *testing.T) {
	d := &diagnosis{env: &env{log: zerolog.Nop()}}
	w := d.newWatcher(watchFlags{})
	text := strings.Repeat("x", 3*maxJournalLine) + "\n" + journalLines
	if err := w.readEntries(strings.NewReader(text)); err != io.EOF || w.journal.lines != 3 || w.journal.skipped != 1 {
		t.Errorf("%v, %+v", err, w.journal)
	}
	if n := len(w.scanner.Pulls()); n != 2 {
		t.Errorf("%d pulls", n)
	}
	text = `{"__CURSOR":"long","MESSAGE":"` + strings.Repeat("x", 2*maxJournalLine) + "\"}\n" + `{"__CURSOR":"cut off","MESSA`
	if err := w.readEntries(strings.NewReader(text)); err != io.EOF || w.journal.cursor != "long" {
		t.Errorf("%v, behind %q", err, w.journal.cursor)
	}
}

// TestWatchBlind is neither ready nor sure of the node while journalctl cannot be run, and
// both as soon as it runs, though the unit is quiet.
func TestWatchBlind(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "etc/containerd/config.toml"), "version = 2\n", 0o644)
	d := &diagnosis{env: &env{out: io.Discard, log: zerolog.Nop(), hostRoot: root}, noProbe: true}
	w := d.newWatcher(watchFlags{fromEnd: true})
	look := func(now time.Time) (ready int, condition string) {
		w.caughtUp(logparse.FollowStats{})
		w.step(now, false)
		answer := httptest.NewRecorder()
		w.handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/readyz", nil))
		condition, _, _ = conditionOf(w.present.Load().report)
		return answer.Code, condition
	}
	now := time.Now()
	if ready, condition := look(now); ready != http.StatusOK || condition != "False" {
		t.Errorf("at the beginning: %d, %s", ready, condition)
	}
	w.endJournal(t.Context(), errors.New("operation not permitted"))
	if ready, condition := look(now.Add(time.Minute)); ready != http.StatusServiceUnavailable || condition != "Unknown" {
		t.Errorf("without a journal: %d, %s", ready, condition)
	}
	read := w.metrics.read.Load()
	if look(now.Add(2 * time.Minute)); w.metrics.read.Load() != read {
		t.Error("the log is said to have been read")
	}
	w.journalRuns()
	if ready, condition := look(now.Add(3 * time.Minute)); ready != http.StatusOK || condition != "False" {
		t.Errorf("with a journal again: %d, %s", ready, condition)
	}
}
