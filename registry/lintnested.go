package registry

import (
	"fmt"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// maxNested is how deep in another file a registries.yaml is looked for: a Helm value or a
// task of Ansible has it some levels down.
const maxNested = 12

var (
	nestedSection = lazyregexp.New(`(?m)^(mirrors|configs):\s*(#.*)?$`)
	yqKey         = lazyregexp.New(`^[A-Za-z_]\w*$`)
)

// lintNested finds a registries.yaml that stands as a text in a file of another kind, such as
// cloud-init's, a Secret or Helm's values, which K3s would read nothing of.
func (n *linter) lintNested() bool {
	if len(children(n.file.root, "mirrors"))+len(children(n.file.root, "configs")) > 0 {
		return false
	}
	found, path := embeddedText(n.file.root, "", maxNested)
	if found == nil {
		return false
	}
	n.report(n.file.position(found), Issue{Code: codeUnknownKey,
		Detail: "a registries.yaml stands here as a text, in a file of another kind, of which K3s reads nothing", Fix: n.alone(path)})
	return true
}

// alone is how the text at a path of the file is judged by itself.
func (n *linter) alone(path string) string {
	file := n.file.path
	if file == "-" {
		file = "FILE"
	}
	return fmt.Sprintf("judge the text in it alone: yq -r '.%s' %s | pullwhy lint -", strings.TrimPrefix(path, "."), file)
}

// embeddedText is the key of the first text below n that has a section of registries.yaml, and its
// path as yq takes it; nil for none.
func embeddedText(n *yaml.Node, path string, depth int) (*yaml.Node, string) {
	switch {
	case depth == 0:
	case n.Kind == yaml.ScalarNode && nestedSection().MatchString(n.Value):
		return n, path
	case n.Kind == yaml.SequenceNode:
		for i, item := range n.Content {
			if found, at := embeddedText(item, fmt.Sprintf("%s[%d]", path, i), depth-1); found != nil {
				return found, at
			}
		}
	case n.Kind == yaml.MappingNode:
		for _, p := range pairs(n) {
			found, at := embeddedText(p.value, path+yqPath(p.key.Value), depth-1)
			if found == p.value {
				found = p.key
			}
			if found != nil {
				return found, at
			}
		}
	}
	return nil, ""
}

func yqPath(key string) string {
	if yqKey().MatchString(key) {
		return "." + key
	}
	return `."` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, `'`, `'\''`).Replace(key) + `"`
}
