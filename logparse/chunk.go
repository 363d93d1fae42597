package logparse

import (
	"bytes"
	"slices"
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

// search fills in what text holds, which may be a paste.
func (c *chunk) search(text []byte, zone clock, paste bool) {
	before := c.count(text)
	for from := 0; ; {
		at := nextMark(text, from, paste)
		if at < 0 {
			return
		}
		start := bytes.LastIndexByte(text[from:at], '\n') + 1 + from
		line := lineFrom(text[start:])
		from = start + len(line)
		number := before[start/pieceSize] + bytes.Count(text[start-start%pieceSize:start], lineEnd) + 1
		c.size += len(line)
		if !zone.find(line, func(f finding) { f.line = number; c.found = append(c.found, f) }) {
			c.skipped++
		}
	}
}

// pieceSize is little enough to stay in the innermost cache for a second look.
const pieceSize = 16 << 10

// count counts lines, and those of them that are binary, and returns how many lines end before
// each piece of the text.
func (c *chunk) count(text []byte) (before []int) {
	binary := false
	for piece := range slices.Chunk(text, pieceSize) {
		before = append(before, c.lines)
		c.lines += bytes.Count(piece, lineEnd)
		binary = binary || bytes.IndexByte(piece, 0) >= 0
	}
	if len(text) > 0 && text[len(text)-1] != '\n' {
		c.lines++
	}
	if binary {
		c.skipped += binaryLines(text)
	}
	return before
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
