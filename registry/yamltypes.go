package registry

import (
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// typeFix says how to write a value that has the wrong type: wanted names that of K3s' own.
func typeFix(n *yaml.Node, wanted string) string {
	scalar := n.Kind == yaml.ScalarNode
	key := ""
	if scalar {
		key = meantKey(strings.TrimSpace(firstWord().FindString(n.Value)))
	}
	switch {
	case wanted == "bool":
		return "write true or false, without quotation marks"
	case wanted == "string" && scalar:
		return "put the value between single quotes"
	case wanted == "string":
		return "write one text here, without keys or a list"
	case wanted == "[]string" && scalar && strings.HasPrefix(n.Value, "-"):
		return "put a space behind the dash"
	case wanted == "[]string":
		return "make it a list: a dash and a space before each item, or all between [ and ]"
	case n.Kind == yaml.SequenceNode && wanted == "registries.Mirror":
		return "indent the list deeper, below a key endpoint: of this registry"
	case n.Kind == yaml.SequenceNode:
		return "remove the dashes: names stand here, each followed by a colon"
	case key != "" && !strings.Contains(key, "."):
		return "write a colon after the key: " + key + ":"
	case wanted == "registries.Mirror":
		return "write endpoint: below the registry's name, and below that the list"
	case wanted == "registries.AuthConfig":
		return "write username: and password: below auth, or what stands here as auth: below it"
	case wanted == "registries.TLSConfig":
		return "write ca_file: or another key below tls"
	case wanted == "map[string]string":
		return "write pairs below it: a pattern, a colon, and what stands in its place"
	}
	return "write keys here, each followed by a colon and on a line of its own"
}

// retyped is a scalar as YAML of the type that is wanted, where that leaves no doubt: a switch in
// quotation marks, or the only item of a list; "" else.
func retyped(n *yaml.Node, wanted string) string {
	switch {
	case n.Kind != yaml.ScalarNode:
	case wanted == "bool" && slices.Contains([]string{"true", "yes", "on", "1"}, strings.ToLower(n.Value)):
		return "true"
	case wanted == "bool" && slices.Contains([]string{"false", "no", "off", "0"}, strings.ToLower(n.Value)):
		return "false"
	case wanted == "[]string" && strings.Contains(n.Value, "://") && !strings.ContainsAny(n.Value, ", \t\n"):
		return "[" + quoteYAML(n.Value) + "]"
	}
	return ""
}

// outOfPlace corrects the fix of the last mistake where the name of a value that cannot be read
// is a key that has lost its indentation.
func (r *yamlReader) outOfPlace(name string) {
	if len(r.errors) > 0 && isSchemaWord(name) {
		r.errors[len(r.errors)-1].Fix = fmt.Sprintf("indent %q deeper, below the name of its registry", name)
	}
}
