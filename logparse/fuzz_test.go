package logparse

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/cause"
)

// FuzzScan reads anything: every line is counted, what comes out can be printed, a failure
// always has a cause, a stage and a count, and all that however the input comes.
func FuzzScan(f *testing.F) {
	for _, log := range corpus(f) {
		f.Add(log, uint16(len(log)))
	}
	f.Fuzz(func(t *testing.T, data []byte, block uint16) {
		var s Scanner
		stats, err := s.Scan("fuzz", bytes.NewReader(data))
		pieces := Scanner{block: 1 + int(block)}
		again, errAgain := pieces.Scan("fuzz", iotest.OneByteReader(bytes.NewReader(data)))
		if again != stats || (err == nil) != (errAgain == nil) {
			t.Errorf("%+v, %v in blocks of %d bytes, else %+v, %v", again, errAgain, block, stats, err)
		}
		if diff := cmp.Diff(s.Pulls(), pieces.Pulls()); diff != "" {
			t.Errorf("in blocks of %d bytes (-want +got)\n%s", block, diff)
		}
		if want := lineCount(data); stats.Lines != want && !encoded(data) {
			t.Errorf("%d lines, want %d", stats.Lines, want)
		}
		if stats.Skipped > stats.Lines {
			t.Errorf("%d lines skipped of %d", stats.Skipped, stats.Lines)
		}
		images := map[string]bool{}
		for _, p := range s.Pulls() {
			if images[p.Image] {
				t.Errorf("image %q twice", p.Image)
			}
			images[p.Image] = true
			checkPull(t, p)
		}
	})
}

// encoded tells what is undone before lines are counted.
func encoded(data []byte) bool {
	return slices.ContainsFunc([]string{"\x1f\x8b", "\xff\xfe", "\xfe\xff"}, func(magic string) bool { return bytes.HasPrefix(data, []byte(magic)) })
}

func lineCount(data []byte) int {
	n := bytes.Count(data, []byte("\n"))
	if len(data) > 0 && data[len(data)-1] != '\n' {
		n++
	}
	return n
}

func checkPull(t *testing.T, p Pull) {
	texts := []string{p.Image, p.Requested, p.ReportedError, p.Reported.Endpoint, p.Config.Error}
	for _, a := range p.Attempts {
		texts = append(texts, a.Endpoint, a.Error, a.Target)
		if a.Cause == cause.None || a.Source != SourceLog || a.Line <= 0 {
			t.Errorf("attempt %+v", a)
		}
	}
	for _, text := range texts {
		if !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl) || len(text) > 4*maxText {
			t.Errorf("text %q", text)
		}
	}
	if p.Failures == 0 {
		if !p.Succeeded || len(p.Attempts) > 0 {
			t.Errorf("no failure and no success: %+v", p)
		}
		return
	}
	stages := []Stage{StageRefused, StageResolve, StageFetch, StageUnpack}
	if p.Failures < 0 || p.Reported.Cause == cause.None || !slices.Contains(stages, p.Stage) {
		t.Errorf("failed pull %+v", p)
	}
	if p.FirstFailure != nil && p.FirstFailure.After(*p.LastFailure) {
		t.Errorf("first failure %s after the last, %s", p.FirstFailure, p.LastFailure)
	}
}
