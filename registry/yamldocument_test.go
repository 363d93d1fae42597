package registry

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// What gopkg.in/yaml.v2, which K3s uses, takes and yaml.v3 does not, or the reverse: the
// mirrors read, or the message.
func TestYAMLOfK3s(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"carriage returns alone", "mirrors:\r  a:\r---\n\t\n", "a"},
		{"next lines, and a directive behind", "  mirrors:\u0085    a:\u0085%YAML 1.1\u0085 x: [\u0085", "a"},
		{"line separators, and a second document", "mirrors:\u2028  a:\u2028---\u2028\t\u2028", "a"},
		{"a directive as the document", "---\n%YAML 1.1\nmirrors: {a: }\n", ""},
		{"a bracket behind the document", " mirrors:\n  a:\n}      - x\n", "a"},
		{"a quotation that ends behind the document", "      x: \"y\n  \"a:\n    b:\n", ""},
		{"a tag directive behind the document", "mirrors:\n  a:\n%TAG ! tag:x # y\n", "a"},
		{"one that cannot be read", "mirrors:\n  a:\n%TAG ! {tag:x\n", "yaml: line 3: did not find expected tag URI"},
		{"a quotation that ends where the document goes on", "   x:\n      \"y\n: \"z\"\n", "yaml: line 2: did not find expected key"},
		{"an anchor behind the document, and a tab", "  x: y\n&a \n\tmirrors:\n", "yaml: line 3: found character that cannot start any token"},
		{"a tab between two comments", "mirrors:\n# x\n\t# y\n  a:\n", "yaml: line 3: found character that cannot start any token"},
		{"a tab in a line between two comments", "mirrors:\n# x\n\t\n# y\n  a:\n", "yaml: line 3: found character that cannot start any token"},
		{"the tag of plain text as a mapping", "mirrors: !\n", "yaml: line 1: cannot unmarshal ! into map[string]registries.Mirror"},
		{"the tag of plain text, and an anchor", "mirrors: &x\n  !\n", "yaml: line 1: cannot unmarshal ! into map[string]registries.Mirror"},
		{"an anchor of nothing, and the tag at the next key", "mirrors:\n  a: &x\n  ! b:\n", "a b"},
		{"the tag of plain text before a null", "mirrors:\n  ! ~:\n", "~"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f, errs := readRegistries("/r", []byte(tc.text))
			got := strings.Join(slices.Sorted(maps.Keys(f.mirrors)), " ")
			if len(errs) > 0 {
				got = errs[0].Error()
			}
			if got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}
