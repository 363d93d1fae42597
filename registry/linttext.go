package registry

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// lintText finds characters that look like others or like nothing, outside quotes, block
// scalars and comments: YAML takes them for parts of keys and values.
func (n *linter) lintText() {
	s := textScan{block: -1}
	for i, line := range n.lines() {
		if s.skips(line) {
			continue
		}
		found := false // one is enough of a line
		for at, r := range line {
			if s.isText(r) && deceptive(r) && !found && !(i == 0 && at == 0 && r == '\ufeff') {
				found = true
				n.report(Position{n.file.path, i + 1, utf8.RuneCountInString(line[:at]) + 1}, Issue{
					Code:   codeInvisible,
					Detail: fmt.Sprintf("here stands %s (U+%04X), which YAML takes for text", runeName(r), r),
					Fix:    "replace it by " + plainRune(r),
				})
			}
		}
		s.endLine(line)
	}
}

// A textScan knows, rune by rune, whether a text of YAML is in quotes or in a comment.
type textScan struct {
	quote    rune // the mark that is open; 0: none
	escaped  bool // the rune before was the backslash of an escape
	closed   bool // the rune before closed a quote, which the same mark opens again
	comment  bool
	previous rune
	block    int // indentation of the line at whose end a block scalar begins; -1: none
}

// isText takes the next rune of a line and reports whether YAML reads it as plain text.
func (s *textScan) isText(r rune) bool {
	previous := s.previous
	s.previous = r
	switch {
	case s.comment:
		return false
	case s.quote != 0:
		ends := r == s.quote && !s.escaped
		s.escaped = s.quote == '"' && r == '\\' && !s.escaped
		s.closed = ends && s.quote == '\''
		if ends {
			s.quote = 0
		}
		return false
	case s.closed && r == '\'': // two of them are one
		s.quote, s.closed = r, false
		return false
	case r == '#' && strings.ContainsRune(" \t\x00", previous):
		s.comment = true
	case (r == '"' || r == '\'') && strings.ContainsRune(" \t[{,:-\x00", previous):
		s.quote = r
	}
	s.closed = false
	return true
}

var blockScalar = lazyregexp.New(`(^|[:\-] +)[|>][-+0-9]*\s*(#.*)?$`)

// endLine ends a line: a comment ends with it, a quote does not.
func (s *textScan) endLine(line string) {
	if s.quote == 0 && strings.ContainsAny(line, "|>") && blockScalar().MatchString(line) {
		s.block = indentation(line)
	}
	s.comment, s.closed, s.escaped, s.previous = false, false, false, 0
}

// skips reports whether a line is of a block scalar.
func (s *textScan) skips(line string) bool {
	if s.block < 0 || strings.TrimSpace(line) != "" && indentation(line) <= s.block {
		s.block = -1
		return false
	}
	return true
}

// deceptive reports whether r looks like a space, like nothing, or like a quotation mark.
func deceptive(r rune) bool {
	return r > unicode.MaxASCII && (unicode.Is(unicode.Zs, r) || unicode.Is(unicode.Cf, r) || isSmartQuote(r) || r == '\u2028' || r == '\u2029')
}

func isSmartQuote(r rune) bool { return strings.ContainsRune("‘’‚‛“”„‟«»", r) }

func runeName(r rune) string {
	switch {
	case isSmartQuote(r):
		return "a typographic quotation mark"
	case r == '\u00a0':
		return "a no-break space"
	case unicode.Is(unicode.Zs, r):
		return "a space of another kind"
	}
	return "an invisible character"
}

func plainRune(r rune) string {
	switch {
	case isSmartQuote(r):
		return `a straight one: " or '`
	case unicode.Is(unicode.Zs, r):
		return "a space"
	}
	return "nothing"
}
