package registry

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// An Edit is one change to registries.yaml that mends a mistake: another text for the key or
// list item at a place, a value at a path of keys, or no such key at all.
type Edit struct {
	At     Position // of the scalar to replace; without a line, Path counts
	Path   []string // keys from the top; what is missing of them is written
	Text   string   // the new text, as YAML gives it back: quotes are added where it needs them
	Raw    bool     // Text is YAML as it is to stand at At, of another type than text
	Remove bool     // the last key of Path, with what stands below it, and those above that would be left empty
}

var errNotHere = errors.New("the file has another form there")

var errTwice = errors.New("another edit is of the same place")

// together are the edits without those that are there already; an error where two write
// something else in one place.
func together(edits []Edit) ([]Edit, error) {
	type place struct {
		line, column int
		path         string
	}
	all, at := []Edit{}, map[place]Edit{}
	for _, e := range edits {
		key := place{e.At.Line, e.At.Column, strings.Join(e.Path, "\x00")}
		other, known := at[key]
		switch {
		case !known:
			all, at[key] = append(all, e), e
		case other.Text != e.Text || other.Raw != e.Raw || other.Remove != e.Remove:
			return nil, errTwice
		}
	}
	return all, nil
}

// apply makes all the edits in text, those of a place before those of a path: the first ones
// never move a line.
func apply(text []byte, edits []Edit) ([]byte, error) {
	lines := bytes.SplitAfter(text, []byte("\n"))
	for _, e := range edits {
		if e.At.Line > 0 {
			value := e.Text
			if !e.Raw {
				value = quoteYAML(value)
			}
			if err := replaceAt(lines, e.At, value); err != nil {
				return nil, fmt.Errorf("editing line %d: %w", e.At.Line, err)
			}
		}
	}
	text = bytes.Join(lines, nil)
	for _, e := range edits {
		if e.At.Line == 0 {
			edited, err := e.applyPath(text)
			if err != nil {
				return nil, fmt.Errorf("writing %s: %w", strings.Join(e.Path, "."), err)
			}
			text = edited
		}
	}
	return text, nil
}

func (e Edit) applyPath(text []byte) ([]byte, error) {
	if e.Remove {
		return removePath(text, e.Path)
	}
	return setPath(text, e.Path, e.Text)
}

// replaceAt puts YAML in place of the scalar that begins at a place, quotes included.
func replaceAt(lines [][]byte, at Position, value string) error {
	if at.Line > len(lines) {
		return errNotHere
	}
	line := string(lines[at.Line-1])
	start := byteColumn(line, at.Column)
	end := start + scalarLength(line[start:])
	if end == start {
		return errNotHere
	}
	lines[at.Line-1] = []byte(line[:start] + value + line[end:])
	return nil
}

// byteColumn is the index in line of a column counted in runes from 1.
func byteColumn(line string, column int) int {
	runes := 0
	for i := range line {
		if runes++; runes == max(1, column) {
			return i
		}
	}
	return len(line)
}

// scalarLength is how much of a line the scalar at its beginning takes, 0 where that is
// none or does not end on the line.
func scalarLength(rest string) int {
	if rest == "" {
		return 0
	}
	if quote := rest[0]; quote == '"' || quote == '\'' {
		for i := 1; i < len(rest); i++ {
			switch {
			case quote == '"' && rest[i] == '\\':
				i++
			case rest[i] == quote:
				return i + 1
			}
		}
		return 0
	}
	if strings.ContainsRune("&*!|>{[", rune(rest[0])) && !strings.HasPrefix(rest, "*.") {
		return 0
	}
	end := len(strings.TrimRight(rest, " \t\r\n"))
	for i := 0; i < end; i++ {
		next := rest[i+1:]
		switch {
		case rest[i] == ':' && (next == "" || strings.ContainsRune(" \t\r\n", rune(next[0]))),
			strings.ContainsRune(",]}", rune(rest[i])),
			(rest[i] == ' ' || rest[i] == '\t') && strings.HasPrefix(strings.TrimLeft(next, " \t"), "#"):
			return len(strings.TrimRight(rest[:i], " \t"))
		}
	}
	return end
}

// quoteYAML is a text as YAML of one line that any reader takes for that text.
func quoteYAML(text string) string {
	plain := !slices.Contains(words11, strings.ToLower(text)) && !strings.ContainsFunc(text, func(r rune) bool {
		return !(r == '.' || r == '-' || r == '_' || r == '/' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z')
	})
	var node yaml.Node
	if plain && yaml.Unmarshal([]byte(text), &node) == nil && node.Content[0].Tag == "!!str" {
		return text
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "\n", `\n`).Replace(text) + `"`
}

// words11 are what YAML 1.1, which K3s reads, takes for something else than text.
// (yaml.org/type/bool.html, yaml.org/type/null.html)
var words11 = []string{"", "y", "n", "yes", "no", "on", "off", "true", "false", "null"}

// setPath writes value at a path of keys, and what is missing on the way.
func setPath(text []byte, path []string, value string) ([]byte, error) {
	root, yamlErr := parseYAML(text)
	if yamlErr != nil {
		return nil, yamlErr
	}
	if root == nil {
		return append(endLine(text), nested(0, path, value)...), nil
	}
	node, key := root, (*yaml.Node)(nil)
	for i, name := range path {
		if isNil(node) {
			return insertAfter(text, key.Line, nested(key.Column+1, path[i:], value)), nil
		}
		if node.Kind != yaml.MappingNode {
			return nil, errNotHere
		}
		k, v := lookUp(node, name)
		if k == nil {
			return addKey(text, node, path[i:], value)
		}
		node, key = v, k
	}
	if node.Kind != yaml.ScalarNode {
		return nil, errNotHere
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	err := replaceAt(lines, Position{Line: node.Line, Column: node.Column}, quoteYAML(value))
	return bytes.Join(lines, nil), err
}

func lookUp(mapping *yaml.Node, name string) (key, value *yaml.Node) {
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		if mapping.Content[i].Value == name {
			key, value = mapping.Content[i], mapping.Content[i+1]
		}
	}
	return key, value
}

// addKey writes path below a mapping: on lines of its own, or between the braces of one that
// stands on one line.
func addKey(text []byte, mapping *yaml.Node, path []string, value string) ([]byte, error) {
	if mapping.Style&yaml.FlowStyle == 0 {
		first := mapping.Content[0]
		last := mapping.Content[len(mapping.Content)-2]
		return insertAfter(text, lastLine(text, last), nested(first.Column-1, path, value)), nil
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	line := string(lines[mapping.Line-1])
	start := byteColumn(line, mapping.Column)
	if start >= len(line) || line[start] != '{' {
		return nil, errNotHere
	}
	entry := inline(path, value)
	if len(mapping.Content) > 0 {
		entry += ", "
	}
	lines[mapping.Line-1] = []byte(line[:start+1] + entry + line[start+1:])
	return bytes.Join(lines, nil), nil
}

// lastLine is the number of the last line that belongs to a key of a block mapping: those that
// follow it and are indented deeper, or are items of a list at the key's own column. Comments
// end nothing, wherever they begin.
func lastLine(text []byte, key *yaml.Node) int {
	lines := strings.Split(string(text), "\n")
	last := key.Line
	for n := key.Line + 1; n <= len(lines); n++ {
		line := lines[n-1]
		indent := indentation(line)
		switch {
		case isBlank(line):
		case indent >= key.Column, indent == key.Column-1 && strings.HasPrefix(line[indent:], "- "):
			last = n
		case line[indent] != '#':
			return last
		}
	}
	return last
}

// removePath takes out the last key of a path, and every key above it that has nothing else
// below it. It does so line by line: between braces there is nothing that it could take.
func removePath(text []byte, path []string) ([]byte, error) {
	root, yamlErr := parseYAML(text)
	if yamlErr != nil {
		return nil, yamlErr
	}
	var out *yaml.Node // the key to take out
	for node, i := root, 0; i < len(path); i++ {
		if node == nil || node.Kind != yaml.MappingNode || node.Style&yaml.FlowStyle != 0 {
			return nil, errNotHere
		}
		key, value := lookUp(node, path[i])
		if key == nil {
			return nil, errNotHere
		}
		if out == nil || len(node.Content) > 2 {
			out = key
		}
		node = value
	}
	lines := bytes.SplitAfter(text, []byte("\n"))
	return bytes.Join(slices.Delete(lines, out.Line-1, lastLine(text, out)), nil), nil
}

func insertAfter(text []byte, line int, inserted string) []byte {
	lines := bytes.SplitAfter(text, []byte("\n"))
	lines[line-1] = endLine(lines[line-1])
	head := bytes.Join(lines[:line], nil)
	return append(append(head, inserted...), bytes.Join(lines[line:], nil)...)
}

func endLine(text []byte) []byte {
	if len(text) == 0 || bytes.HasSuffix(text, []byte("\n")) {
		return text
	}
	return append(bytes.Clone(text), '\n')
}

// nested is a path with a value as YAML, a key a line.
func nested(indent int, path []string, value string) string {
	var b strings.Builder
	for i, key := range path {
		fmt.Fprintf(&b, "%*s%s:", indent+2*i, "", quoteYAML(key))
		if i < len(path)-1 {
			b.WriteString("\n")
		}
	}
	fmt.Fprintf(&b, " %s\n", quoteYAML(value))
	return b.String()
}

// inline is the same between braces.
func inline(path []string, value string) string {
	if len(path) == 1 {
		return quoteYAML(path[0]) + ": " + quoteYAML(value)
	}
	return quoteYAML(path[0]) + ": {" + inline(path[1:], value) + "}"
}
