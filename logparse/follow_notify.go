package logparse

import (
	"context"
	"path/filepath"
	"sync"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/nxadm/tail/watch"
)

// A notifier tells of changes to a file, which need not be there yet. It watches the
// folder, which outlives every rotation; what happens to other files in it wakes nobody.
type notifier struct {
	path   string
	events <-chan fsnotify.Event // nil: there is nothing to be had but polling
	silent bool                  // the last wait ended without an event
}

// canWatch reports whether the kernel has an inotify instance left. Package watch would
// end the process where it has none.
var canWatch = sync.OnceValue(func() bool {
	w, err := fsnotify.NewWatcher()
	if err != nil {
		return false
	}
	w.Close()
	return true
})

// watch watches path from now on. news says that the file has changed since the last wait:
// where no event told, the folder is another one by now.
func (n *notifier) watch(path string, news bool) {
	if path == "" || path == n.path && n.events != nil && !(news && n.silent) {
		return
	}
	n.close()
	path, err := filepath.Abs(path)
	if err != nil || !canWatch() || watch.WatchCreate(path) != nil {
		return
	}
	n.path, n.events = path, watch.Events(path)
}

func (n *notifier) close() {
	if n.events != nil {
		_ = watch.RemoveWatchCreate(n.path) // a folder that is gone is not watched any more
		n.events = nil
	}
}

const (
	// gathered is how soon the next event comes that is there already.
	gathered = 100 * time.Microsecond
	// atOnce is how many of them are taken at a time.
	atOnce = 256
)

// wait returns after a change, at the latest after poll. Events that come before it has
// settled are left with the kernel, which makes one of them, but where other files of the
// folder are written in between: these are taken together, or the kernel's queue would run
// over in the end.
func (n *notifier) wait(ctx context.Context, poll time.Duration) {
	if !pause(ctx, min(settle, poll)) {
		return
	}
	n.silent = !n.next(ctx, poll)
	for i := 1; i < atOnce && !n.silent && n.next(ctx, gathered); i++ {
	}
}

// next takes an event; false where none came in time.
func (n *notifier) next(ctx context.Context, d time.Duration) bool {
	timeout := time.NewTimer(d)
	defer timeout.Stop()
	select {
	case _, open := <-n.events:
		if !open {
			n.events = nil
		}
		return true
	case <-timeout.C:
	case <-ctx.Done():
	}
	return false
}

// pause waits; false where ctx ended first.
func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-time.After(d):
		return true
	case <-ctx.Done():
		return false
	}
}
