package logparse

import (
	"strings"
	"time"
)

// decodeEscaped reads the lines of a JSON string that a piece of an object has, as its text has
// them; false where that is not several that tell of pulls.
func (c clock) decodeEscaped(text string, outer time.Time, depth int, yield func(message)) bool {
	if !strings.Contains(text, `\n`) || depth >= maxNesting {
		return false
	}
	var lines []string
	for piece := range strings.SplitSeq(text, `\n`) {
		if len(lines) > 0 && !holdsMark(piece) { // it goes on with the last
			lines[len(lines)-1] += " " + piece
			continue
		}
		lines = append(lines, piece)
	}
	if len(lines) < 2 {
		return false
	}
	for _, line := range lines {
		c.decodeAt(strings.ReplaceAll(line, `\"`, `"`), outer, depth+1, yield)
	}
	return true
}

// decodeCut reads an object whose end was cut off, within a value or behind a member.
func (c clock) decodeCut(text string, outer time.Time, depth int, yield func(message)) bool {
	text = strings.TrimRight(text, `\`)
	members := text[:max(0, strings.LastIndex(text, `,"`))]
	for _, whole := range []string{text + `}`, text + `"}`, members + `}`} {
		if c.decodeJSON(whole, outer, depth, yield) {
			return true
		}
	}
	return false
}
