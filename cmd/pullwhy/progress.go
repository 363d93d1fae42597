package main

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"
)

// progressEvery is how often the line is written anew at most: often enough to be seen to
// move.
const progressEvery = 100 * time.Millisecond

// progress is a line on a terminal that says how far the probe is. Elsewhere it is silent.
type progress struct {
	out   *os.File // nil: no terminal
	shown time.Time
}

func (e *env) progress() *progress {
	f, ok := e.stderr.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || os.Getenv("TERM") == "dumb" {
		return &progress{}
	}
	return &progress{out: f}
}

// show is called when so many of all requests have been answered.
func (p *progress) show(answered, all int) {
	if p.out == nil || time.Since(p.shown) < progressEvery {
		return
	}
	p.shown = time.Now()
	fmt.Fprintf(p.out, "\r\x1b[Kasking the endpoints: %d of %d answers...", answered, all)
}

// end takes the line away.
func (p *progress) end() {
	if p.out != nil && !p.shown.IsZero() {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}
