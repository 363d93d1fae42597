package logparse

import (
	"bufio"
	"errors"
	"io"
)

// maxLine is the length from which on a line is skipped: no line of a log that tells of a
// pull comes near it, and it bounds the memory that one endless line can take.
const maxLine = 1 << 20

// lines reads a log line by line.
type lines struct {
	in  *bufio.Reader
	buf []byte // a line longer than in's buffer, as far as it was read
}

func newLines(r io.Reader) *lines { return &lines{in: bufio.NewReaderSize(r, 64<<10)} }

// next returns the next line without its end, valid until the next call. A line of more
// than maxLine bytes is read to its end and returned as nil and long. The error is io.EOF
// or that of the reader; what precedes it is returned with a nil error first.
func (l *lines) next() (line []byte, long bool, err error) {
	part, err := l.in.ReadSlice('\n')
	if err == nil {
		return chop(part), len(part) > maxLine, nil
	}
	l.buf = append(l.buf[:0], part...)
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = l.in.ReadSlice('\n')
		if len(l.buf) <= maxLine {
			l.buf = append(l.buf, part...)
		}
	}
	if err != nil && len(l.buf) == 0 {
		return nil, false, err
	}
	if len(l.buf) > maxLine {
		return nil, true, nil
	}
	return chop(l.buf), false, nil
}

func chop(line []byte) []byte {
	for len(line) > 0 && (line[len(line)-1] == '\n' || line[len(line)-1] == '\r') {
		line = line[:len(line)-1]
	}
	return line
}
