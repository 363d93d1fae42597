package logparse

import (
	"bytes"
	"encoding/binary"
)

// A phrase of minMark bytes holds a gram that begins at a multiple of stride, wherever it
// stands: it is enough to look at those.
const (
	gram    = 4
	stride  = 8
	minMark = stride + gram - 1
)

// A finder finds phrases in text by their grams, those that begin in the first stride bytes of
// a phrase: at most 255. Each has a slot of its own, so that one comparison decides, in a table
// that stays in a core's innermost cache while the text goes through it. (Perfect, multiplicative
// hashing: Knuth, volume 3, 6.4)
type finder struct {
	multiplier uint32
	grams      [1 << slotBits]uint32 // by slot; 0 in an empty one
	known      [1 << slotBits]uint8  // by slot: index in spots; 0 for none
	spots      []spots
}

// A spot is where in a phrase a gram stands.
type spot struct {
	phrase []byte
	first  byte // of phrase: most of what looks like one ends there
	member bool
	offset int
}

type spots []spot

const slotBits = 11

// newFinder tries multipliers, the given one first, until no two grams have one slot. All are odd.
func newFinder(multiplier uint32, phrases, members [][]byte) *finder {
	all := append(phrases[:len(phrases):len(phrases)], members...)
	f := &finder{multiplier: multiplier, spots: make([]spots, 1)}
	for !f.arrange(all) {
		f.multiplier *= 0x915f77f5
	}
	for i, phrase := range all {
		for offset := range stride {
			f.add(spot{phrase, phrase[0], i >= len(phrases), offset})
		}
	}
	return f
}

// arrange gives each gram its slot; false where two have the same.
func (f *finder) arrange(phrases [][]byte) bool {
	f.grams = [1 << slotBits]uint32{1} // for 0, the gram of a hole in a log, has the first slot
	for _, phrase := range phrases {
		for offset := range stride {
			g := gramAt(phrase[offset:])
			at := &f.grams[f.slot(g)]
			if *at != 0 && *at != g {
				return false
			}
			*at = g
		}
	}
	return true
}

func (f *finder) add(p spot) {
	at := &f.known[f.slot(gramAt(p.phrase[p.offset:]))]
	if *at == 0 {
		*at = uint8(len(f.spots))
		f.spots = append(f.spots, nil)
	}
	f.spots[*at] = append(f.spots[*at], p)
}

func gramAt(text []byte) uint32 { return binary.LittleEndian.Uint32(text) }

func (f *finder) slot(gram uint32) uint32 { return gram * f.multiplier >> (32 - slotBits) }

// look is negative where text begins with a gram that is known.
func (f *finder) look(text []byte) int64 {
	g := gramAt(text)
	return int64(f.grams[f.slot(g)]^g) - 1
}

// next returns where the first phrase stands of which there is a gram from one place in text to
// another; -1 for none.
func (f *finder) next(text []byte, from, to int) int {
	at := from
	for last := min(to, len(text)-gram+1) - 8*stride; at <= last; at += 8 * stride {
		t := text[at : at+8*stride : at+8*stride]
		known := f.look(t) | f.look(t[stride:]) | f.look(t[2*stride:]) | f.look(t[3*stride:]) |
			f.look(t[4*stride:]) | f.look(t[5*stride:]) | f.look(t[6*stride:]) | f.look(t[7*stride:])
		if known < 0 {
			if start := f.first(text, at, at+8*stride); start >= 0 {
				return start
			}
		}
	}
	return f.first(text, at, min(to, len(text)-gram+1))
}

// first is next for a few places, which are looked at one by one.
func (f *finder) first(text []byte, from, to int) int {
	for at := from; at < to; at += stride {
		g := gramAt(text[at:])
		if slot := f.slot(g); f.grams[slot] == g {
			if start := f.spots[f.known[slot]].at(text, at); start >= 0 {
				return start
			}
		}
	}
	return -1
}

// at returns where the phrase begins of which a gram stands at i, -1 for none.
func (s spots) at(text []byte, i int) int {
	for j := range s {
		p := &s[j]
		start := i - p.offset
		if start >= 0 && text[start] == p.first && bytes.HasPrefix(text[start:], p.phrase) && (!p.member || isMember(lineAt(text, start))) {
			return start
		}
	}
	return -1
}

// lineAt is the line of text that i is in.
func lineAt(text []byte, i int) []byte {
	start := bytes.LastIndexByte(text[:i], '\n') + 1
	if end := bytes.IndexByte(text[i:], '\n'); end >= 0 {
		return text[start : i+end]
	}
	return text[start:]
}

// isMember reports whether line may be one member of a JSON object that is printed on
// several lines.
func isMember(line []byte) bool {
	line = bytes.TrimLeft(line, " \t")
	return len(line) > 0 && line[0] == '"'
}
