package logparse

import (
	"bytes"
	"io"
	"os"
)

// partSize is the most that is searched at once: no line in it is longer than maxLine.
const partSize = 512 << 10

// parts cuts a file into parts of whole lines, which are searched where the system keeps
// them: to copy them costs as much as to search them. nil has no parts.
type parts struct {
	file   *os.File
	at     int64 // where the next part begins
	size   int64 // of the file, when it was opened
	window *window
}

// newParts is nil where file is none that can be mapped.
func newParts(file io.Closer) *parts {
	f, ok := file.(*os.File)
	if !ok {
		return nil
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return nil
	}
	return &parts{file: f, size: info.Size()}
}

// next returns the next part; nil where the rest is to be read: what may grow meanwhile, or
// begins with a long line, or went away.
func (p *parts) next() *part {
	if p == nil || p.size-p.at < partSize || !p.move() {
		return nil
	}
	end := 0
	p.window.look(p.at, partSize, func(text []byte) { end = bytes.LastIndexByte(text, '\n') + 1 })
	if end == 0 {
		return nil
	}
	next := &part{p.window, p.file, p.at, end}
	p.window.hold()
	p.at += int64(next.size)
	return next
}

// move has the window reach as far as the next part may.
func (p *parts) move() bool {
	if p.window.reaches(p.at + partSize) {
		return true
	}
	next := openWindow(p.file, p.at, p.size)
	p.window.release()
	p.window = next
	return next != nil
}

// rest reads what no part was cut from.
func (p *parts) rest() (io.Reader, error) {
	p.window.release()
	_, err := p.file.Seek(p.at, io.SeekStart)
	return p.file, err
}

// A part is size bytes of a file, at a place in it.
type part struct {
	window *window
	file   *os.File
	at     int64
	size   int
}

// search fills in what the part holds. What is mapped may go away while it is looked at,
// for the file is truncated or the disk fails: then it is read, which says what there is.
func (p *part) search(c *chunk, zone clock) {
	whole := p.window.look(p.at, p.size, func(text []byte) { c.search(text, zone, false) })
	p.window.release()
	if whole {
		return
	}
	text := make([]byte, p.size)
	n, err := p.file.ReadAt(text, p.at)
	c.lines, c.skipped, c.found, c.size, c.err = 0, 0, nil, 0, err
	if err == io.EOF {
		c.err = nil
	}
	c.search(text[:n], zone, false)
}
