package registry

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"unicode/utf8"

	"gopkg.in/yaml.v3"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// A yamlError is why K3s would refuse a file. The message holds nothing of the file's
// values, which may be passwords.
type yamlError struct {
	Line, Column int // 1-based; 0: unknown
	Message      string
	Fix          string // "" where it is not obvious
	raw          string // YAML in place of the scalar there, which mends it; "" where that is not known
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
		for _, end := range ends(first) {
			if d, e := parseNode(first[:end]); e == nil && begins(first[end:]) {
				doc, err, first = d, nil, first[:end]
				break
			}
		}
	}
	if err == nil && bytes.IndexByte(first, '\t') >= 0 && tabBehindComment().Match(first) {
		_, err = parseNode(comment().ReplaceAll(first, []byte("$1")))
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
	if bytes.IndexByte(first, '!') >= 0 && bang().Match(first) {
		(&bangMarker{text: string(first), starts: lineStarts(first)}).mark(&doc)
	}
	return doc.Content[0], nil
}

// yaml.v3 does not mind a tab between two comments, which yaml.v2 does.
var (
	comment          = lazyregexp.New(`(?m)^([ \t]*)#.*$`)
	tabBehindComment = lazyregexp.New(`#[^\n]*\n(?:[ \t]*\r?\n)*[ ]*\t`)
)

// bang is the tag "!" with nothing behind it.
var bang = lazyregexp.New(`(?:^|\s)!(?:\s|$)`)

// A bangMarker keeps the tag "!" of plain scalars, which yaml.v3 drops: to yaml.v2 they are
// text, whatever they look like.
type bangMarker struct {
	text             string
	starts           []int // of lines
	line, column, at int   // where it has got to
}

func (b *bangMarker) mark(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && isPlain(n) && n.Value != "<<" && n.Line <= len(b.starts) && properties().MatchString(b.from(n)) {
		n.Tag, n.Style = "!", yaml.TaggedStyle
	}
	for _, child := range n.Content {
		b.mark(child)
	}
}

// from is the text from a node on. Nodes come in the order of the text.
func (b *bangMarker) from(n *yaml.Node) string {
	if n.Line != b.line || n.Column < b.column {
		b.line, b.column, b.at = n.Line, 1, b.starts[n.Line-1]
	}
	for ; b.column < n.Column && b.at < len(b.text); b.column++ {
		_, size := utf8.DecodeRuneInString(b.text[b.at:])
		b.at += size
	}
	return b.text[b.at:]
}

var properties = lazyregexp.New(`^(?:(?:&\S+[ \t]+)?!(?:\s|$)|&\S+\s+![ \t]*(?:[\r\n]|$))`)

func parseNode(text []byte) (doc yaml.Node, err error) {
	defer func() {
		if r := recover(); r != nil { // yaml.v3 recovers its own errors only
			err = fmt.Errorf("yaml: %v", r)
		}
	}()
	err = yaml.Unmarshal(text, &doc)
	return doc, err
}

var (
	parserMessage = lazyregexp.New(`(?s)^yaml: (?:line (\d+): )?(.*)$`)
	anchorName    = lazyregexp.New(`unknown anchor '(.*)' referenced$`)
)

func splitMessage(err error) (line int, message string) {
	m := parserMessage().FindStringSubmatch(err.Error())
	if m == nil {
		return 0, err.Error()
	}
	line, _ = strconv.Atoi(m[1])
	message = m[2]
	if anchorName().MatchString(message) { // an unquoted password may begin with a star
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
	if m := anchorName().FindStringSubmatch(err.Error()); m != nil && e.findAlias(lines, m[1]) {
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
