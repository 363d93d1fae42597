package registry

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// lintWritten compares what was written with what K3s uses of it: keys that it ignores, and
// keys that replace one another.
func (n *linter) lintWritten() {
	if n.file.root == nil || n.file.root.Kind != yaml.MappingNode {
		return
	}
	if n.lintManifest() || n.lintNested() {
		return
	}
	n.keys(n.file.root, topKeys, "at the top of the file")
	for _, mirror := range n.entries("mirrors") {
		n.keys(mirror.value, mirrorKeys, "in a mirror")
		for _, rewrites := range children(mirror.value, "rewrite") {
			n.duplicates(rewrites)
		}
	}
	for _, config := range n.entries("configs") {
		n.keys(config.value, configKeys, "in an entry of configs")
		for _, auth := range children(config.value, "auth") {
			n.keys(auth, authKeys, "in auth")
			n.truncated(auth)
		}
		for _, tls := range children(config.value, "tls") {
			n.keys(tls, tlsKeys, "in tls")
		}
	}
}

// lintManifest finds a Kubernetes object in place of a registries.yaml.
func (n *linter) lintManifest() bool {
	key, _ := lookUp(n.file.root, "apiVersion")
	kind, _ := lookUp(n.file.root, "kind")
	if key == nil || kind == nil || len(n.file.mirrors)+len(n.file.configs) > 0 {
		return false
	}
	issue := Issue{Code: codeUnknownKey,
		Detail: "this is an object of Kubernetes, of which K3s uses nothing as registries.yaml",
		Fix:    "write mirrors and configs at the beginning of a line, in a file of the node's"}
	if at, path := embeddedText(n.file.root, "", maxNested); at != nil {
		issue.Fix = n.alone(path)
	}
	n.report(n.file.position(key), issue)
	return true
}

// A written pair is a key and its value as they stand in the text.
type pair struct{ key, value *yaml.Node }

// pairs are those of a mapping as they stand in it, a merge among them.
func pairs(mapping *yaml.Node) []pair {
	mapping = target(mapping)
	if mapping == nil || mapping.Kind != yaml.MappingNode {
		return nil
	}
	var all []pair
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		all = append(all, pair{mapping.Content[i], mapping.Content[i+1]})
	}
	return all
}

// target is what an alias stands for.
func target(n *yaml.Node) *yaml.Node {
	for i := 0; n != nil && n.Kind == yaml.AliasNode && i < 10; i++ {
		n = n.Alias
	}
	return n
}

// merged are the mappings that a merge brings in.
func merged(p pair) []*yaml.Node {
	if v := target(p.value); v != nil && v.Kind == yaml.SequenceNode {
		return v.Content
	}
	return []*yaml.Node{p.value}
}

// entries are the pairs below a top-level key, which may stand there twice: K3s joins such
// sections, and a name of both counts once.
func (n *linter) entries(name string) []pair {
	sections := children(n.file.root, name)
	n.duplicates(sections...)
	var all []pair
	for _, section := range sections {
		for _, p := range pairs(section) {
			switch {
			case isMerge(p.key):
			case isSchemaWord(p.key.Value) && n.void != nil: // what stands below it has the wrong type, which says the same
			case isSchemaWord(p.key.Value):
				n.misplaced(p.key, name)
			default:
				all = append(all, p)
			}
		}
	}
	return all
}

// children are the values of a key, those that are merged in included; several where it is
// repeated.
func children(mapping *yaml.Node, name string) []*yaml.Node {
	var all []*yaml.Node
	for _, p := range pairs(mapping) {
		switch {
		case p.key.Value == name:
			all = append(all, p.value)
		case isMerge(p.key):
			for _, m := range merged(p) {
				for _, q := range pairs(m) { // one level: deeper ones are rare
					if q.key.Value == name {
						all = append(all, q.value)
					}
				}
			}
		}
	}
	return all
}

// duplicates finds keys that replace an earlier one.
func (n *linter) duplicates(mappings ...*yaml.Node) {
	first := map[string]int{}
	for _, mapping := range mappings {
		for _, p := range pairs(mapping) {
			if isMerge(p.key) {
				continue
			}
			line, known := first[p.key.Value]
			if !known {
				first[p.key.Value] = p.key.Line
				continue
			}
			n.report(n.file.position(p.key), Issue{Code: codeDuplicateKey,
				Detail: fmt.Sprintf("%q stands in line %d already; only this one counts", p.key.Value, line),
				Fix:    fmt.Sprintf("join it with line %d", line)})
		}
	}
}

// truncated finds credentials of which YAML drops a part.
func (n *linter) truncated(auth *yaml.Node) {
	for _, p := range pairs(auth) {
		v := p.value
		if v.Kind != yaml.ScalarNode || v.Style&(yaml.DoubleQuotedStyle|yaml.SingleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
			continue
		}
		what := ""
		switch {
		case v.Anchor != "" && v.Value == "":
			what = "begins with & and is read as the name of an anchor"
		case v.Style&yaml.TaggedStyle != 0 && (v.Value == "" || !strings.HasPrefix(v.Tag, "!!")):
			what = "begins with ! and is read as the name of a type"
		case v.Value != "" && slices.Contains(nullWords, v.Value):
			what = "is read as no value at all"
		case n.cutByComment(p):
			what = "ends where a comment begins: # behind a space"
		default:
			continue
		}
		n.report(n.file.position(p.key), Issue{Code: codeTruncated,
			Detail: fmt.Sprintf("the value of %s %s", p.key.Value, what), Fix: "put the value between single quotes"})
	}
}

// cutByComment reports whether a comment follows the value that looks like a part of it: no
// space stands behind the #.
func (n *linter) cutByComment(p pair) bool {
	lines := n.lines()
	if p.key.Line > len(lines) {
		return false
	}
	line := lines[p.key.Line-1]
	rest := line[byteColumn(line, p.key.Column):]
	_, rest, _ = strings.Cut(rest, ":")
	i := strings.Index(rest, " #")
	if i < 0 || p.value.Value != strings.TrimSpace(rest[:i]) {
		return false
	}
	tail := rest[i+2:]
	return tail != "" && !strings.ContainsAny(tail[:1], " \t\r#")
}

// deceives reports whether a text has a character that looks like another: that is the
// finding then, and nothing that follows from it.
func deceives(text string) bool { return slices.ContainsFunc([]rune(text), deceptive) }
