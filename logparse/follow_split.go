package logparse

import "bytes"

// A splitter makes lines of chunks. It keeps of a line that has not ended as much as a
// line may be long.
type splitter struct {
	number  int // lines that ended
	pending []byte
	long    bool // the pending line is too long, and nothing is kept of it
	ignore  bool // the pending line began before what is read
}

// split yields the lines that end in chunk, numbered from 1, and stops at an error. A line
// over maxLine is yielded as nil and long.
func (s *splitter) split(chunk []byte, yield func(number int, text []byte, long bool) error) error {
	for len(chunk) > 0 {
		if s.empty() {
			// a file that was truncated under a writer that does not append begins with a hole
			chunk = bytes.TrimLeft(chunk, "\x00")
		}
		end := bytes.IndexByte(chunk, '\n')
		if end < 0 {
			s.keep(chunk)
			return nil
		}
		text := chunk[:end]
		if !s.empty() {
			s.keep(text)
			text = s.pending
		}
		long, ignore := s.long || len(text) > maxLine, s.ignore
		chunk = chunk[end+1:]
		s.number++
		s.pending, s.long, s.ignore = s.room(), false, false
		if long {
			text = nil
		}
		if ignore {
			continue
		}
		if err := yield(s.number, chop(text), long); err != nil {
			return err
		}
	}
	return nil
}

func (s *splitter) keep(text []byte) {
	if s.long || s.ignore || len(s.pending)+len(text) > maxLine {
		s.pending, s.long = nil, !s.ignore
		return
	}
	s.pending = append(s.pending, text...)
}

// room is where the next pending line goes, not larger than most lines need.
func (s *splitter) room() []byte {
	if cap(s.pending) > followBuffer {
		return nil
	}
	return s.pending[:0]
}

// empty reports whether the last line has ended.
func (s *splitter) empty() bool { return len(s.pending) == 0 && !s.long && !s.ignore }

func chop(line []byte) []byte { return bytes.TrimRight(line, "\r\n") }
