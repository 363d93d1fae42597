package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/rogpeppe/go-internal/testscript"

	"github.com/pullwhy/pullwhy/report"
	"github.com/pullwhy/pullwhy/report/reporttest"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"pullwhy": main})
}

// TestScripts runs one user-visible behaviour a file.
func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		Setup:               newAuthority,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"begins":   beginsWith,
			"report":   isReport,
			"status":   hasStatus,
			"registry": startRegistry,
			"expand":   expand,
			"lines":    lines,
			"await":    await,
			"grow":     grow,
		},
	})
}

// isReport checks that a file, or the last output, is a report by the schema.
func isReport(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: report FILE")
	}
	ts.Check(validate([]byte(ts.ReadFile(args[0]))))
}

func validate(doc []byte) error { return reporttest.Check(report.Schema(), doc) }

// beginsWith checks that the last standard output begins with a file: begins FILE
func beginsWith(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: begins FILE")
	}
	want, got := ts.ReadFile(args[0]), ts.ReadFile("stdout")
	if !strings.HasPrefix(got, want) {
		ts.Fatalf("standard output begins otherwise (-want +got):\n%s", cmp.Diff(want, got[:min(len(want), len(got))]))
	}
}

// hasStatus runs pullwhy and wants this exit status: status N ARG...
func hasStatus(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: status N ARG...")
	}
	got := "0"
	if err := ts.Exec("pullwhy", args[1:]...); err != nil {
		m := regexp.MustCompile(`\d+`).FindString(err.Error())
		got = m
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, wanted %s", got, args[0])
	}
}

func writeFile(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

// TestMoreThanAreTold: a log of more failing images than are remembered says so.
func TestMoreThanAreTold(t *testing.T) {
	var log strings.Builder
	for i := range 5000 {
		fmt.Fprintf(&log, "time=\"2026-11-23T08:00:00Z\" level=error msg=\"PullImage \\\"registry.example.com/a:%d\\\" failed\" error=\"not found\"\n", i)
	}
	var out, stderr bytes.Buffer
	if status := run(t.Context(), []string{"logs", "-"}, strings.NewReader(log.String()), &out, &stderr); status != exitFailing {
		t.Fatalf("exit status %d: %s", status, &stderr)
	}
	if want := "more images failed"; !strings.Contains(out.String(), want) {
		t.Errorf("the report does not say %q", want)
	}
}
