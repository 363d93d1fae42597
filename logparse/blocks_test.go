package logparse

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
)

// TestBlocks cuts a log into blocks of any size, however it is read: it is whole, and no
// line is torn.
func TestBlocks(t *testing.T) {
	text := "one\n\ntwo and a half\r\n" + strings.Repeat("x", 300) + "\nlast"
	for size := 1; size < 400; size += 1 + size/20 {
		for name, in := range map[string]io.Reader{
			"whole": strings.NewReader(text), "bytes": iotest.OneByteReader(strings.NewReader(text)),
			"halves": iotest.HalfReader(strings.NewReader(text)), "end with data": iotest.DataErrReader(strings.NewReader(text)),
		} {
			b := blocks{in: in}
			var got []byte
			for {
				block, long := b.next(make([]byte, 0, size))
				if long {
					t.Fatalf("%s, size %d: a long line", name, size)
				}
				if len(block) == 0 {
					break
				}
				got = append(got, block...)
				if block[len(block)-1] != '\n' && len(got) != len(text) {
					t.Errorf("%s, size %d: a line is torn: %q", name, size, block)
				}
			}
			if string(got) != text || b.err != io.EOF {
				t.Errorf("%s, size %d: %q, %v", name, size, got, b.err)
			}
		}
	}
}

// TestLongLines skips what is longer than a line may be, to the byte.
func TestLongLines(t *testing.T) {
	whole := failedAt(day, "registry.example.com/a:1")
	for _, length := range []int{blockSize - 1, blockSize, blockSize + 1, maxLine - 1, maxLine, maxLine + 1, maxLine + 2, 3 * maxLine} {
		line := strings.Repeat("x", length)
		skipped := 0
		if length > maxLine {
			skipped = 1
		}
		for name, test := range map[string]struct {
			log   string
			lines int
		}{
			"alone": {line, 1}, "first": {line + "\n" + whole, 2}, "between": {whole + line + "\n" + whole, 3}, "last": {whole + line, 2},
			"twice": {line + "\n" + line + "\n" + whole, 3},
		} {
			var s Scanner
			stats, err := s.Scan("x", strings.NewReader(test.log))
			want := Stats{test.lines, skipped}
			if name == "twice" {
				want.Skipped *= 2
			}
			if err != nil || stats != want || failures(&s) != min(1, strings.Count(test.log, "failed")) {
				t.Errorf("%s, %d bytes: %+v, want %+v, %d failures, %v", name, length, stats, want, failures(&s), err)
			}
		}
	}
}

// TestAnyBlockSize reads testdata in blocks of any size: the result is the same.
func TestAnyBlockSize(t *testing.T) {
	for _, log := range corpus(t) {
		want, wantStats := pullsIn(t, log, 0)
		for _, size := range []int{1, 7, 100, 1000} {
			got, stats := pullsIn(t, log, size)
			if diff := cmp.Diff(want, got); diff != "" || stats != wantStats {
				t.Fatalf("blocks of %d bytes: %+v, want %+v (-want +got)\n%s", size, stats, wantStats, diff)
			}
		}
	}
}

func pullsIn(t *testing.T, log []byte, block int) ([]Pull, Stats) {
	s := Scanner{block: block}
	stats, err := s.Scan("x", bytes.NewReader(log))
	if err != nil {
		t.Fatal(err)
	}
	return s.Pulls(), stats
}
