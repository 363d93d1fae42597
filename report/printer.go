package report

import (
	"bufio"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/diagnose"
)

// labelWidth is that of the longest label and its space.
const labelWidth = 17

// A printer lays out lines of labelled text. Errors of the writer show at Flush.
type printer struct {
	w     *bufio.Writer
	width int
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintln(p.w, clean(fmt.Sprintf(format, args...)))
}

// field writes a label and its text, wrapped below itself.
func (p *printer) field(label, text string) {
	for _, line := range wrap(clean(text), p.width-labelWidth-2) {
		fmt.Fprintf(p.w, "  %-*s%s\n", labelWidth, label, line)
		label = ""
	}
}

// tail writes a label and the end of its text, as much as fits into two lines: in an error
// the reason stands last.
func (p *printer) tail(label, text string) {
	text = clean(text)
	room := 2*(p.width-labelWidth-2) - 8
	if runes := []rune(text); len(runes) > room {
		text = string(runes[len(runes)-room:])
		if _, rest, ok := strings.Cut(text, " "); ok {
			text = rest
		}
		text = "… " + text
	}
	p.field(label, text)
}

// advice writes one step of a fix; commands are never wrapped, they are to be pasted.
func (p *printer) advice(n diagnose.Note, first bool) {
	label := ""
	if first {
		label = "Type:"
	}
	if n.Command == "" {
		p.field(label, n.Text)
		return
	}
	line := fmt.Sprintf("  %-*s$ %s", labelWidth, label, clean(n.Command))
	if note := "   # " + clean(n.Text); n.Text != "" && utf8.RuneCountInString(line+note) <= p.width {
		line += note
	}
	fmt.Fprintln(p.w, line)
}

// clean removes what could steer a terminal: text of logs and servers is untrusted.
func clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return '.'
		}
		return r
	}, text)
}

// wrap breaks text at spaces into lines of at most width columns; a longer word stands whole.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		switch {
		case line == "":
			line = word
		case utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) <= width:
			line += " " + word
		default:
			lines = append(lines, line)
			line = word
		}
	}
	return append(lines, line)
}
