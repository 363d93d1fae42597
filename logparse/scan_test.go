package logparse

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what is read into testdata")

// TestScan reads each log in testdata and compares what it tells.
func TestScan(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no testdata", err)
	}
	for _, file := range files {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for i, f := range archive.Files {
			name, ok := strings.CutSuffix(f.Name, ".log")
			if !ok {
				continue
			}
			t.Run(filepath.Base(file)+"/"+name, func(t *testing.T) {
				got := []byte(describe(t, f.Name, f.Data))
				if want := archive.Files[i+1]; want.Name != name+".want" {
					t.Fatalf("%s follows, not %s.want", want.Name, name)
				} else if *update {
					archive.Files[i+1].Data = got
				} else if diff := cmp.Diff(string(want.Data), string(got)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
			})
		}
		if *update {
			if err := os.WriteFile(file, txtar.Format(archive), 0o666); err != nil {
				t.Error(err)
			}
		}
	}
}

func scan(t *testing.T, name string, data []byte) *Scanner {
	t.Helper()
	s := &Scanner{Now: time.Date(2026, 12, 1, 0, 0, 0, 0, time.UTC)}
	if _, err := s.Scan(name, bytes.NewReader(data)); err != nil {
		t.Fatal(err)
	}
	return s
}

// describe writes what a log tells, for people to check.
func describe(t *testing.T, name string, data []byte) string {
	var b strings.Builder
	s := scan(t, name, data)
	if v := s.ContainerdVersion(); v != "" {
		fmt.Fprintf(&b, "containerd %s\n", v)
	}
	for _, p := range s.Pulls() {
		fmt.Fprintf(&b, "image %s requested %s\n", p.Image, p.Requested)
		if p.Failures > 0 {
			fmt.Fprintf(&b, "  failures %d from %s to %s\n", p.Failures, at(p.FirstFailure), at(p.LastFailure))
		}
		if p.LastSuccess != nil || p.Succeeded {
			fmt.Fprintf(&b, "  success %s, the newest outcome: %v\n", at(p.LastSuccess), p.Succeeded)
		}
		if p.Config.Cause != "" {
			fmt.Fprintf(&b, "  config line %d: %s: %s\n", p.Config.Line, p.Config.Cause, p.Config.Error)
		}
		for _, a := range p.Attempts {
			fmt.Fprintf(&b, "  attempt line %d: %q", a.Line, a.Endpoint)
			if a.Default {
				b.WriteString(" default")
			}
			if a.Target != "" {
				fmt.Fprintf(&b, " for it %s", a.Target)
			}
			fmt.Fprintf(&b, " %s %d: %s\n", a.Cause, a.StatusCode, a.Error)
		}
		if p.Secret.Name != "" {
			fmt.Fprintf(&b, "  secret line %d: %s\n", p.Secret.Line, p.Secret.Name)
		}
		if p.Failures > 0 {
			fmt.Fprintf(&b, "  told line %d: %s %s %q\n", p.Reported.Line, p.Stage, p.Reported.Cause, p.Reported.Endpoint)
			fmt.Fprintf(&b, "  told: %s\n", p.ReportedError)
		}
	}
	return b.String()
}

func at(t *time.Time) string {
	if t == nil {
		return "unknown"
	}
	return t.Format("2006-01-02T15:04:05.000Z07:00")
}
