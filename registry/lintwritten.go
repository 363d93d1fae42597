package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"gopkg.in/yaml.v3"
)

// The keys that K3s knows, by what they stand below.
// (rancher/wharfie pkg/registries/types.go)
var (
	topKeys    = []string{"mirrors", "configs"}
	mirrorKeys = []string{"endpoint", "rewrite"}
	configKeys = []string{"auth", "tls"}
	authKeys   = []string{"username", "password", "auth", "identity_token"}
	tlsKeys    = []string{"ca_file", "cert_file", "key_file", "insecure_skip_verify"}
)

// lintWritten compares what was written with what K3s uses of it: keys that it ignores, and
// keys that replace one another.
func (n *linter) lintWritten() {
	if n.file.root == nil || n.file.root.Kind != yaml.MappingNode {
		return
	}
	n.keys(n.file.root, topKeys, "at the top of the file")
	for _, mirror := range n.entries(n.file.root, "mirrors") {
		n.keys(mirror.value, mirrorKeys, "in a mirror")
		for _, rewrites := range children(mirror.value, "rewrite") {
			n.duplicates(rewrites)
		}
	}
	for _, config := range n.entries(n.file.root, "configs") {
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

// A written pair is a key and its value as they stand in the text.
type pair struct{ key, value *yaml.Node }

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

// entries are the pairs below a top-level key, which may stand there twice: K3s merges such.
func (n *linter) entries(root *yaml.Node, name string) []pair {
	var all []pair
	for _, section := range children(root, name) {
		n.duplicates(section)
		all = append(all, pairs(section)...)
	}
	return all
}

// children are the values of a key; several where it is repeated.
func children(mapping *yaml.Node, name string) []*yaml.Node {
	var all []*yaml.Node
	for _, p := range pairs(mapping) {
		if p.key.Value == name {
			all = append(all, p.value)
		}
	}
	return all
}

// duplicates finds keys that replace an earlier one.
func (n *linter) duplicates(mapping *yaml.Node) {
	first := map[string]int{}
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

// keys finds what K3s ignores of a mapping, and keys that stand in it twice.
func (n *linter) keys(mapping *yaml.Node, known []string, where string) {
	top := slices.Equal(known, topKeys)
	if !top {
		n.duplicates(mapping)
	}
	for _, p := range pairs(mapping) {
		key := p.key.Value
		if slices.Contains(known, key) || isMerge(p.key) || top && strings.HasPrefix(key, "x-") {
			continue
		}
		issue := Issue{Code: codeUnknownKey, Detail: fmt.Sprintf("K3s knows no key %q %s and ignores it", key, where)}
		issue.Fix = misplacedKey(key, known)
		if near := nearest(key, known); near != "" && issue.Fix == "" {
			issue.Fix = fmt.Sprintf("did you mean %q?", near)
			if len(children(mapping, near)) == 0 {
				issue.Edits = []Edit{{At: n.file.position(p.key), Text: near}}
			}
		}
		n.report(n.file.position(p.key), issue)
	}
}

// misplacedKey says where a key belongs that K3s knows under another name or in another
// place; "" where it does not.
func misplacedKey(key string, known []string) string {
	places := []struct {
		keys  []string
		where string
	}{
		{tlsKeys, "it belongs into configs, under tls of the entry for the endpoint's host"},
		{[]string{"tls"}, "it belongs into configs, in the entry for the endpoint's host and port"},
		{authKeys, "it belongs into configs, under auth of the entry for the endpoint's host"},
		{mirrorKeys, "it belongs into mirrors, under the registry's name"},
		{topKeys, "it belongs to the beginning of a line"},
	}
	switch {
	case key == "auths":
		return "write the credentials into configs, under auth of the entry for the endpoint's host"
	case key == "token" && slices.Equal(known, authKeys):
		return "write username and password, or identity_token for an OAuth2 refresh token"
	}
	for _, p := range places {
		if slices.Contains(p.keys, key) {
			return p.where
		}
	}
	return ""
}

// nearest is the known key that was probably meant: the same but for case, separators,
// plural and stray characters, or at most two letters away.
func nearest(key string, known []string) string {
	plain := plainKey(key)
	for _, k := range known {
		if p := plainKey(k); p == plain || p+"s" == plain || p == plain+"s" {
			return k
		}
	}
	for _, k := range known {
		if len(k) > 4 && levenshtein.Distance(plain, plainKey(k), nil) <= 2 {
			return k
		}
	}
	return ""
}

func plainKey(key string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(key))
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
		case v.Style&yaml.TaggedStyle != 0 && v.Value == "":
			what = "begins with ! and is read as the name of a type"
		case v.Value != "" && nullWord.MatchString(v.Value):
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
	lines := strings.Split(string(n.file.text), "\n")
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
