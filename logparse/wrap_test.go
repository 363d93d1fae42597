package logparse

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// TestBrokenLines breaks the logs of testdata as terminals and mails do. They tell the same
// as before, but for few: where a text has one break, nothing tells what was broken there.
func TestBrokenLines(t *testing.T) {
	ways := map[string]func(text string, width int) string{
		"terminal":       func(text string, width int) string { return brokenAt(text, width, "") },
		"with a blank":   func(text string, width int) string { return brokenAt(text, width, " ") },
		"mail":           func(text string, width int) string { return filledTo(text, width, "") },
		"mail, indented": func(text string, width int) string { return filledTo(text, width, "    ") },
	}
	for _, width := range []int{80, 100} {
		for name, broken := range ways {
			all, wrong := 0, 0
			for _, log := range corpus(t) {
				if strings.Contains(string(log), "{\n") || strings.Contains(string(log), `{"`) || isYAML(log) {
					continue
				}
				all++
				if gist(scan(t, "x", []byte(broken(string(log), width)))) != gist(scan(t, "x", log)) {
					wrong++
				}
			}
			if wrong > all/20 {
				t.Errorf("%s, %d columns: %d of %d logs misread", name, width, wrong, all)
			}
		}
	}
}

// brokenAt breaks lines at a width, with something after each piece.
func brokenAt(text string, width int, after string) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		for utf8.RuneCountInString(line) > width+1 {
			piece := string([]rune(line)[:width])
			line = line[len(piece):]
			out.WriteString(piece + after + "\n")
		}
		out.WriteString(line)
	}
	return out.String()
}

// filledTo breaks lines before the word that has no room in the width.
func filledTo(text string, width int, indent string) string {
	var out strings.Builder
	column := 0
	for word := range strings.FieldsFuncSeq(strings.ReplaceAll(text, "\n", " \n "), func(r rune) bool { return r == ' ' }) {
		switch n := utf8.RuneCountInString(word); {
		case word == "\n":
			column = 0
		case column == 0:
			column = n
		case column+1+n > width:
			out.WriteString("\n" + indent)
			column = len(indent) + n
		default:
			out.WriteByte(' ')
			column += 1 + n
		}
		out.WriteString(word)
	}
	return out.String()
}

// gist is what pulls tell, without the lines and the blanks of errors.
func gist(s *Scanner) string {
	var b strings.Builder
	for _, p := range s.Pulls() {
		fmt.Fprintln(&b, p.Image, p.Failures, p.Succeeded, p.Stage, p.Reported.Cause, p.Reported.Endpoint, p.Config.Cause)
		for _, a := range p.Attempts {
			fmt.Fprintln(&b, a.Endpoint, a.Default, a.Cause, a.StatusCode, a.Target)
		}
	}
	return b.String()
}

// TestUnwrapped puts together what was broken, and nothing else.
func TestUnwrapped(t *testing.T) {
	const failed = `Failed to pull image "registry.example.com/a:1": failed to resolve reference "registry.example.com/a:1": `
	for _, test := range []struct{ name, text, want string }{
		{"an indented error", failed + "\n    unexpected EOF\n", failed + "unexpected EOF\n\n"},
		{"no line end", failed + "\nEOF", failed + "EOF\n\n"},
		{"an error that nobody broke", failed + strings.Repeat("x", byHand) + "\n  I tried it with docker, too\n", ""},
		{"open quotes", "FATA[0001] pulling image: cannot pull and unpack image \"registry.example.com/\n a:1\": EOF\n$ ls\n",
			"FATA[0001] pulling image: cannot pull and unpack image \"registry.example.com/ a:1\": EOF\n\n$ ls\n"},
		{"a pager cut it", `E1123 08:00:02.1 1 log.go:32] "Failed to pull image" err="failed to pull and unp>` + "\nand so on\n", ""},
		{"fields on lines of their own", "level=error \n  msg=\"PullImage \\\"a:1\\\" failed\" \n  error=\"EOF\"\nlevel=info msg=\"PullImage \\\"b:1\\\"\"\n",
			"level=error msg=\"PullImage \\\"a:1\\\" failed\" error=\"EOF\"\n\n\nlevel=info msg=\"PullImage \\\"b:1\\\"\"\n"},
		{"dots for what was left out", `  Warning  Failed  5s  kubelet  Failed to pull image "registry.example.com/a:1": ...` + "\n        EOF\n",
			`Warning  Failed  5s  kubelet  Failed to pull image "registry.example.com/a:1": ... EOF` + "\n\n"},
		{"dots of a pager", `E1123 08:00:02.1 1 log.go:32] "Failed to pull image" err="failed to pull and unpack image: ...` + "\nEOF\n", ""},
		{"the next line is one", failed + "\n  Warning  Failed  5s  kubelet  Error: ErrImagePull\n", ""},
		{"two of one length, and prose", failed + "EOF\n" + failed + "EOF\n\nWhy is that?\n", ""},
		{"not about a pull", "a \"quoted\ntext\"\n", ""},
		{"binary", failed + "\n  EOF\x00\n", ""},
		{"quoted", "> " + failed[:50] + "\n> " + failed[50:100] + "\n> " + failed[100:] + "EOF\n", failed + "EOF\n\n\n"},
		{"quoted twice below prose", "See:\n> > " + failed + "EOF\n>\n> > ls\n", "See:\n" + failed + "EOF\n\nls\n"},
		{"among other lines", "Containers:\n  app:\nEvents:\n  Warning  Failed  5s  kubelet  " + failed[:58] + "\n" + failed[59:] + "tls: failed to verify certificate:\nx509: certificate has expired\nWhy?\n",
			"Containers:\n  app:\nEvents:\n  Warning  Failed  5s  kubelet  " + failed + "tls: failed to verify certificate: x509: certificate has expired\n\n\nWhy?\n"},
		{"broken in a name", failed[:30] + "\n" + failed[30:] + "EOF\n", failed + "EOF\n\n"},
		{"indented below prose", "See:\n\n    " + failed[:50] + "\n    " + failed[50:100] + "\n    " + failed[100:] + "EOF\n\nWhy?\n", "See:\n\n" + failed + "EOF\n\n\n\nWhy?\n"},
		{"filled over the ends of rows", "  Warning  Failed  5s  kubelet  " + failed[:58] + "\n  " + failed[59:] + "tls: failed to verify certificate: x509:\n  certificate is valid for mirror.example.com and some other names, not\n  registry.example.com Warning  Failed  5s  kubelet  Error: ErrImagePull\n",
			"Warning  Failed  5s  kubelet  " + failed + "tls: failed to verify certificate: x509: certificate is valid for mirror.example.com and some other names, not registry.example.com\n\n\nWarning  Failed  5s  kubelet  Error: ErrImagePull\n"},
		{"not quoted", failed + "read 192.0.2.10:443-\n> 192.0.2.9:53\n", failed + "read 192.0.2.10:443-\n> 192.0.2.9:53\n"},
		{"as in a shell", failed[:48] + " \\\n" + failed[49:] + "\\\nEOF\nWhy?\n", failed + "EOF\n\n\nWhy?\n"},
		{"styled", "\x1b[31m" + failed + "\x1b[0m\n  EOF\n", failed + "EOF\n\n"},
	} {
		want := test.want
		if want == "" {
			want = test.text
		}
		in, err := plain(bufio.NewReaderSize(strings.NewReader(test.text), maxPaste+1))
		if err != nil {
			t.Fatal(err)
		}
		if got, err := io.ReadAll(in); err != nil || string(got) != want {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
	}
}

// TestStraight undoes what programs make of a text that is pasted into them.
func TestStraight(t *testing.T) {
	for text, want := range map[string]string{
		"Failed to pull image \u201cregistry.example.com/a:1\u201d":                                                           `Failed to pull image "registry.example.com/a:1"`,
		`image "[registry.example.com/a:1](http://registry.example.com/a:1)": lookup [a.example.com](https://a.example.com/)`: `image "registry.example.com/a:1": lookup a.example.com`,
		`see [this](http://www.example.com/), [a.example.com](http://a.example.com`:                                           `see [this](http://www.example.com/), [a.example.com](http://a.example.com`,
		`](http://a.example.com/)`: `](http://a.example.com/)`,
	} {
		if got := straight(text); got != want {
			t.Errorf("straight(%q) = %q", text, got)
		}
	}
}

// TestWholeLines leaves lines alone that nobody broke.
func TestWholeLines(t *testing.T) {
	for _, log := range corpus(t) {
		lines := strings.Split(straight(string(log)), "\n")
		dedent(lines)
		text := unstyled(strings.Join(lines, "\n"))
		if got := unwrapped(text); got != text && !isYAML(log) && !strings.Contains(text, "│") {
			t.Errorf("(-want +got)\n%s", cmp.Diff(text, got))
		}
	}
}
