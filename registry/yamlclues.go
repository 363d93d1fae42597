package registry

import (
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// A clue knows what one message of the YAML parser usually means, and where in the text
// the mistake then stands.
type clue struct {
	message string
	find    func(lines []string, e *yamlError) bool // sets place and fix, or returns false
}

var clues = []clue{
	{"mapping values are not allowed", findMissingColonAbove},
	{"mapping values are not allowed", findSecondColon},
	{"mapping values are not allowed", findMisalignment},
	{"could not find expected ':'", findLineWithoutColon},
	{"found a tab character", findTab},
	{"cannot start any token", findTab},
	{"cannot start any token", findReserved},
	{"did not find expected alphabetic or numeric character", findStar},
	{"did not find expected '-' indicator", findComma},
	{"did not find expected key", findComma},
	{"did not find expected key", findUnclosedAbove},
	{"did not find expected key", findMissingColonAbove},
	{"did not find expected key", findLineWithoutColon},
	{"did not find expected key", findMisalignment},
	{"did not find expected '-' indicator", findMisalignment},
	{"control characters are not allowed", findControl},
	{"UTF-8 octet", findEncoding},
	{"found unexpected end of stream", findQuote},
	{"did not find expected ',' or", findBracket},
	{"did not find expected comment or line break", findSign},
	{"found undefined tag handle", findSign},
	{"found unknown escape character", findEscape},
}

// place puts the error at a byte offset of a line, both 0-based.
func (e *yamlError) place(lines []string, line, offset int) bool {
	if offset < 0 {
		return false
	}
	e.Line, e.Column = line+1, utf8.RuneCountInString(lines[line][:offset])+1
	return true
}

func isBlank(line string) bool {
	line = strings.TrimSpace(line)
	return line == "" || strings.HasPrefix(line, "#")
}

var (
	lineComment = lazyregexp.New(`(^|\s)#.*$`)
	keyColon    = lazyregexp.New(`:(\s|$)`)
	firstWord   = lazyregexp.New(`^\s*("[^"]*"|'[^']*'|\S+)`)
	spacelessIn = lazyregexp.New(`^[\w-]+:[^\s/\d]`) // username:you, but neither host:5000 nor a URL
)

// lacksColon reports whether a line has something where a key should be, and no colon.
func lacksColon(line string) bool {
	return !isBlank(line) && !keyColon().MatchString(lineComment().ReplaceAllString(line, ""))
}

// missingColon says that the key of a line lacks its colon, or the dash of an item the space
// behind it.
func (e *yamlError) missingColon(lines []string, i int) bool {
	line := strings.TrimRight(lines[i], " \t\r")
	at := firstWord().FindStringIndex(line)
	word := strings.TrimSpace(line[:at[1]])
	switch {
	case word == "-":
		return false
	case strings.HasPrefix(word, "-"):
		e.Fix = "put a space behind the dash"
		return e.place(lines, i, indentation(line))
	case spacelessIn().MatchString(word):
		e.Fix = "put a space behind the colon"
		return e.place(lines, i, strings.IndexByte(line, ':')+1)
	}
	e.Fix = "write a colon after the key"
	if shown := meantKey(word); shown != "" {
		e.Fix += ": " + shown + ":"
	}
	return e.place(lines, i, at[1])
}

var hostWord = lazyregexp.New(`^["']?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?["']?$`)

// meantKey is the key that a word was meant for: one of the schema, or a host; "" where it may
// be anything, a password too.
func meantKey(word string) string {
	for _, known := range [][]string{topKeys, mirrorKeys, configKeys, authKeys, tlsKeys} {
		if key := nearest(word, known); key != "" {
			return key
		}
	}
	if hostWord().MatchString(word) {
		return word
	}
	return ""
}

// findMissingColonAbove finds the line at which the key begins that runs on, over lines
// without a colon, to the one that has too many.
func findMissingColonAbove(lines []string, e *yamlError) bool {
	first := -1
	for i := e.Line - 2; i >= 0 && !keyColon().MatchString(lineComment().ReplaceAllString(lines[i], "")); i-- {
		if !isBlank(lines[i]) {
			first = i
		}
	}
	return first >= 0 && e.missingColon(lines, first)
}

func findSecondColon(lines []string, e *yamlError) bool {
	line := lines[e.Line-1]
	first := strings.Index(line, ": ")
	if first < 0 {
		return false
	}
	if value := strings.TrimSpace(line[first+1:]); strings.Count(value, ": ") == 0 && strings.HasSuffix(value, ":") && meantKey(strings.TrimSuffix(value, ":")) != "" {
		e.Fix = "write the second key on a line of its own, indented deeper"
		return e.place(lines, e.Line-1, strings.LastIndex(line, value))
	}
	second := strings.Index(line[first+1:], ": ")
	if second < 0 {
		return false
	}
	e.Fix = "put the value between single quotes"
	return e.place(lines, e.Line-1, first+1+second)
}

func findLineWithoutColon(lines []string, e *yamlError) bool {
	for i := e.Line - 1; i >= max(e.Line-4, 0); i-- {
		if lacksColon(lines[i]) {
			return e.missingColon(lines, i)
		}
	}
	return false
}

func findTab(lines []string, e *yamlError) bool {
	for i := max(e.Line-2, 0); i < min(e.Line+1, len(lines)); i++ {
		tab := strings.IndexByte(lines[i], '\t')
		switch {
		case tab < 0:
		case strings.TrimSpace(lines[i][:tab]) == "":
			e.Fix = "indent with spaces: YAML takes no tabs"
			return e.place(lines, i, tab)
		case strings.TrimSpace(lines[i][:tab]) == "-" && i == e.Line-1:
			e.Fix = "put a space behind the dash: YAML takes no tab there"
			return e.place(lines, i, tab)
		}
	}
	return false
}

var reserved = lazyregexp.New("(?:^|[:\\-\\[,?] )\\s*([@`%,\\]}])")

func findReserved(lines []string, e *yamlError) bool {
	m := reserved().FindStringSubmatchIndex(lines[e.Line-1])
	if m == nil {
		return false
	}
	e.Fix = "put the value between single quotes"
	return e.place(lines, e.Line-1, m[2])
}

var star = lazyregexp.New(`(?:^|[:\-\[,?{] )\s*([*&])`)

func findStar(lines []string, e *yamlError) bool {
	for _, i := range []int{e.Line - 1, e.Line - 2, e.Line} {
		if i < 0 || i >= len(lines) {
			continue
		}
		if m := star().FindStringSubmatchIndex(lines[i]); m != nil {
			e.starFix(lines[i][m[2]:])
			return e.place(lines, i, m[2])
		}
	}
	return false
}

// starFix says what to do with text that begins with * or &.
func (e *yamlError) starFix(rest string) {
	e.Fix = "put the value between single quotes"
	if strings.HasPrefix(rest, "*:") || strings.HasPrefix(rest, "*.") {
		e.Fix = `put it between double quotes, such as "*"`
	}
}

// findAlias finds where an anchor is used that nothing defines: a value that begins with *.
func (e *yamlError) findAlias(lines []string, name string) bool {
	use := regexp.MustCompile(`(?:^|[\s\[{,])(\*)` + regexp.QuoteMeta(name) + `(?:[\s,\]}]|$)`)
	for i, line := range lines {
		if m := use.FindStringSubmatchIndex(line); m != nil {
			e.starFix(line[m[2]:])
			return e.place(lines, i, m[2])
		}
	}
	return false
}

func findComma(lines []string, e *yamlError) bool {
	for i := max(e.Line-2, 0); i < min(e.Line+1, len(lines)); i++ {
		line := strings.TrimRight(lines[i], " \t\r")
		if strings.HasSuffix(line, `",`) || strings.HasSuffix(line, `',`) {
			e.Fix = "remove the comma: items of a YAML list have none"
			return e.place(lines, i, len(line)-1)
		}
	}
	return false
}

// findUnclosedAbove finds a quotation mark above that runs on to one of another value.
func findUnclosedAbove(lines []string, e *yamlError) bool {
	above := *e
	above.Line--
	if !findQuote(lines, &above) || above.Line < e.Line-3 {
		return false
	}
	*e = above
	return true
}

func findQuote(lines []string, e *yamlError) bool {
	for i := e.Line - 1; i >= 0; i-- {
		for _, quote := range []string{`"`, `'`} {
			if strings.Count(lines[i], quote)%2 == 1 {
				e.Fix = "close the quotation mark"
				return e.place(lines, i, strings.LastIndex(lines[i], quote))
			}
		}
	}
	return false
}

var behindQuote = lazyregexp.New(`["']( +)[^\s#,:\]}]`)

// findMisalignment is for lines that can stand nowhere where they stand.
func findMisalignment(lines []string, e *yamlError) bool {
	line := lines[e.Line-1]
	if m := behindQuote().FindStringSubmatchIndex(line); m != nil && strings.ContainsAny(line[:m[0]], `"'`) {
		e.Fix = "nothing may follow the closing quotation mark"
		return e.place(lines, e.Line-1, m[3])
	}
	e.Fix = "align the line with those that it belongs to"
	return e.place(lines, e.Line-1, indentation(line))
}

// findBracket finds the last bracket that is open where the text fails.
func findBracket(lines []string, e *yamlError) bool {
	type place struct{ line, offset int }
	var open []place
	for i := max(e.Line-20, 0); i < e.Line; i++ {
		for at, c := range lineComment().ReplaceAllString(lines[i], "") {
			switch {
			case c == '[' || c == '{':
				open = append(open, place{i, at})
			case (c == ']' || c == '}') && len(open) > 0:
				open = open[:len(open)-1]
			}
		}
	}
	if len(open) == 0 {
		return false
	}
	last := open[len(open)-1]
	if m := lineComment().FindStringIndex(lines[last.line]); m != nil && strings.ContainsAny(lines[last.line][m[0]:], "]}") {
		e.Fix = "put the value with the # between single quotes: behind a space it begins a comment"
		return e.place(lines, last.line, strings.IndexByte(lines[last.line][m[0]:], '#')+m[0])
	}
	e.Fix = "close the bracket"
	return e.place(lines, last.line, last.offset)
}
