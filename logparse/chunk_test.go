package logparse

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// TestPieces puts lines that tell of pulls around the ends of the pieces that are searched, after
// lines of any length: each is found once, with its number.
func TestPieces(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var text strings.Builder
		var want []string
		lines := 0
		write := func(line string) {
			text.WriteString(line + "\n")
			lines++
		}
		for text.Len() < 5*pieceSize {
			if random.IntN(8) == 0 {
				write(strings.Repeat("x", random.IntN(2*pieceSize)))
			}
			for range random.IntN(3) {
				write(strings.Repeat("y", random.IntN(40)))
			}
			left := pieceSize - text.Len()%pieceSize
			if random.IntN(2) == 0 && left > 100 {
				write(strings.Repeat("z", left-random.IntN(60)-1))
			}
			write(fmt.Sprintf(`level=error msg="PullImage \"registry.example.com/app:%d\" failed" error="not found"`, len(want)))
			want = append(want, fmt.Sprintf("%d: registry.example.com/app:%d", lines, len(want)))
		}
		var c chunk
		c.search([]byte(text.String()), clock{}, false)
		var got []string
		for _, f := range c.found {
			got = append(got, fmt.Sprintf("%d: %s", f.line, f.record.image))
		}
		if !slices.Equal(got, want) || c.lines != lines || c.skipped != 0 {
			t.Fatalf("%d lines of %d, %d skipped; found\n%q, not\n%q", c.lines, lines, c.skipped, got, want)
		}
	}
}
