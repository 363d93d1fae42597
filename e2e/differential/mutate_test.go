package differential

import (
	"math/rand/v2"
	"strings"
)

// mutate changes text in one place, as a slip of the hand or of the disk may.
func mutate(r *rand.Rand, text string) string {
	if text == "" {
		return "\n"
	}
	i := r.IntN(len(text))
	lines := strings.SplitAfter(text, "\n")
	l := r.IntN(len(lines))
	switch r.IntN(7) {
	case 0: // a character lost
		return text[:i] + text[i+1:]
	case 1: // one too many
		return text[:i] + pick(r, "\"", "'", "[", "]", "{", "}", "=", ":", ",", ".", "#", "\t", " ", "\n", "\r", "\x00", "\xff", "\ufeff", "é", "\\", "-", "*", "&", "!", "%", "@", "`", "|", ">", "~", "0", "_") + text[i:]
	case 2: // one in place of another
		return text[:i] + pick(r, "\"", "x", "\n", "\t", "\x01", "=", ":", "]", "1", "#", "\u00a0") + text[i+1:]
	case 3: // a line twice
		lines[l] += lines[l]
	case 4: // a line lost
		lines[l] = ""
	case 5: // two lines swapped
		k := r.IntN(len(lines))
		lines[l], lines[k] = lines[k], lines[l]
	case 6: // cut off
		return text[:i]
	}
	return strings.Join(lines, "")
}
