package report

import (
	"bufio"
	"io"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// WriteRule writes what a code means, for people.
func WriteRule(w io.Writer, r registry.Rule, o TextOptions) error {
	p := newPrinter(bufio.NewWriter(w), o)
	p.bold(r.Code + ": " + r.Title)
	for _, part := range []struct{ label, text string }{
		{"severity", r.Severity}, {"means", r.Meaning}, {"shows as", r.Shows}, {"fix", r.Fix},
	} {
		p.field(part.label, part.text)
	}
	label := "confirm"
	for line := range strings.Lines(r.Confirm) {
		p.line("  %-*s%s", detailLabel, label, strings.TrimRight(line, "\n"))
		label = ""
	}
	return p.w.Flush()
}
