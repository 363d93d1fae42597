package logparse

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// noise is a line that says nothing of pulls.
const noise = `time="2026-11-23T07:59:59.000000000Z" level=info msg="shim disconnected" id=4f` + "\n"

var onePart = strings.Repeat(noise, partSize/len(noise))

func fileOf(t *testing.T, text string) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "containerd.log"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(text); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	return f
}

// TestParts reads files that are searched where they are: the result is that of reading
// them.
func TestParts(t *testing.T) {
	failed := manyFailures(day, 100)
	for name, text := range map[string]string{
		"small":       failed,
		"parts":       failed + onePart + failed + onePart + onePart + failed,
		"no end":      onePart + onePart + strings.TrimSuffix(failed, "\n"),
		"windows":     strings.Repeat(failed+onePart, windowSize/partSize+3) + failed,
		"long line":   failed + onePart + strings.Repeat("x", maxLine+1) + "\n" + onePart + failed,
		"longer line": onePart + strings.Repeat(strings.Repeat("x", partSize/2+1)+"\n", 10) + failed,
		"hole":        onePart + strings.Repeat("\x00", 5000) + failed + onePart,
	} {
		var want, got Scanner
		wantStats, err := want.Scan("log", strings.NewReader(text))
		if err != nil {
			t.Fatal(err)
		}
		f := fileOf(t, text)
		result := got.ScanAll([]Log{{"log", func() (io.ReadCloser, error) { return f, nil }}})[0]
		if diff := cmp.Diff(want.Pulls(), got.Pulls()); result.Err != nil || result.Stats != wantStats || diff != "" {
			t.Errorf("%s: %+v, want %+v (-want +got)\n%s", name, result, wantStats, diff)
		}
		if _, err := f.Stat(); err == nil {
			t.Errorf("%s: the file is still open", name)
		}
	}
}

// TestPartsOfWhatChanges truncates and extends a file of which parts were cut: what it still
// holds is found, and what was added.
func TestPartsOfWhatChanges(t *testing.T) {
	failed := manyFailures(day, 100)
	f := fileOf(t, failed+onePart+onePart)
	defer f.Close()
	p := newParts(f)
	first, second := p.next(), p.next()
	if err := f.Truncate(int64(len(failed)) / 2); err != nil {
		t.Fatal(err)
	}
	for _, want := range []struct {
		part  *part
		lines int
	}{{first, 50}, {second, 0}} {
		c := chunk{}
		want.part.search(&c, clock{})
		if c.lines != want.lines || len(c.found) != want.lines || c.skipped != 0 || c.err != nil {
			t.Errorf("%d lines, %d found, %d skipped, %v; want %d failures", c.lines, len(c.found), c.skipped, c.err, want.lines)
		}
	}
	if p.next() != nil {
		t.Error("a part beyond the end")
	}
	if _, err := f.WriteAt([]byte(noise), p.at); err != nil {
		t.Fatal(err)
	}
	rest, err := p.rest()
	if err != nil {
		t.Fatal(err)
	}
	if added, err := io.ReadAll(rest); string(added) != noise {
		t.Errorf("%q, %v; want what was added", added, err)
	}
	if p.window.holds.Load() != 0 {
		t.Error("the file is still mapped")
	}
}
