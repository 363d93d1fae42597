package registry

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// lintText finds characters that look like others or like nothing, outside quotes and
// comments: YAML takes them for parts of keys and values.
func (n *linter) lintText() {
	var quote rune
	for i, line := range strings.Split(string(n.file.text), "\n") {
		previous := ' '
		for at, r := range line {
			switch {
			case quote != 0:
				if r == quote && previous != '\\' {
					quote = 0
				}
			case r == '#' && (previous == ' ' || previous == '\t'):
				previous = '#'
			case previous == '#':
				continue
			case (r == '"' || r == '\'') && strings.ContainsRune(" \t[{,:-", previous):
				quote = r
			case deceptive(r) && !(i == 0 && at == 0 && r == '\ufeff'):
				n.report(Position{n.file.path, i + 1, utf8.RuneCountInString(line[:at]) + 1}, Issue{
					Code:   codeInvisible,
					Detail: fmt.Sprintf("here stands %s (U+%04X), which YAML takes for text", runeName(r), r),
					Fix:    "replace it by " + plainRune(r),
				})
			}
			if previous != '#' {
				previous = r
			}
		}
	}
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
