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

// folded reports whether the lines that tell of pulls end with the blank at which they were
// broken, but not all at one width.
func (p paste) folded() bool {
	blank, even, n := true, true, 0
	for i := range p.broken() {
		blank = blank && strings.HasSuffix(p.lines[i], " ")
		even = even && columns(p.lines[i]) == p.width
		n++
	}
	return blank && !even && n > 1
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
