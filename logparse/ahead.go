package logparse

import (
	"cmp"
	"io"
	"runtime"
	"sync"
)

const (
	// logsAtOnce is how many logs are read at a time: as many as K3s keeps of one.
	logsAtOnce = 4
	// maxHeld bounds the text that one log's chunks were found in and that are not taken
	// yet.
	maxHeld = 4 << 20
)

// A reading is a log that is read, perhaps before its turn. Whoever works on it reads a
// block and searches it, while it is still in that core's cache, as others read on.
type reading struct {
	log   Log
	clock clock
	block int // size of a block

	source sync.Mutex // held to read a block
	file   io.Closer  // nil: not open yet
	parts  *parts     // are searched before blocks are read
	paste  bool       // it is short enough for one
	blocks blocks

	state   sync.Mutex // held, after source, for what follows; ended changes under both
	changed sync.Cond
	chunks  []*chunk // not taken yet, in the log's order
	held    int      // size of those that are done
	ended   bool     // there will be no more chunks
	started bool
	older   bool // by its name, than what counts

	buf []byte // the taker's
}

func (s *Scanner) read(l Log) *reading {
	r := &reading{log: l, clock: clock{s.Zone}, block: cmp.Or(s.block, blockSize)}
	r.changed.L = &r.state
	if t := rotationTime(l.Name); !t.IsZero() && t.Before(s.Since) {
		r.leaveOut()
	}
	return r
}

// leaveOut opens the log, which tells whether it is there, and ends.
func (r *reading) leaveOut() {
	r.older, r.ended, r.started = true, true, true
	file, err := r.log.Open()
	if err != nil {
		r.chunks = []*chunk{{err: err, done: true}}
		return
	}
	file.Close()
}

// start lets others work on r.
func (r *reading) start() {
	if r.started {
		return
	}
	r.started = true
	for range max(1, runtime.GOMAXPROCS(0)-1) {
		go func() {
			var buf []byte
			for r.room() {
				buf = r.work(buf)
			}
		}()
	}
}

// room waits until there is room for another chunk; false: there will be none.
func (r *reading) room() bool {
	r.state.Lock()
	defer r.state.Unlock()
	for r.held > maxHeld && !r.ended {
		r.changed.Wait()
	}
	return !r.ended
}

// next returns the next chunk once it is done, nil after the last one. Until then the
// caller works on the log, too.
func (r *reading) next() *chunk {
	r.state.Lock()
	defer r.state.Unlock()
	for len(r.chunks) > 0 || !r.ended {
		switch {
		case len(r.chunks) > 0 && r.chunks[0].done:
			c := r.chunks[0]
			r.chunks = r.chunks[1:]
			r.held -= c.size
			r.changed.Broadcast()
			return c
		case r.ended || r.held > maxHeld: // someone works on the first chunk
			r.changed.Wait()
		default:
			r.state.Unlock()
			r.buf = r.work(r.buf)
			r.state.Lock()
			if !r.ended {
				r.start()
			}
		}
	}
	if r.file != nil {
		r.file.Close()
	}
	return nil
}

// work searches what comes next, with buf to hold it.
func (r *reading) work(buf []byte) []byte {
	c, text := r.chunk(buf)
	switch {
	case c == nil:
		return buf
	case c.part != nil:
		c.part.search(c, r.clock)
	default:
		c.search(text, r.clock, r.paste)
	}
	r.state.Lock()
	defer r.state.Unlock()
	c.done = true
	r.held += c.size
	r.changed.Broadcast()
	return text[:0]
}

// chunk begins the next chunk, and reads the block that it is of; nil where the log has
// ended.
func (r *reading) chunk(buf []byte) (c *chunk, text []byte) {
	r.source.Lock()
	defer r.source.Unlock()
	if r.ended {
		return nil, buf
	}
	if r.file == nil && r.blocks.err == nil {
		r.blocks.err = r.open()
	}
	c = &chunk{part: r.parts.next()}
	if c.part == nil {
		text = r.readBlock(c, buf)
	}
	ended := r.blocks.err != nil && len(r.blocks.rest) == 0
	if ended && r.blocks.err != io.EOF {
		c.err = r.blocks.err
	}
	r.state.Lock()
	defer r.state.Unlock()
	r.chunks = append(r.chunks, c)
	r.ended = ended
	return c, text
}

func (r *reading) readBlock(c *chunk, buf []byte) []byte {
	if r.parts != nil {
		r.blocks.in, r.blocks.err = r.parts.rest()
		r.parts = nil
	}
	if buf == nil {
		buf = make([]byte, 0, r.block)
	}
	text, long := r.blocks.next(buf)
	if long {
		c.lines, c.skipped = 1, 1
	}
	return text
}
