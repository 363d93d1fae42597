package logparse

import (
	"slices"
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/cause"
)

// TestFoldedLines folds the texts of testdata, and quotes and indents what comes of it. They
// tell the same as before, or less, but never of another image or cause.
func TestFoldedLines(t *testing.T) {
	folds := map[string]func(text string, width int) string{
		"terminal": func(text string, width int) string { return brokenAt(text, width, "") },
		"fold -s":  foldedAt,
		"mail":     func(text string, width int) string { return filledTo(text, width, "") },
	}
	for name, folded := range folds {
		for _, prefix := range []string{"", "> ", "| ", "    ", "\x1b[31m"} {
			all, same := 0, 0
			for _, log := range corpus(t) {
				if !isPlain(log) {
					continue
				}
				want := scan(t, "x", log)
				for width := 60; width <= 130; width += 23 {
					text := prefixed(folded(string(log), width), prefix)
					got := scan(t, "x", []byte(text))
					if other := invented(got, want); other != "" {
						t.Errorf("%s, %d columns, after %q: %s\n%s", name, width, prefix, other, text)
					}
					all++
					if gist(got) == gist(want) {
						same++
					}
				}
			}
			t.Logf("%s after %q: %d of %d the same", name, prefix, same, all)
			if same < all*19/20 {
				t.Errorf("%s after %q: only %d of %d tell the same", name, prefix, same, all)
			}
		}
	}
}

// isPlain reports whether log is a text of lines, none of which holds what no terminal shows.
func isPlain(log []byte) bool {
	text := string(log)
	return !isYAML(log) && !slices.ContainsFunc([]string{"{\n", `{"`, "│", "\x1b", "&quot;"}, func(s string) bool { return strings.Contains(text, s) })
}

// invented is an image or a cause of got that want has not, "" for none.
func invented(got, want *Scanner) string {
	images, causes := []string{""}, []cause.Cause{"", cause.Unknown}
	for _, p := range want.Pulls() {
		images, causes = append(images, p.Image), append(causes, causesOf(p)...)
	}
	for _, p := range got.Pulls() {
		if !slices.Contains(images, p.Image) {
			return p.Image
		}
		for _, c := range causesOf(p) {
			if !slices.Contains(causes, c) {
				return string(c)
			}
		}
	}
	return ""
}

func causesOf(p Pull) []cause.Cause {
	causes := []cause.Cause{p.Reported.Cause}
	for _, a := range p.Attempts {
		causes = append(causes, a.Cause)
	}
	return causes
}

func prefixed(text, prefix string) string {
	return prefix + strings.ReplaceAll(strings.TrimSuffix(text, "\n"), "\n", "\n"+prefix) + "\n"
}

// foldedAt breaks lines after the last blank that has room in the width, as fold -s does.
func foldedAt(text string, width int) string {
	var out strings.Builder
	for line := range strings.Lines(text) {
		for len(line) > width+1 {
			at := width
			if i := strings.LastIndexByte(line[:width], ' '); i >= 0 && strings.TrimSpace(line[:i]) != "" {
				at = i + 1
			}
			out.WriteString(line[:at] + "\n")
			line = line[at:]
		}
		out.WriteString(line)
	}
	return out.String()
}
