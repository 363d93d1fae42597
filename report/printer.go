package report

import (
	"bufio"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/diagnose"
)

const (
	// defaultWidth is that of the terminals that a rescue console gives.
	defaultWidth = 80
	minWidth     = 40

	detailLabel = 12 // the longest label of the details, and spaces

	noBreak = "\u00a0" // a space at which no line is broken

	boldOn   = "\x1b[1m"
	colorOff = "\x1b[0m"
)

// A printer lays out lines of labelled text. Errors of the writer show at Flush.
type printer struct {
	TextOptions
	w *bufio.Writer
}

func newPrinter(w *bufio.Writer, o TextOptions) *printer {
	if o.Width < minWidth {
		o.Width = defaultWidth
	}
	return &printer{o, w}
}

func (p *printer) line(format string, args ...any) {
	fmt.Fprintln(p.w, p.clean(fmt.Sprintf(format, args...)))
}

// bold writes a line that stands out.
func (p *printer) bold(text string) {
	text = strings.ReplaceAll(p.clean(text), noBreak, " ")
	if p.Color {
		text = boldOn + text + colorOff
	}
	fmt.Fprintln(p.w, text)
}

// headline writes what stands out, wrapped, and returns how many lines that takes.
func (p *printer) headline(text string) int {
	lines := wrap(p.clean(text), p.Width)
	for _, line := range lines {
		p.bold(line)
	}
	return len(lines)
}

// title begins a part of the details.
func (p *printer) title(text string) {
	p.line("")
	p.bold(text)
}

// field writes a label and its text, wrapped below itself.
func (p *printer) field(label, text string) {
	for _, line := range wrap(p.clean(text), p.Width-detailLabel-2) {
		fmt.Fprintf(p.w, "  %-*s%s\n", detailLabel, label, line)
		label = ""
	}
}

// A field is a label and its text.
type field struct {
	label, text string
	suffix      string         // stands after the text, also where that is cut
	brief       string         // stands in place of a text that would be cut; "" for none
	keepEnd     bool           // cut at the front: in an error the reason stands last
	whole       bool           // never cut, never wrapped
	clauses     *regexp.Regexp // where the text may end early; nil: nowhere
	lines       []string
}

// lay breaks each field's text into lines.
func (p *printer) lay(all ...*field) {
	for _, f := range all {
		switch text := p.clean(f.text + f.suffix); {
		case text == "":
		case f.whole:
			f.lines = []string{"  " + f.label + " " + text}
		default:
			f.lines = p.hang(f.label, text)
		}
	}
}

// fit cuts fields until all of them have at most so many lines: those that give way in their
// order, each down to two lines, then to one.
func (p *printer) fit(room int, all []*field, give ...*field) {
	for _, least := range []int{2, 1} {
		for _, f := range give {
			if over := lines(all) - room; over > 0 && len(f.lines) > least {
				p.cut(f, max(least, len(f.lines)-over))
			}
		}
	}
}

// shorten ends fields before a later clause, in their order, until all of them have at most so
// many lines or no field has less to say.
func (p *printer) shorten(room int, all []*field, give ...*field) {
	for _, f := range give {
		if f.clauses == nil {
			continue
		}
		ends := f.clauses.FindAllStringIndex(p.clean(f.text), -1)
		slices.Reverse(ends)
		for _, end := range ends {
			if lines(all) <= room {
				return
			}
			if shorter := p.hang(f.label, p.clean(f.text)[:end[0]]+" "+p.ellipsis()+p.clean(f.suffix)); len(shorter) < len(f.lines) {
				f.lines = shorter
			}
		}
	}
}

func lines(all []*field) int {
	n := 0
	for _, f := range all {
		n += len(f.lines)
	}
	return n
}

// cut shortens a field to at most so many lines, by as few characters as that takes.
func (p *printer) cut(f *field, most int) {
	text, suffix := p.clean(f.text), p.clean(f.suffix)
	if f.brief != "" {
		text = p.clean(f.brief)
		f.lines = p.hang(f.label, text+suffix)
	}
	whole := []rune(text)
	if len(f.lines) <= most || len(whole) == 0 {
		return
	}
	without := func(n int) []string {
		if f.keepEnd {
			return p.hang(f.label, p.ellipsis()+" "+fromWord(whole[n:])+suffix)
		}
		return p.hang(f.label, toWord(whole[:len(whole)-n])+p.ellipsis()+suffix)
	}
	n := 1 + sort.Search(len(whole)-1, func(i int) bool { return len(without(i+1)) <= most })
	f.lines = without(n)
}

// fields writes the lines of fields.
func (p *printer) fields(all ...*field) {
	for _, f := range all {
		for _, line := range f.lines {
			fmt.Fprintln(p.w, line)
		}
	}
}

// hang wraps a label and its text, further lines indented below the first.
func (p *printer) hang(label, text string) []string {
	lines := wrap(label+" "+text, p.Width-4)
	for i := range lines {
		lines[i] = "    " + lines[i]
	}
	lines[0] = lines[0][2:]
	return lines
}

// fromWord leaves out what the cut left of the first word, toWord of the last one, unless
// that is all there is.
func fromWord(cut []rune) string {
	if _, rest, ok := strings.Cut(string(cut), " "); ok {
		return rest
	}
	return string(cut)
}

func toWord(cut []rune) string {
	text := string(cut)
	if i := strings.LastIndexByte(text, ' '); i > 0 {
		text = text[:i]
	}
	return strings.TrimRight(dangling().ReplaceAllString(text, ""), ",;:") + " "
}

// dangling are words that say nothing where a sentence is cut after them.
var dangling = lazyregexp.New(`( (a|an|and|at|for|in|of|or|over|the|to|with))+$`)

func (p *printer) ellipsis() string {
	if p.ASCII {
		return "..."
	}
	return "…"
}

// digests are what nobody reads to the end.
var digests = lazyregexp.New(`(sha256:[0-9a-f]{12})[0-9a-f]{52}`)

// short cuts digests as far as people compare them.
func (p *printer) short(text string) string {
	return digests().ReplaceAllString(text, "${1}"+p.ellipsis())
}

// step writes one step of a fix in full.
func (p *printer) step(number int, n diagnose.Note) {
	label := fmt.Sprintf("fix %d", number)
	text, rest, _ := strings.Cut(n.Text, "\n")
	n.Text = text
	if text != "" {
		p.field(label, withPlace(n))
		label = ""
	}
	for line := range strings.Lines(rest) {
		fmt.Fprintf(p.w, "  %-*s%s\n", detailLabel, label, p.clean(strings.TrimRight(line, "\n")))
	}
	if n.Command != "" {
		p.command(label, n.Command)
	}
}

// command writes what is to be pasted, whole.
func (p *printer) command(label, text string) {
	fmt.Fprintf(p.w, "  %-*s$ %s\n", detailLabel, label, p.clean(text))
}

// clean removes what could steer a terminal: text of logs and servers is untrusted.
func (p *printer) clean(text string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\t':
			return ' '
		case r == utf8.RuneError || unicode.IsControl(r) || unicode.Is(unicode.Cf, r):
			return '.'
		case p.ASCII && r > unicode.MaxASCII && string(r) != noBreak:
			return '?'
		}
		return r
	}, text)
}

// wrap breaks text at spaces into lines of at most width columns; a longer word stands whole.
func wrap(text string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' }) {
		word = strings.ReplaceAll(word, noBreak, " ")
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
