package logparse

import (
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// TestEventsAreGathered takes many events with few waits: those that are left fill the kernel's
// queue.
func TestEventsAreGathered(t *testing.T) {
	events := make(chan fsnotify.Event, 200)
	for range cap(events) {
		events <- fsnotify.Event{}
	}
	n := notifier{events: events}
	waits := 0
	for ; len(events) > 0; waits++ {
		n.wait(t.Context(), time.Millisecond)
		if n.silent {
			t.Fatal("an event was not seen")
		}
	}
	if waits > cap(events)/2 {
		t.Errorf("%d waits for %d events", waits, cap(events))
	}
	if n.wait(t.Context(), time.Millisecond); !n.silent {
		t.Error("an event where there was none")
	}
}
