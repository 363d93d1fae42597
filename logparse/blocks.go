package logparse

import (
	"bytes"
	"io"
)

const (
	// maxLine is the length from which on a line is skipped: no line of a log that tells of
	// a pull comes near it, and it bounds the memory that one endless line can take.
	maxLine = 1 << 20
	// blockSize is what is read at once: little enough to stay in a core's cache until it
	// was searched.
	blockSize = 512 << 10
)

// blocks cuts a log into blocks of whole lines.
type blocks struct {
	in   io.Reader
	rest []byte // the beginning of a line that the last block ended in
	err  error  // that reading ended with
}

// next fills buf, which grows where a line needs it, with whole lines; the last line of
// the log may lack its end. Long: instead of them there was a line of more than maxLine
// bytes, which is left out. Nothing and not long: the log ended, or reading it.
func (b *blocks) next(buf []byte) (block []byte, long bool) {
	block = append(grow(buf[:0], len(b.rest)), b.rest...)
	b.rest = b.rest[:0]
	for {
		block = b.fill(block)
		if end := bytes.LastIndexByte(block, '\n') + 1; end > 0 && b.err == nil {
			b.rest = append(b.rest, block[end:]...)
			return block[:end], false
		}
		switch {
		case bytes.IndexByte(block, '\n') < 0 && len(block) > maxLine:
			b.skip(block)
			return block[:0], true
		case b.err != nil:
			return block, false
		}
		block = grow(block, 2*len(block))
	}
}

// grow makes room for n bytes, but for no more than a line may have with its end.
func grow(block []byte, n int) []byte {
	if n <= cap(block) {
		return block
	}
	return append(make([]byte, 0, min(n, maxLine+1)), block...)
}

// fill reads until block is full, or the log at its end.
func (b *blocks) fill(block []byte) []byte {
	for b.err == nil && len(block) < cap(block) {
		var n int
		n, b.err = b.in.Read(block[len(block):cap(block)])
		block = block[:len(block)+n]
	}
	return block
}

// skip reads to the end of a line, into buf.
func (b *blocks) skip(buf []byte) {
	for b.err == nil {
		buf = b.fill(buf[:0:blockSize])
		if end := bytes.IndexByte(buf, '\n') + 1; end > 0 {
			b.rest = append(b.rest, buf[end:]...)
			return
		}
	}
}
