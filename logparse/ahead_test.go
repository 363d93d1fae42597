package logparse

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// manyFailures is a log of n failed pulls, ten seconds apart from start on, of several images.
func manyFailures(start time.Time, n int) string {
	var text strings.Builder
	for i := range n {
		text.WriteString(failedAt(start.Add(time.Duration(i)*10*time.Second), fmt.Sprintf("registry.example.com/app-%d:1", i%7)))
	}
	return text.String()
}

func opener(data []byte) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(data)), nil }
}

// TestScanAll reads more logs than are read at once, some compressed, one that is not
// there and one that breaks off: the result is that of reading one after the other.
func TestScanAll(t *testing.T) {
	const each = 500
	var logs []Log
	for i := range 3 * logsAtOnce {
		text := manyFailures(day.AddDate(0, 0, i), each)
		data := []byte(text)
		if i%2 == 1 {
			data = compressed(t, text)
		}
		if i == 5 {
			data = data[:len(data)/2]
		}
		logs = append(logs, Log{fmt.Sprintf("log %d", i), opener(data)})
	}
	logs[6].Open = func() (io.ReadCloser, error) { return nil, fs.ErrNotExist }

	together, single := Scanner{block: 4 << 10}, Scanner{block: 64 << 10}
	results := together.ScanAll(logs)
	for i, l := range logs {
		in, err := l.Open()
		var want Result
		if err == nil {
			want.Stats, want.Err = single.Scan(l.Name, in)
		}
		if got := results[i]; got.Stats != want.Stats || i != 6 && (got.Err == nil) != (want.Err == nil) {
			t.Errorf("%s: %+v, want %+v", l.Name, got, want)
		}
		if whole := i != 5 && i != 6; whole != (results[i].Lines == each && results[i].Err == nil) {
			t.Errorf("%s: %+v", l.Name, results[i])
		}
	}
	if !errors.Is(results[5].Err, io.ErrUnexpectedEOF) || results[5].Lines == 0 || !errors.Is(results[6].Err, fs.ErrNotExist) {
		t.Errorf("%v, %v", results[5], results[6])
	}
	if diff := cmp.Diff(single.Pulls(), together.Pulls()); diff != "" {
		t.Errorf("(-one by one +together)\n%s", diff)
	}
	if got, want := failures(&together), 10*each+results[5].Lines-1; got < want || got > want+1 {
		t.Errorf("%d failures, want about %d", got, want)
	}
}

// TestHeld reads a log before its turn, full of lines that tell of pulls: what is held of it
// is bounded.
func TestHeld(t *testing.T) {
	data := []byte(manyFailures(day, 40_000))
	var s Scanner
	r := s.read(Log{"x", opener(data)})
	r.start()
	r.state.Lock()
	for r.held <= maxHeld {
		r.changed.Wait()
	}
	helpers := max(1, runtime.GOMAXPROCS(0)-1)
	if r.held > maxHeld+(1+helpers)*blockSize || r.ended {
		t.Errorf("%d of %d bytes are held", r.held, len(data))
	}
	r.state.Unlock()
	if result := s.gather("x", r); result != (Result{Stats: Stats{Lines: 40_000}}) {
		t.Errorf("%+v", result)
	}
}

// TestMemory bounds what reading costs: nothing for each line that says nothing of pulls,
// and little for an endless one.
func TestMemory(t *testing.T) {
	noise := strings.Repeat(`time="2026-11-23T08:00:00Z" level=info msg="StartContainer for \"1\" returns successfully"`+"\n", 100_000)
	for name, in := range map[string]io.Reader{
		"noise":           strings.NewReader(noise),
		"an endless line": io.LimitReader(zeroes{}, 64<<20),
		"binary":          io.LimitReader(nuls{}, 64<<20),
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var s Scanner
		if _, err := s.Scan("x", in); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		if n := after.Mallocs - before.Mallocs; n > 1000 {
			t.Errorf("%s: %d allocations", name, n)
		}
		if n := after.TotalAlloc - before.TotalAlloc; n > 16<<20 {
			t.Errorf("%s: %d bytes", name, n)
		}
	}
}

// nuls is a file that is nothing but a hole.
type nuls struct{}

func (nuls) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
