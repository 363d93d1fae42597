package logparse

import (
	"bytes"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"
)

// corpus is every log in testdata.
func corpus(t testing.TB) [][]byte {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	var logs [][]byte
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".log") {
				logs = append(logs, f.Data)
			}
		}
	}
	return logs
}

// marked is what the finder is to find, said plainly.
func marked(line []byte) bool {
	contains := func(mark []byte) bool { return bytes.Contains(line, mark) }
	for _, mark := range slices.Concat(marks, pasteMarks) {
		if contains(mark) {
			return true
		}
	}
	for _, mark := range memberMarks {
		if contains(mark) && isMember(line) {
			return true
		}
	}
	return false
}

// TestMultiplier: a process does not begin with looking for one.
func TestMultiplier(t *testing.T) {
	if m := pullMarks().multiplier; m != multiplier {
		t.Errorf("multiplier is to be %#x", m)
	}
	if m := pasted().multiplier; m != pasteMultiplier {
		t.Errorf("pasteMultiplier is to be %#x", m)
	}
}

// TestFinder holds the finder against a plain search, in the logs of testdata, with which
// each phrase comes to stand at each distance from where the finder looks, and in text made
// of pieces of phrases.
func TestFinder(t *testing.T) {
	texts := corpus(t)
	for _, mark := range append(marks[:len(marks):len(marks)], memberMarks...) {
		for shift := range 2 * stride * stride {
			line := strings.Repeat(" ", shift) + string(mark)
			texts = append(texts, []byte(line), []byte(line+strings.Repeat("x", 100)), []byte(line[:len(line)-1]+"_\n"+line))
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		texts = append(texts, mixture(random))
	}
	for _, text := range texts {
		var found []string
		for at := 0; ; {
			i := nextMark(text, at, len(text), true)
			if i < 0 {
				break
			}
			found = append(found, string(lineAt(text, i)))
			at = i + len(lineFrom(text[i:]))
		}
		var want []string
		for line := range bytes.SplitSeq(text, lineEnd) {
			if marked(line) {
				want = append(want, string(line))
			}
			if got := nextMark(line, 0, len(line), true) >= 0; got != marked(line) {
				t.Errorf("a mark found: %v in %q", got, line)
			}
		}
		if strings.Join(found, "\n") != strings.Join(want, "\n") {
			t.Errorf("in %q\nfound %q\n want %q", text, found, want)
		}
	}
}

// mixture is text of whole and broken phrases, line ends, quotes and noise.
func mixture(random *rand.Rand) []byte {
	var text []byte
	all := slices.Concat([][]byte{lineEnd, []byte(`"`), []byte("  ")}, marks, pasteMarks, memberMarks)
	for range random.IntN(40) {
		piece := all[random.IntN(len(all))]
		if random.IntN(2) == 0 {
			piece = piece[random.IntN(len(piece)):]
			piece = piece[:1+random.IntN(len(piece))]
		}
		text = append(text, piece...)
		if random.IntN(3) == 0 {
			text = append(text, "0123456789"[:random.IntN(10)]...)
		}
		if random.IntN(6) == 0 {
			text = append(text, '\n')
		}
	}
	return text
}

// TestEveryRecordIsMarked decodes every line of testdata, and every line that was cut: one
// that says something of pulls, or is part of an event, holds a mark.
func TestEveryRecordIsMarked(t *testing.T) {
	for _, log := range corpus(t) {
		for line := range bytes.SplitSeq(log, lineEnd) {
			for cut := 0; cut < len(line); cut += 1 + len(line)/20 {
				checkMarked(t, line[cut:])
				checkMarked(t, line[:len(line)-cut])
			}
		}
	}
}

func checkMarked(t *testing.T, line []byte) {
	t.Helper()
	says := false
	clock{}.decode(string(line), func(m message) { says = says || classify(m).kind != kindNone })
	if says && !marked(line) {
		t.Errorf("no mark in %q", line)
	}
}
