package logparse

import (
	"os"
	"runtime/debug"
	"sync/atomic"
)

// windowSize bounds how much of a file is mapped at a time.
const windowSize = 32 << 20

// A window is a piece of a file that is mapped, for as long as somebody holds it. nil holds
// nothing.
type window struct {
	mapped []byte
	at     int64
	holds  atomic.Int32
}

// openWindow maps as much of a file of that size, from a place in it on, as a window holds; nil
// where the system can't.
func openWindow(file *os.File, at, size int64) *window {
	at -= at % int64(os.Getpagesize())
	mapped, err := mapFile(file, at, int(min(windowSize, size-at)))
	if err != nil {
		return nil
	}
	w := &window{mapped: mapped, at: at}
	w.hold()
	return w
}

func (w *window) reaches(end int64) bool { return w != nil && end <= w.at+int64(len(w.mapped)) }

func (w *window) hold() { w.holds.Add(1) }

func (w *window) release() {
	if w != nil && w.holds.Add(-1) == 0 {
		unmapFile(w.mapped)
	}
}

// look shows a piece of the file to see; false where it went away meanwhile.
func (w *window) look(at int64, size int, see func([]byte)) (whole bool) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if failure := recover(); failure != nil {
			if _, fault := failure.(interface{ Addr() uintptr }); !fault {
				panic(failure)
			}
		}
	}()
	see(w.mapped[at-w.at:][:size])
	return true
}
