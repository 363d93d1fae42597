package registry

import (
	"strings"
	"testing"
)

func TestSyntaxPosition(t *testing.T) {
	for _, tc := range []struct {
		name, text, message, fix string
		line, column             int
	}{
		{"tab", "mirrors:\n\tdocker.io:\n", "cannot start any token", "spaces", 2, 1},
		{"tab below", "mirrors:\n  docker.io:\n  \tendpoint: [a]\n", "", "spaces", 3, 3},
		{"star", "mirrors:\n  *:\n    endpoint:\n      - https://registry.example.com\n", "alphabetic or numeric", `"*"`, 2, 3},
		{"star first line", "*:\n  a: b\n", "alphabetic or numeric", `"*"`, 1, 1},
		{"missing colon", "mirrors:\n  docker.io\n    endpoint:\n      - https://a.example.com\n", "mapping values", "docker.io:", 2, 12},
		{"missing colon, comment between", "mirrors:\n  docker.io\n    # the mirror\n    endpoint:\n", "", "docker.io:", 2, 12},
		{"missing colon, last entry", "mirrors:\n  a.example.com:\n    endpoint: [b]\n  docker.io\nconfigs:\n", "could not find expected ':'", "docker.io:", 4, 12},
		{"colon in value", "configs:\n  a.example.com:\n    auth:\n      password: x: y\n", "mapping values", "quotes", 4, 18},
		{"at sign", "configs:\n  a.example.com:\n    auth:\n      password: @secret\n", "cannot start any token", "quotes", 4, 17},
		{"comma", "mirrors:\n  docker.io:\n    endpoint:\n      - \"https://a.example.com\",\n      - \"https://b.example.com\"\n", "", "comma", 4, 32},
		{"open quote", "mirrors:\n  docker.io:\n    endpoint:\n      - \"https://a.example.com\n", "unexpected end of stream", "quotation mark", 4, 9},
		{"open bracket", "mirrors:\n  docker.io:\n    endpoint: [https://a.example.com\n    rewrite: {}\n", "", "", 3, 15},
		{"umlaut before", "configs:\n  a.example.com:\n    auth: {username: \"äö\", password: @x}\n", "", "quotes", 3, 38},
		{"scalar endpoint", "mirrors:\n  docker.io:\n    endpoint: https://registry.example.com\n", "cannot unmarshal !!str into []string", "", 3, 15},
		{"quoted bool", "configs:\n  a.example.com:\n    tls:\n      insecure_skip_verify: \"true\"\n", "cannot unmarshal !!str into bool", "", 4, 29},
		{"list under mirrors", "mirrors:\n  - docker.io\n", "cannot unmarshal !!seq", "", 2, 3},
		{"password like an anchor", "configs:\n  a.example.com:\n    auth: {password: *hunter2}\n", "unknown anchor referenced", "", 3, 22},
		{"missing colon, list below", "mirrors:\n  docker.io:\n    endpoint\n      - https://a.example.com\n    rewrite: {}\n", "mapping values", "endpoint:", 3, 13},
		{"missing colon, same level", "configs:\n  a.example.com:\n    auth:\n      username you\n      password: x\n", "mapping values", "username:", 4, 15},
		{"missing colon, quoted host", "configs:\n  \"a.example.com:5000\"\n    auth: {}\n", "", "a.example.com:5000", 2, 23},
		{"missing colon, comment behind", "mirrors:\n  a.example.com:\n    endpoint: [b]\n  docker.io # all\n    endpoint: [c]\n", "", "docker.io:", 4, 12},
		{"missing colon, rewrite", "mirrors:\n  docker.io:\n    rewrite:\n      \"^a/(.*)\" \"b/$1\"\n", "did not find expected key", "colon", 4, 16},
		{"missing colon shows no password", "configs:\n  a.example.com:\n    auth:\n      username: you\n      hunter2\n", "", "colon after the key", 5, 14},
		{"no space behind the colon", "configs:\n  a.example.com:\n    auth:\n      username:you\n      password: x\n", "", "space behind the colon", 4, 16},
		{"no space behind the dash", "mirrors:\n  docker.io:\n    endpoint:\n      - https://a.example.com\n      -https://b.example.com\n", "", "space behind the dash", 5, 7},
		{"tab behind the dash", "mirrors:\n  docker.io:\n    endpoint:\n      -\thttps://a.example.com\n", "cannot start any token", "space behind the dash", 4, 8},
		{"quote of the line above", "configs:\n  a.example.com:\n    auth:\n      username: 'you\n      password: 'x'\n", "", "close the quotation mark", 4, 17},
		{"text behind a quote", "mirrors:\n  docker.io:\n    endpoint:\n      - \"https://a.example.com\" first\n", "", "closing quotation mark", 4, 33},
		{"bracket behind a #", "configs: {a: {auth: {username: x, password: a #b}}}\n", "", "put the value with the # between single quotes", 1, 47},
		{"inner bracket closed", "configs: {a: {auth: {username: x}}\n", "", "close the bracket", 1, 10},
		{"comma of the last item", "mirrors:\n  docker.io:\n    endpoint:\n      - \"https://a.example.com\",\nconfigs:\n  a.example.com:\n", "", "comma", 4, 32},
		{"block sign", "configs:\n  a.example.com:\n    auth:\n      password: >hunter2\n", "", "quotes", 4, 17},
		{"escape", "configs:\n  a.example.com:\n    auth:\n      password: \"a\\d\"\n", "escape", "single quotes", 4, 19},
		{"less indented", "mirrors:\n  docker.io:\n    endpoint: [a]\n quay.io:\n    endpoint: [b]\n", "", "align", 4, 2},
		{"template", "mirrors:\n{% if mirror %}\n  docker.io:\n", "", "render the template", 2, 1},
		{"conflict of git", "<<<<<<< HEAD\nmirrors:\n=======\n", "", "merge conflict", 1, 8},
		{"list for a mirror", "mirrors:\n  docker.io:\n    - https://a.example.com\n", "", "endpoint:", 3, 5},
		{"word for a mirror", "mirrors:\n  docker.io:\n    endpoint\n", "", "colon after the key: endpoint:", 3, 5},
		{"anchor deep in a long text", "x-a: [" + strings.Repeat("a, ", 3000) + "a]\nmirrors: *none\n", "unknown anchor", "", 2, 10},
		{"NUL", "mirrors:\n  docker.io:\x00\n", "control characters are not allowed", "", 2, 13},
		{"endpoint out of its mirror", "mirrors:\n  docker.io:\n  endpoint:\n    - https://a.example.com\n", "cannot unmarshal !!seq into registries.Mirror", `indent "endpoint" deeper`, 4, 5},
		{"text for auth", "configs:\n  a.example.com:\n    auth: hunter2\n", "AuthConfig", "below auth", 3, 11},
		{"flag for tls", "configs:\n  a.example.com:\n    tls: true\n", "TLSConfig", "below tls", 3, 10},
		{"text for rewrite", "mirrors:\n  docker.io:\n    rewrite: ^a$\n", "map[string]string", "a pattern", 3, 14},
		{"keys for an endpoint", "mirrors:\n  docker.io:\n    endpoint:\n      - url: https://a.example.com\n", "cannot unmarshal !!map into string", "one text", 4, 9},
		{"two keys on a line", "mirrors: docker.io:\n  endpoint: [a]\n", "mapping values", "line of its own", 1, 10},
		{"password with a colon at its end", "configs:\n  a.example.com:\n    auth:\n      password: hunter2:\n", "mapping values", "", 4, 7},
		{"template of percent signs", "mirrors:\n  %%REGISTRY%%:\n    endpoint: [a]\n", "cannot start any token", "render the template", 2, 3},
		{"Latin-1", "mirrors:\n  docker.io: # f\xfcr alle\n    endpoint: [a]\n", "UTF-8", "save the file in UTF-8", 2, 17},
		{"contains itself", "mirrors: &m\n  <<: *m\n", "contains itself", "", 2, 7},
	} {
		t.Run(tc.name, func(t *testing.T) {
			_, errs := readRegistries("/r", []byte(tc.text))
			if len(errs) == 0 {
				t.Fatal("no error")
			}
			e := errs[0]
			if !strings.Contains(e.Message, tc.message) || !strings.Contains(e.Fix, tc.fix) {
				t.Errorf("message %q, fix %q; want %q, %q in them", e.Message, e.Fix, tc.message, tc.fix)
			}
			if e.Line != tc.line || e.Column != tc.column {
				t.Errorf("at %d:%d, want %d:%d (%s)", e.Line, e.Column, tc.line, tc.column, e.Message)
			}
			if strings.Contains(e.Error(), "hunter2") || strings.Contains(e.Error(), "secret") {
				t.Errorf("%q holds a password", e.Error())
			}
		})
	}
}
