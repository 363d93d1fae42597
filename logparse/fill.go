package logparse

import (
	"iter"
	"strings"
)

// mail is the width up to which the lines that tell of pulls were filled with words, 0 if
// fewer than two were, or more could have held the first word of the next.
func (p paste) mail() int {
	width, broken, other := 0, 0, 0
	for i := range p.broken() {
		if strings.Contains(strings.TrimSpace(p.lines[i]), " ") {
			width = max(width, columns(p.lines[i]))
		}
	}
	for i := range p.broken() {
		if ragged(p.lines[i+1], p.lines[i], width) {
			other++
		} else {
			broken++
		}
	}
	if broken < 2 || broken < other || width > maxWidth {
		return 0
	}
	return width
}

// part gives what stands before an event's row to the line before, where a program filled
// lines over the ends of rows.
func (p paste) part() {
	for i, line := range p.lines[1:] {
		if at := laterRow().FindStringSubmatchIndex(line); at != nil && p.lines[i] != "" {
			p.lines[i] = strings.TrimRight(p.lines[i], " ") + " " + strings.TrimSpace(line[:at[2]])
			p.lines[i+1] = line[at[2]:]
		}
	}
}

// filled reports whether the lines that tell of pulls were broken between words, though some
// are of the greatest width: others end where the next word has no room.
func (p paste) filled() bool {
	full, short := 0, 0
	for i := range p.broken() {
		switch last := p.lines[i]; {
		case columns(last) == p.width:
			full++
		case columns(last) < p.width-1 && !ragged(p.lines[i+1], last, p.width):
			short++
		}
	}
	return short > 0 && 2*short >= full
}

// broken are the lines of pulls with which the next may go on.
func (p paste) broken() iter.Seq[int] {
	return func(yield func(int) bool) {
		for start := 0; start < len(p.lines); {
			end := start + 1
			for end < len(p.lines) && !p.own[end] {
				end++
			}
			tells := holdsMark(strings.Join(p.lines[start:end], " "))
			for i := start; tells && i < end-1; i++ {
				if p.lines[i] != "" && !yield(i) {
					return
				}
			}
			start = end
		}
	}
}

// ragged reports whether last ends too early before next to be filled up to a width, in
// which some programs leave room for a better next line.
func ragged(next, last string, width int) bool { return fits(next, last, width*7/8) }

// fits reports whether the first word of next would have had room in last.
func fits(next, last string, width int) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(next), " ")
	return columns(last)+1+columns(word) <= width
}
