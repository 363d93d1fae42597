package logparse

import "strings"

// quoteMarks stand before the lines of a text that was quoted.
var quoteMarks = []string{">", "|"}

// unquote takes off what was put before each line of a text: marks of a quotation, and blanks.
func unquote(lines []string) {
	dedent(lines)
	for _, mark := range quoteMarks {
		for quoted := quotation(lines, mark); quoted != nil; quoted = quotation(lines, mark) {
			for i, line := range quoted {
				line = strings.TrimPrefix(line, mark)
				quoted[i] = strings.TrimPrefix(line, " ")
			}
			dedent(quoted)
		}
	}
}

// quotation is those of lines that begin with mark, nil where others are among them: a line
// may have been broken before a character that looks like one.
func quotation(lines []string, mark string) []string {
	first, last, n := 0, 0, 0
	for i, line := range lines {
		if strings.HasPrefix(line, mark) {
			if n == 0 {
				first = i
			}
			last = i
			n++
		}
	}
	for i := first; i < last; i++ {
		if strings.TrimSpace(lines[i]) != "" && !strings.HasPrefix(lines[i], mark) {
			return nil
		}
	}
	if n < 2 {
		return nil
	}
	return lines[first : last+1]
}

// dedent takes off the blanks that all lines of a paragraph begin with.
func dedent(lines []string) {
	for start := 0; start < len(lines); {
		end, common := start, maxPaste
		for ; end < len(lines) && strings.TrimSpace(lines[end]) != ""; end++ {
			common = min(common, indent(lines[end]))
		}
		for i := start; i < end; i++ {
			lines[i] = lines[i][common:]
		}
		start = end + 1
	}
}

// unstyled is a line without terminal sequences.
func unstyled(text string) string {
	return replaceEach(text, "\x1b", func(follows string) (string, string) {
		return "", follows[max(0, escapeSequence("\x1b"+follows)-1):]
	})
}
