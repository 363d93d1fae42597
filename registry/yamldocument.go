package registry

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// firstDocument cuts text where its first document ends: gopkg.in/yaml.v2, which K3s
// uses, never looks beyond, while yaml.v3 does.
func firstDocument(text []byte) []byte {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return text // UTF-16
	}
	begun := false
	for start := 0; start < len(text); {
		end := lineEnd(text, start)
		line := text[start:end]
		switch {
		case isMarker(line, "---"), isMarker(line, "..."):
			if begun {
				return text[:start]
			}
			begun = true
		case !begun:
			line = bytes.TrimSpace(bytes.TrimPrefix(line, []byte("\xef\xbb\xbf")))
			begun = len(line) > 0 && line[0] != '#' && line[0] != '%'
		}
		start = end
	}
	return text
}

// ends are the offsets at which yaml.v2 may see the end of the document, what follows being
// lost without a word: before the first line that is indented less than the first of all, or
// is a directive; or within that line, behind a text that was still quoted there.
func ends(text []byte) []int {
	start, end, root := dedent(text)
	all := []int{start}
	for i := start; i < end && len(all) < 3; i++ {
		rest := bytes.TrimLeft(text[i+1:end], " ")
		if (text[i] == '"' || text[i] == '\'') && utf8.RuneCount(text[start:end-len(rest)]) < root {
			all = append(all, i+1)
		}
	}
	return all
}

// dedent is the first line at which the document may end, and how far its first one is
// indented.
func dedent(text []byte) (start, end, root int) {
	root, marked := -1, false
	for start < len(text) {
		end = lineEnd(text, start)
		line := string(text[start:end])
		switch {
		case isBlank(line):
		case isMarker(text[start:end], "---"):
			marked = true
		case line[0] == '%' && (marked || root >= 0), indentation(line) < root:
			return start, end, root
		case line[0] != '%' && root < 0:
			root = indentation(line)
		}
		start = end
	}
	return start, start, root
}

// begins reports whether the next token after the first document can be read, as yaml.v2
// must to see its end.
func begins(rest []byte) bool {
	line := bytes.TrimRight(rest[:lineEnd(rest, 0)], "\n\r\u0085\u2028\u2029")
	word := bytes.TrimLeft(line, " ")
	switch {
	case len(word) == 0:
		return true
	case word[0] == '%':
		return directive().Match(line)
	case word[0] == '"' || word[0] == '\'':
		line = rest
	case strings.IndexByte("&*!", word[0]) >= 0:
		line = rest[:len(line)+len(nextLine().Find(rest[len(line):]))] // may be a key: it looks for the colon
	}
	_, err := parseNode(line)
	if err == nil {
		return true
	}
	_, message := splitMessage(err)
	return slices.ContainsFunc(laterMessages, func(m string) bool { return strings.Contains(message, m) })
}

// nextLine is up to the end of the first line with something in it.
var nextLine = lazyregexp.New(`^\s*\S.*`)

// directive is one that can be read. (yaml.org/spec/1.1, productions 31 to 33)
var directive = lazyregexp.New(`^%(?:YAML[ \t]+\d+\.\d+\s*|` +
	`TAG[ \t]+![0-9A-Za-z_-]*!?[ \t]+(?:[0-9A-Za-z_;/?:@&=+$.,!~*'()\[\]-]|%[0-9A-Fa-f]{2})+(?:\s+|$))(?:#.*)?$`)

// laterMessages are of mistakes behind the first token.
var laterMessages = []string{"mapping values are not allowed", "block sequence entries are not allowed", "did not find expected key", "did not find expected '-'", "did not find expected node", "did not find expected ','", "document start", "expected ':'"}

// readsAhead reports whether what yaml.v2 reads behind the end of the first document is
// text at all: it takes in 512 bytes at a time. (readerc.go)
func readsAhead(text []byte, end int) bool {
	const chunk = 512
	limit := min((end/chunk+1)*chunk, len(text))
	for i, r := range string(text[end:limit]) {
		cut := limit < len(text) && limit-end-i < utf8.UTFMax
		if r == utf8.RuneError && !cut || r < ' ' && r != '\t' && r != '\n' && r != '\r' || r == 0x7f {
			return false
		}
	}
	return true
}

func isMarker(line []byte, marker string) bool {
	rest, ok := bytes.CutPrefix(line, []byte(marker))
	r, _ := utf8.DecodeRune(rest)
	return ok && (len(rest) == 0 || strings.ContainsRune(" \t\r\n\u0085\u2028\u2029", r))
}

// isBreak reports whether YAML 1.1 ends a line with r.
func isBreak(r rune) bool {
	return r == '\n' || r == '\r' || r == '\u0085' || r == '\u2028' || r == '\u2029'
}

// lineEnd is where the line that begins at start ends, its break included.
func lineEnd(text []byte, start int) int {
	at := bytes.IndexFunc(text[start:], isBreak)
	if at < 0 {
		return len(text)
	}
	at += start
	if bytes.HasPrefix(text[at:], []byte("\r\n")) {
		return at + 2
	}
	_, size := utf8.DecodeRune(text[at:])
	return at + size
}

// lineStarts are the offsets at which lines begin.
func lineStarts(text []byte) []int {
	var starts []int
	for start := 0; start < len(text); start = lineEnd(text, start) {
		starts = append(starts, start)
	}
	return starts
}
