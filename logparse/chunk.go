package logparse

import (
	"bytes"
)

// A chunk is what a piece of a log holds.
type chunk struct {
	part           *part // that it is of; nil: of a block that was read
	lines, skipped int
	found          []finding
	size           int   // of the lines that found is from
	err            error // that reading ended with after it
	done           bool  // the rest is filled in
}

// A finding is what one line says about pulls.
type finding struct {
	line   int // in the chunk, from 1
	record record
	member string // instead of record: a line that is part of an object
}

var lineEnd = []byte{'\n'}

// pieceSize is little enough to stay in the innermost cache while it is looked at three times.
const pieceSize = 8 << 10

// search fills in what text holds, which may be a paste.
func (c *chunk) search(text []byte, zone clock, paste bool) {
	binary, from := false, 0
	for start := 0; start < len(text); start += pieceSize {
		piece := text[start:min(start+pieceSize, len(text))]
		from = c.searchPiece(text, start, max(start, from), start+len(piece), zone, paste)
		c.lines += bytes.Count(piece, lineEnd)
		binary = binary || bytes.IndexByte(piece, 0) >= 0
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		c.lines++
	}
	if binary {
		c.skipped += binaryLines(text)
	}
}

// searchPiece searches for the lines that have a mark in a piece of text, in which c.lines end
// before the piece, and returns where the last line ends.
func (c *chunk) searchPiece(text []byte, piece, from, to int, zone clock, paste bool) int {
	for {
		at := nextMark(text, from, to, paste)
		if at < 0 {
			return from
		}
		start := bytes.LastIndexByte(text[:at], '\n') + 1
		line := lineFrom(text[start:])
		from = start + len(line)
		number := c.lines + bytes.Count(text[piece:max(piece, start)], lineEnd) + 1
		c.size += len(line)
		if !zone.find(line, func(f finding) { f.line = number; c.found = append(c.found, f) }) {
			c.skipped++
		}
	}
}

func lineFrom(text []byte) []byte {
	if end := bytes.IndexByte(text, '\n'); end >= 0 {
		return text[:end]
	}
	return text
}

// binaryLines counts the lines that hold a NUL.
func binaryLines(text []byte) (n int) {
	for {
		i := bytes.IndexByte(text, 0)
		if i < 0 {
			return n
		}
		n++
		text = text[i+len(lineFrom(text[i:])):]
	}
}

// find takes apart a line that holds a mark; false where it cannot be read, and is not
// binary either. What follows a NUL is a line of its own: a node that lost its power leaves
// a hole in the log, and goes on after it.
func (c clock) find(line []byte, found func(finding)) bool {
	decode := func(line []byte) bool {
		return c.decode(string(line), func(m message) { m.find(found) })
	}
	if hole := bytes.LastIndexByte(line, 0); hole >= 0 {
		decode(line[hole+1:])
		return true
	}
	if isMember(line) {
		found(finding{member: string(line)})
		return true
	}
	return decode(line)
}

func (m message) find(found func(finding)) {
	if r := classify(m); r.kind != kindNone {
		found(finding{record: r})
	}
}
