package logparse

import (
	"strings"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

const (
	// maxPaste is how long a text may be of which broken lines are put together: what people
	// copy from a terminal is shorter, a node's log is longer.
	maxPaste  = 64 << 10
	minWidth  = 40 // columns of a terminal
	maxWidth  = 250
	byHand    = 160 // of lines that people break themselves
	maxBreaks = 40  // of one line

	continued = " \\" // as in a shell
)

// unwrapped puts the lines of a text together that a terminal broke at its width, or a mail
// between words, where they tell of a pull. As many empty ones follow as it takes for the
// others to keep their numbers.
func unwrapped(text string) string {
	p := newPaste(straight(text))
	var out strings.Builder
	for i := 0; i < len(p.lines); {
		run := p.run(i)
		if whole := p.join(run); len(run) > 1 && holdsMark(whole) {
			out.WriteString(whole)
		} else {
			out.WriteString(p.lines[i])
			run = run[:1]
		}
		out.WriteString(strings.Repeat("\n", len(run)))
		i += len(run)
	}
	return out.String()
}

func holdsMark(text string) bool { return nextMark([]byte(text), 0, len(text), true) >= 0 }

// A paste is a text that may have been copied from a terminal.
type paste struct {
	lines []string // without their ends
	own   []bool   // whether it is known by its beginning that a line does not go on with the last
	width int      // columns at which a terminal broke several lines; 0: it did not
	fill  int      // columns up to which each broken line was filled with words; 0: they were not
}

func newPaste(text string) paste {
	p := paste{lines: strings.Split(strings.TrimSuffix(text, "\n"), "\n")}
	p.own = make([]bool, len(p.lines))
	for i, line := range p.lines {
		p.lines[i] = unframed(strings.TrimSuffix(unstyled(line), "\r"))
	}
	unquote(p.lines)
	for i, line := range p.lines {
		p.own[i] = strings.TrimSpace(line) == "" || ownLine().MatchString(line) && !(i > 0 && beforeTime().MatchString(p.lines[i-1]))
	}
	p.width = p.terminal()
	switch {
	case p.width == 0, p.filled():
		p.width, p.fill = 0, p.mail()
	case p.padded():
		p.width--
	}
	if p.fill > 0 {
		p.part()
	}
	return p
}

// unframed is line without the frame that k9s and other programs draw around a text.
func unframed(line string) string {
	const side, rule = "│", "┌─┐└┘├┤ "
	inner, framed := strings.CutPrefix(strings.TrimLeft(line, " "), side)
	switch {
	case framed:
		return strings.TrimRight(strings.TrimSuffix(strings.TrimRight(inner, " "), side), " ")
	case strings.Trim(line, rule) == "":
		return ""
	}
	return line
}

// terminal is the greatest width, if several lines have it, and most of those that go on.
func (p paste) terminal() int {
	width, full, broken, other := widest(p.lines), 0, 0, 0
	for i, line := range p.lines {
		if columns(line) == width {
			full++
		}
		switch goesOn := i+1 < len(p.lines) && line != "" && !p.own[i+1]; {
		case goesOn && columns(line) >= width-1:
			broken++
		case goesOn:
			other++
		}
	}
	if full < 2 || broken < other || width < minWidth || width > maxWidth {
		return 0
	}
	return width
}

// padded reports whether a blank was put after each piece, and drops it.
func (p paste) padded() bool {
	for _, line := range p.lines {
		if columns(line) == p.width && !strings.HasSuffix(line, " ") {
			return false
		}
	}
	for i, line := range p.lines {
		if columns(line) == p.width {
			p.lines[i] = line[:len(line)-1]
		}
	}
	return true
}

func columns(line string) int { return utf8.RuneCountInString(line) }

// run is the line at i with those that go on with it.
func (p paste) run(i int) []string {
	n := 1
	for i+n < len(p.lines) && n <= maxBreaks && !p.own[i+n] && p.goesOn(p.lines[i:i+n], p.lines[i+n]) {
		n++
	}
	return p.lines[i : i+n]
}

// goesOn reports whether next goes on with a line of which run are the pieces so far.
func (p paste) goesOn(run []string, next string) bool {
	last := run[len(run)-1]
	switch {
	case wasCut(last) && !(strings.HasSuffix(last, ": ...") && indent(next) > indent(run[0])), member().MatchString(run[0]) && member().MatchString(next) && indent(next) == indent(run[0]):
		return false
	case !p.full(last) && (command().MatchString(strings.TrimSpace(run[0])) || dockerLine().MatchString(run[0])):
		return false
	case p.full(last), p.fill > 0 && !ragged(next, last, p.fill), len(run) > 1 && !fits(next, last, widest(run)):
		return true
	}
	whole := p.join(run)
	if field().MatchString(next) && (strings.Contains(whole, "level=") || klogLine().MatchString(whole)) {
		return true
	}
	if strings.HasSuffix(last, continued) {
		return holdsMark(whole)
	}
	indented := indent(next) > indent(run[0]) && columns(last) <= byHand
	return openQuote(whole) || holdsMark(whole) && (strings.HasSuffix(strings.TrimSpace(last), ":") || indented)
}

// full reports whether a terminal broke the line, perhaps at a blank that nobody copied.
func (p paste) full(line string) bool {
	return p.width > 0 && columns(line) >= p.width-1
}

// join puts the pieces of a line together: those that a terminal broke as they are, those
// that were broken between words with a blank.
func (p paste) join(run []string) string {
	broken, width := run[:len(run)-1], widest(run[:len(run)-1])
	terminal, folded := p.fill == 0 && (len(broken) > 1 || width == p.width), false
	for _, piece := range broken {
		terminal = terminal && columns(piece) >= width-1
	}
	for i, piece := range broken {
		terminal = terminal || splitsName(piece, run[i+1])
		folded = folded || strings.HasSuffix(piece, " ")
	}
	var whole strings.Builder
	for i, piece := range run {
		if !terminal && i > 0 && !(folded && !strings.HasSuffix(run[i-1], " ")) {
			piece = strings.TrimLeft(piece, " \t")
		}
		if i < len(broken) {
			piece = strings.TrimSuffix(piece, continued)
		}
		whole.WriteString(piece)
		if i < len(broken) && !folded && (!terminal || columns(piece) < width) {
			whole.WriteByte(' ')
		}
	}
	return whole.String()
}

// splitsName reports whether two pieces are of one name in quotes, which has no blank: no
// program that breaks lines between words did it.
func splitsName(piece, next string) bool {
	start, end := strings.LastIndexByte(piece, '"'), strings.IndexByte(next, '"')
	return start >= 0 && end >= 0 && wholeName().MatchString(piece[start+1:]+next[:end])
}

func widest(lines []string) int {
	width := 0
	for _, line := range lines {
		width = max(width, columns(line))
	}
	return width
}

// ownLine are the beginnings of lines that do not go on with others.
var ownLine = lazyregexp.New(`^[> \t]*(?:` + strings.Join([]string{
	`[^"]*time="\d`, `level=\w+ `, `[IWEF]\d{4} \d`, `(?:INFO|WARN|ERRO|FATA|DEBU)\[`, // containerd, klog, clients
	`[A-Z][a-z]{2} [ \d]\d \d\d:`, `\d{4}-\d\d-\d\d[T ]\d`, // a journal's prefix
	`\{"`, `[\[{}\]]+,?$`, `"\w+": (?:["\[{\d]|true|false|null)`, `- `, // JSON, YAML
	`(?:.*\s)?(?:Normal|Warning)\s+[A-Z]`, `(?:\S+\s+)?(?:<unknown>|(?:\d+[smhdy])+)(?:\s\s|\s\()`, `[A-Z][A-Z ]+  `, `Type  `, `----`, // kubectl's tables
	`[A-Z][\w ]*:(?:  |$)`, `[\w.-]+:$`, `Failed to pull image`, `Back-off pulling`, `Error: `, // and descriptions
	`\S+:\s+(?:resolv|waiting|exists|done|downloading|committing)`, `elapsed: `, // what clients print,
	`ctr: `, `Error response from daemon: `, dockers, `(?:\S+ )*(?:crictl|nerdctl|docker|ctr)(?: \S+)* pull \S+$`, `\[(?:ERROR|WARNING|preflight)`, "```", `[$#] `, `\[?\w+@[\w.-]+(?:[\] ]|:[~/])`, // kubeadm, and shells
}, "|") + `)`)

// dockers are lines of Docker's client, one for a pull and one for each layer.
const dockers = `(?:\S+: Pulling from \S+|[0-9a-f]{12}: [A-Z][\w ]+)$`

var dockerLine = lazyregexp.New(`^` + dockers)

// laterRow is a row of kubectl describe within a line.
var laterRow = lazyregexp.New(`^\s*\S.*? ((?:Normal|Warning)\s+[A-Z]\w+\s+\d+[smhd])`)

// wholeName is an image's, or a URL, to tell it from words.
var wholeName = lazyregexp.New(`^[a-z0-9]\S*[./:]\S*$`)

// beforeTime is what stands before a time within an error. (crypto/x509 verify.go)
var beforeTime = lazyregexp.New(`(?:current time|is before|is after) *$`)

// klogLine is the beginning of a line of the kubelet or crictl, which may end in such fields.
var klogLine = lazyregexp.New(`^\s*[IWEF]\d{4} \d`)

// field is the beginning of one of a line in containerd's format, which all have names.
var field = lazyregexp.New(`^\s*[a-z][\w.]*=`)

// member is one of an object in YAML, below its first level.
var member = lazyregexp.New(`^ +(?:- )?\w+:(?: |$)`)

// wasCut reports whether a pager left out the line's end, or the kubelet broke it itself.
func wasCut(line string) bool {
	return strings.HasSuffix(line, "="+manyLines) || strings.HasSuffix(line, ">") || strings.HasSuffix(line, "…") || strings.HasSuffix(line, "...")
}

// openQuote reports whether text ends within quotes.
func openQuote(text string) bool {
	open := false
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			open = !open
		}
	}
	return open
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " \t")) }
