package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// WriteLint writes mistakes as compilers do: the place, what is wrong, the line with a caret
// below the column, and what to write. Without any it is one line, which says how many of the
// files configure nothing.
func WriteLint(w io.Writer, issues []registry.Issue, files, empty int, o TextOptions) error {
	p := newPrinter(bufio.NewWriter(w), o)
	counts := map[string]int{}
	for _, i := range issues {
		counts[i.Severity]++
		p.issue(i)
	}
	switch {
	case len(issues) == 0 && empty == files && files > 0:
		p.line("%s, no mistake found, and no mirrors or configs", count(files, "file"))
	case len(issues) == 0 && empty > 0:
		p.line("%s, no mistake found; %d without mirrors and configs", count(files, "file"), empty)
	case len(issues) == 0:
		p.line("%s, no mistake found", count(files, "file"))
	default:
		p.line("%s, %s, %s", count(counts[registry.SeverityError], "error"),
			count(counts[registry.SeverityWarning], "warning"), count(counts[registry.SeverityInfo], "note"))
	}
	return p.w.Flush()
}

// WriteLintShort writes each mistake on one line, in the form that editors and other tools read
// of compilers.
func WriteLintShort(w io.Writer, issues []registry.Issue, o TextOptions) error {
	p := newPrinter(bufio.NewWriter(w), o)
	for _, i := range issues {
		p.line("%s: %s", heading(i), i.Detail)
	}
	return p.w.Flush()
}

// heading is place, severity and code of a mistake.
func heading(i registry.Issue) string {
	at := i.File
	if i.Line > 0 {
		at = fmt.Sprintf("%s:%d:%d", i.File, i.Line, max(1, i.Column))
	}
	return fmt.Sprintf("%s: %s: %s", at, i.Severity, i.Code)
}

func (p *printer) issue(i registry.Issue) {
	p.bold(heading(i))
	for _, line := range wrap(p.clean(i.Detail), p.Width-2) {
		p.line("  %s", line)
	}
	if i.Excerpt != "" {
		p.line("    | %s", strings.ReplaceAll(i.Excerpt, "\t", " "))
		p.line("    | %s^", strings.Repeat(" ", max(0, i.Column-1)))
	}
	if i.Fix != "" {
		for _, line := range wrap("fix: "+p.clean(i.Fix), p.Width-2) {
			p.line("  %s", line)
		}
	}
	if i.Command != "" {
		p.line("  $ %s", p.clean(i.Command))
	}
	p.line("")
}
