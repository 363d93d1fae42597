package logparse

import (
	"iter"
	"strconv"
	"strings"
	"unicode/utf8"
)

// pairs yields the fields of logfmt text: key=value, the value in Go's quotes where it has
// to be. A value whose closing quote was cut off extends to the end.
func pairs(text string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for text != "" {
			key, rest, ok := strings.Cut(text, "=")
			if !ok {
				return
			}
			if i := strings.LastIndexByte(key, ' '); i >= 0 {
				key = key[i+1:]
			}
			var value string
			if strings.HasPrefix(rest, `"`) {
				value, rest = quotedUntil(rest, isInField)
			} else {
				value, rest, _ = strings.Cut(rest, " ")
			}
			if !yield(key, value) {
				return
			}
			text = strings.TrimLeft(rest, " ")
		}
	}
}

// quoted reads the Go string literal that text begins with, and returns what follows it.
// One whose end was cut off extends to the end. Where somebody took the backslashes off,
// quotes within it are told by what follows them.
func quoted(text string) (value, rest string) { return quotedUntil(text, isInside) }

func quotedUntil(text string, inside func(rest string) bool) (value, rest string) {
	text = text[1:]
	for end := 0; ; end++ {
		i := strings.IndexByte(text[end:], '"')
		if i < 0 {
			return unescape(text), ""
		}
		end += i
		if !isEscaped(text[:end]) && !inside(text[end+1:]) {
			return unescape(text[:end]), text[end+1:]
		}
	}
}

// isEscaped reports whether a backslash that is not itself escaped ends text.
func isEscaped(text string) bool {
	escaped := false
	for i := len(text); i > 0 && text[i-1] == '\\'; i-- {
		escaped = !escaped
	}
	return escaped
}

// isInside reports whether a quote before rest does not end a value.
func isInside(rest string) bool {
	return rest != "" && (strings.IndexByte(":,)/", rest[0]) >= 0 || 'a' <= rest[0] && rest[0] <= 'z' || '0' <= rest[0] && rest[0] <= '9')
}

// isInField is isInside for the value of a field, which is the last or has another after it.
func isInField(rest string) bool {
	if after, ok := strings.CutPrefix(rest, " "); ok && after != "" && 'a' <= after[0] && after[0] <= 'z' {
		word, _, _ := strings.Cut(after, " ")
		return !strings.Contains(word, "=")
	}
	return isInside(rest)
}

// unescape undoes Go's escapes; what is none stays.
func unescape(text string) string {
	next := strings.IndexByte(text, '\\')
	if next < 0 {
		return text
	}
	out := make([]byte, 0, len(text))
	for ; next >= 0; next = strings.IndexByte(text, '\\') {
		out, text = append(out, text[:next]...), text[next:]
		if strings.HasPrefix(text, `\"`) { // most are
			out, text = append(out, '"'), text[2:]
			continue
		}
		char, wide, rest, err := strconv.UnquoteChar(text, '"')
		switch {
		case err != nil:
			out, text = append(out, text[0]), text[1:]
			continue
		case wide:
			out = utf8.AppendRune(out, char)
		default:
			out = append(out, byte(char))
		}
		text = rest
	}
	return string(append(out, text...))
}
