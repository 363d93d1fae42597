package registry

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

var (
	sign   = lazyregexp.New(`[:\-] +([>|!])`)
	escape = lazyregexp.New(`\\[^0abtnvfre "/\\N_LPxuU\t]`)
)

// findSign finds a value that begins with a sign of YAML.
func findSign(lines []string, e *yamlError) bool {
	for i := e.Line - 1; i < min(e.Line+1, len(lines)); i++ {
		if m := sign().FindStringSubmatchIndex(lines[i]); m != nil {
			e.Fix = "put the value between single quotes"
			return e.place(lines, i, m[2])
		}
	}
	return false
}

func findEscape(lines []string, e *yamlError) bool {
	m := escape().FindStringIndex(lines[e.Line-1])
	if m == nil {
		return false
	}
	e.Fix = "use single quotes, in which a backslash is nothing special"
	return e.place(lines, e.Line-1, m[0])
}

func findControl(lines []string, e *yamlError) bool {
	for i, line := range lines {
		if at := strings.IndexFunc(line, func(r rune) bool { return r < ' ' && r != '\t' && r != '\r' || r == 0x7f }); at >= 0 {
			e.Fix = "remove the control character"
			return e.place(lines, i, at)
		}
	}
	return false
}

// findEncoding finds the first character that is not in UTF-8.
func findEncoding(lines []string, e *yamlError) bool {
	for i, line := range lines {
		for at, r := range line {
			if _, size := utf8.DecodeRuneInString(line[at:]); r == utf8.RuneError && size == 1 {
				e.Fix = "save the file in UTF-8"
				return e.place(lines, i, at)
			}
		}
	}
	return false
}

const renderFirst = "render the template first: this is one of its placeholders"

// leftovers are lines that some tool should have replaced or removed.
var leftovers = []struct {
	text func() *regexp.Regexp
	fix  string
}{
	{lazyregexp.New(`\{\{|\{%|%%\w+%%`), renderFirst},
	{lazyregexp.New(`^(<{7}|={7}|>{7})`), "resolve the merge conflict that git left here"},
	{lazyregexp.New("^(```|~~~)"), "remove the line: it belongs to the document that this was copied from"},
	{lazyregexp.New(`^EOF\s*$|<<-?\s*["']?EOF`), "remove the line: it belongs to the command that was to write this file"},
}

// findLeftover corrects the fix where such a line is the mistake.
func (e *yamlError) findLeftover(lines []string) {
	for _, l := range leftovers {
		if e.Line > 0 && e.Line <= len(lines) && l.text().MatchString(lines[e.Line-1]) {
			e.Fix = l.fix
		}
	}
}
