package main

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// changing is what differs from one run of the demonstration to the next.
var changing = []struct{ what, as string }{
	{`pullwhy-demo-\d+`, "pullwhy-demo-N"},
	{`example\.com(:|%3A)\d+`, "example.com${1}PORT"},
	{`127\.0\.0\.1:\d+`, "127.0.0.1:PORT"},
	{`\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?( UTC|Z)?`, "TIME"},
	{`\d{4}-\d\d-\d\d`, "DATE"},
}

func masked(text string) string {
	for _, c := range changing {
		text = regexp.MustCompile(c.what).ReplaceAllString(text, c.as)
	}
	return text
}

// TestDemo runs the demonstration and compares its beginning with what the README shows.
func TestDemo(t *testing.T) {
	t.Setenv("LC_ALL", "C.UTF-8")
	var out, stderr bytes.Buffer
	if status := run(t.Context(), []string{"demo"}, strings.NewReader(""), &out, &stderr); status != exitOK {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	readme, err := os.ReadFile("../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	_, shown, ok := strings.Cut(string(readme), "$ go run ./cmd/pullwhy demo\n")
	shown, _, closed := strings.Cut(shown, "```")
	if !ok || !closed {
		t.Fatal("the README does not show the demonstration")
	}
	if want, got := masked(shown), masked(out.String()); !strings.HasPrefix(got, want+"\n") {
		t.Errorf("the README shows something else (-README +demo):\n%s", cmp.Diff(want, got))
	}
}

func TestDemoJSON(t *testing.T) {
	var out, stderr bytes.Buffer
	if status := run(t.Context(), []string{"demo", "-o", "json"}, strings.NewReader(""), &out, &stderr); status != exitOK {
		t.Fatalf("exit status %d: %s", status, stderr.String())
	}
	if err := validate(out.Bytes()); err != nil {
		t.Error(err)
	}
}
