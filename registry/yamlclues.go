package registry

import (
	"regexp"
	"strings"
	"unicode/utf8"
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
	{"could not find expected ':'", findLineWithoutColon},
	{"found a tab character", findTab},
	{"cannot start any token", findTab},
	{"cannot start any token", findReserved},
	{"did not find expected alphabetic or numeric character", findStar},
	{"unknown anchor", findStar},
	{"did not find expected '-' indicator", findComma},
	{"did not find expected key", findComma},
	{"did not find expected key", findMissingColonAbove},
	{"control characters are not allowed", findControl},
	{"found unexpected end of stream", findQuote},
	{"did not find expected ',' or", findBracket},
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

// lacksColon reports whether the line is a lone word where a key should be.
func lacksColon(line string) bool {
	word := strings.TrimSpace(line)
	return !isBlank(line) && !strings.ContainsAny(word, " \t") && !strings.HasSuffix(word, ":") && !strings.HasPrefix(word, "-")
}

func (e *yamlError) missingColon(lines []string, i int) bool {
	word := strings.TrimSpace(lines[i])
	e.Fix = "write a colon after the key: " + word + ":"
	return e.place(lines, i, len(strings.TrimRight(lines[i], " \t\r")))
}

func findMissingColonAbove(lines []string, e *yamlError) bool {
	for i := e.Line - 2; i >= 0; i-- {
		if isBlank(lines[i]) {
			continue
		}
		return lacksColon(lines[i]) && indentation(lines[i]) < indentation(lines[e.Line-1]) && e.missingColon(lines, i)
	}
	return false
}

func findSecondColon(lines []string, e *yamlError) bool {
	line := lines[e.Line-1]
	first := strings.Index(line, ": ")
	if first < 0 {
		return false
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
		if tab >= 0 && strings.TrimSpace(lines[i][:tab]) == "" {
			e.Fix = "indent with spaces: YAML takes no tabs"
			return e.place(lines, i, tab)
		}
	}
	return false
}

var reserved = regexp.MustCompile("(?:^|[:\\-\\[,?] )\\s*([@`%])")

func findReserved(lines []string, e *yamlError) bool {
	m := reserved.FindStringSubmatchIndex(lines[e.Line-1])
	if m == nil {
		return false
	}
	e.Fix = "put the value between single quotes"
	return e.place(lines, e.Line-1, m[2])
}

var star = regexp.MustCompile(`(?:^|[:\-\[,?{] )\s*([*&])`)

func findStar(lines []string, e *yamlError) bool {
	for _, i := range []int{e.Line - 1, e.Line - 2, e.Line} {
		if i < 0 || i >= len(lines) {
			continue
		}
		if m := star.FindStringSubmatchIndex(lines[i]); m != nil {
			e.Fix = `put it between double quotes, such as "*"`
			return e.place(lines, i, m[2])
		}
	}
	return false
}

func findComma(lines []string, e *yamlError) bool {
	for i := max(e.Line-2, 0); i < min(e.Line+2, len(lines)); i++ {
		line := strings.TrimRight(lines[i], " \t\r")
		if strings.HasSuffix(line, `",`) || strings.HasSuffix(line, `',`) {
			e.Fix = "remove the comma: items of a YAML list have none"
			return e.place(lines, i, len(line)-1)
		}
	}
	return false
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

func findBracket(lines []string, e *yamlError) bool {
	for i := e.Line - 1; i >= max(e.Line-20, 0); i-- {
		open := strings.LastIndexAny(lines[i], "[{")
		if open >= 0 && !strings.ContainsAny(lines[i][open:], "]}") {
			e.Fix = "close the bracket"
			return e.place(lines, i, open)
		}
	}
	return false
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
