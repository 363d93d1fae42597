package registry

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"
)

// A yamlError is why K3s would refuse a file. The message holds nothing of the file's
// values, which may be passwords.
type yamlError struct {
	Line, Column int // 1-based; 0: unknown
	Message      string
	Fix          string // "" where it is not obvious
}

func (e *yamlError) Error() string {
	if e.Line == 0 {
		return "yaml: " + e.Message
	}
	return fmt.Sprintf("yaml: line %d: %s", e.Line, e.Message)
}

// parseYAML returns the root node of the first document of text, nil where that is empty.
func parseYAML(text []byte) (*yaml.Node, *yamlError) {
	first := firstDocument(text)
	doc, err := parseNode(first)
	if err != nil {
		short := beforeDedent(first)
		if begins(first[len(short):]) {
			if d, e := parseNode(short); e == nil {
				doc, err, first = d, nil, short
			}
		}
	}
	if err == nil && !readsAhead(text, len(first)) {
		_, err = parseNode(text)
		err = cmp.Or(err, errors.New("yaml: control characters are not allowed"))
	}
	if err != nil {
		return nil, locate(text, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	return doc.Content[0], nil
}

func parseNode(text []byte) (doc yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // yaml.v3 recovers its own errors only
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	err = yaml.Unmarshal(text, &doc)
	return doc, err
}

// firstDocument cuts text where its first document ends: gopkg.in/yaml.v2, which K3s
// uses, never looks beyond, while yaml.v3 does.
func firstDocument(text []byte) []byte {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return text // UTF-16
	}
	begun := false
	for start := 0; start < len(text); {
		end := start + len(text[start:])
		if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
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

// beforeDedent cuts text before the first line that is indented less than its first, or is
// a directive: there yaml.v2 sees the end of the document, and what follows is lost without
// a word.
func beforeDedent(text []byte) []byte {
	root := -1
	for start := 0; start < len(text); {
		end := start + len(text[start:])
		if i := bytes.IndexByte(text[start:], '\n'); i >= 0 {
			end = start + i + 1
		}
		line := string(text[start:end])
		switch {
		case isBlank(line), isMarker(text[start:end], "---"):
		case root < 0 && line[0] != '%':
			root = indentation(line)
		case root >= 0 && line[0] == '%', indentation(line) < root:
			return text[:start]
		}
		start = end
	}
	return text
}

// begins reports whether the next token after the first document can be read, as yaml.v2
// must to see its end.
func begins(rest []byte) bool {
	line, _, _ := bytes.Cut(rest, []byte("\n"))
	word := bytes.TrimLeft(line, " ")
	switch {
	case len(word) == 0:
		return true
	case word[0] == '%':
		return directive.Match(line)
	case word[0] == '"' || word[0] == '\'':
		line = rest
	}
	_, err := parseNode(line)
	if err == nil {
		return true
	}
	_, message := splitMessage(err)
	return slices.ContainsFunc(laterMessages, func(m string) bool { return strings.Contains(message, m) })
}

var directive = regexp.MustCompile(`^%(YAML[ \t]+\d+\.\d+|TAG[ \t]+\S+[ \t]+\S+)\s*(#.*)?$`)

// laterMessages are of mistakes behind the first token.
var laterMessages = []string{"mapping values are not allowed", "did not find expected key", "did not find expected '-'", "did not find expected node", "did not find expected ','", "document start", "expected ':'"}

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
	return ok && (len(rest) == 0 || bytes.IndexByte([]byte(" \t\r\n"), rest[0]) >= 0)
}

var (
	parserMessage = regexp.MustCompile(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	anchorName    = regexp.MustCompile(`unknown anchor '(.*)' referenced$`)
)

func splitMessage(err error) (line int, message string) {
	m := parserMessage.FindStringSubmatch(err.Error())
	if m == nil {
		return 0, err.Error()
	}
	line, _ = strconv.Atoi(m[1])
	message = m[2]
	if anchorName.MatchString(message) { // an unquoted password may begin with a star
		message = "unknown anchor referenced"
	}
	return line, message
}

// locate finds line and column of a syntax error, which yaml.v3 names by the line before
// or after, or that where the surrounding construct begins, and never by column.
func locate(text []byte, err error) *yamlError {
	reported, message := splitMessage(err)
	lines := strings.Split(string(text), "\n")
	e := &yamlError{Message: message, Line: failingLine(text, lines, reported, message)}
	if m := anchorName.FindStringSubmatch(err.Error()); m != nil && e.findAlias(lines, m[1]) {
		return e
	}
	for _, look := range clues {
		if strings.Contains(message, look.message) && look.find(lines, e) {
			break
		}
	}
	if e.Column == 0 && e.Line > 0 && e.Line <= len(lines) {
		e.Column = indentation(lines[e.Line-1]) + 1
	}
	e.findLeftover(lines)
	return e
}

// maxSearched is the size of a text above which the reported line must do: the search parses
// the text some twenty times.
const maxSearched = 64 << 10

// failingLine is the first line, from the reported one on, up to which the text fails alike:
// yaml.v3 may report where the surrounding construct begins.
func failingLine(text []byte, lines []string, reported int, message string) int {
	from, end := min(max(reported-2, 0), len(lines)), []int{0}
	for _, line := range lines {
		end = append(end, min(end[len(end)-1]+len(line)+1, len(text)))
	}
	fails := func(line int) bool {
		_, err := parseNode(text[:end[line]])
		if err == nil {
			return false
		}
		_, m := splitMessage(err)
		return m == message
	}
	passes, step := from, 1
	for len(text) <= maxSearched && passes < len(lines) {
		next := min(passes+step, len(lines))
		if fails(next) {
			return passes + 1 + sort.Search(next-passes-1, func(i int) bool { return fails(passes + 1 + i) })
		}
		passes, step = next, step*2
	}
	return min(max(reported, 1), len(lines))
}

func indentation(line string) int {
	return len(line) - len(strings.TrimLeft(line, " "))
}
