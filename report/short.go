package report

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"github.com/pullwhy/pullwhy/diagnose"
)

// shortLine is how many bytes a line of the short form has at most: what
// node-problem-detector passes on of a plugin's message.
const shortLine = 80

// WriteShort writes one line per finding, for chat and for tools that take little.
func (r *Report) WriteShort(w io.Writer) error {
	p := newPrinter(bufio.NewWriter(w), TextOptions{ASCII: true})
	lines := 0
	for _, f := range r.Findings {
		if shown(f) {
			p.line("%s", r.short(f))
			lines++
		}
	}
	if lines == 0 {
		p.line("%s", r.Verdict)
	}
	return p.w.Flush()
}

// short names the code, where, and what is concerned, in order of importance.
func (r *Report) short(f diagnose.Finding) string {
	text := f.Code
	if f.Endpoint != "" {
		text += " " + strings.TrimPrefix(f.Endpoint, "https://")
	} else if f.File != "" {
		text += " " + place(f.File, f.Line)
	}
	if len(f.Images) > 0 && f.Images[0] != "" {
		text += " " + f.Images[0]
	}
	more := ""
	if len(f.Images) > 1 {
		more = fmt.Sprintf(" +%d", len(f.Images)-1)
	}
	if room := shortLine - len(more); len(text) > room {
		text = text[:room-2] + ".."
	}
	return text + more
}
