package registry

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestLintExactly: one mistake is one finding; what follows from it is none.
func TestLintExactly(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       string // code:line of errors and warnings
	}{
		{"rewrite out of its mirror", mirrored + "  rewrite:\n    \"^a/(.*)\": \"b/$1\"\n", "config_unknown_key:5"},
		{"tls out of its host", "configs:\n  a.example.com:\n  tls:\n    ca_file: /none\n", "config_unknown_key:3"},
		{"configs inside mirrors", mirrored + "  configs:\n    a.example.com:\n      auth: {username: you}\n", "config_unknown_key:5"},
		{"host at the top", "mirrors:\ndocker.io:\n  endpoint: [https://a.example.com]\n", "config_unknown_key:2"},
		{"unknown key in what is merged", "x-m: &m\n  endpoints: [https://a.example.com]\nmirrors:\n  docker.io:\n    <<: *m\n", "config_unknown_key:2"},
		{"names of other tools", "configs:\n  a.example.com:\n    tls:\n      ca: /a\n      skip_verify: true\n", "config_unknown_key:4 config_unknown_key:5"},
		{"registry in two sections", "mirrors:\n  a.example.com: {endpoint: [https://b.example.com]}\nmirrors:\n  a.example.com: {endpoint: [https://c.example.com]}\n", "config_duplicate_key:4"},
		{"no-break spaces before keys", "mirrors:\n\u00a0\u00a0docker.io:\n\u00a0\u00a0\u00a0\u00a0endpoint:\n      - https://a.example.com\n", "config_invisible_character:2 config_invisible_character:3"},
		{"no-break space behind an endpoint", strings.TrimRight(mirrored, "\n") + "\u00a0\n", "config_invisible_character:4"},
		{"zero width in a name", "mirrors:\n  docker.io\u200b:\n    endpoint: [https://a.example.com]\n", "config_invisible_character:2"},
		{"smart quotes around the wildcard", "mirrors:\n  “*”:\n    endpoint: [https://a.example.com]\n", "config_invisible_character:2"},
		{"soft hyphen in a key", "mirrors:\n  docker.io:\n    end\u00adpoint: [https://a.example.com]\n", "config_invisible_character:3"},
		{"smart quotes behind escaped ones", "configs:\n  a.example.com:\n    auth:\n      username: 'it''s “you”'\n      password: \"a\\\\\"\n", ""},
		{"no-break space in a block scalar", "configs:\n  a.example.com:\n    auth:\n      username: you\n      password: |-\n        a\u00a0b\n", ""},
		{"a type of its own", "configs:\n  a.example.com:\n    auth:\n      username: you\n      password: !vault hunter2\n", "config_value_truncated:5"},
		{"Docker Hub by URL beside the right key", "configs:\n  https://index.docker.io/v1/: &a\n    auth: {username: you, password: x}\n  registry-1.docker.io: *a\n", "config_registry_name:2"},
		{"Docker Hub's other name for tls", "configs:\n  index.docker.io:\n    tls: {cert_file: \"\"}\n", "config_registry_name:2"},
		{"port that is none", "mirrors:\n  a.example.com:http:\n    endpoint: [https://b.example.com]\n", "config_registry_name:2"},
		{"IPv6 address without brackets", "mirrors:\n  fd00::1:\n    endpoint: [https://b.example.com]\n", "config_registry_name:2"},
		{"IPv6 address", "mirrors:\n  \"[fd00::1]:5000\":\n    endpoint: [https://b.example.com]\n", ""},
		{"wildcard tls that is lost", "mirrors:\n  \"*\":\n    endpoint: [https://a.example.com]\nconfigs:\n  \"*\":\n    tls: {insecure_skip_verify: true}\n", "config_wildcard_ineffective:5"},
		{"another registry as mirror", "mirrors:\n  docker.io:\n    endpoint: [https://quay.io]\n", "config_endpoint_not_a_mirror:3"},
		{"another registry as mirror, with a rewrite", "mirrors:\n  docker.io:\n    endpoint: [https://ghcr.io]\n    rewrite:\n      \"^library/(.*)$\": \"team/mirror/$1\"\n", ""},
		{"Docker Hub through its own name", "mirrors:\n  docker.io:\n    endpoint: [https://index.docker.io]\n", ""},
		{"items in one", "mirrors:\n  docker.io:\n    endpoint:\n      - https://a.example.com\n        - https://b.example.com\n", "config_endpoint_invalid:4"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, i := range (lintCase{}).lint(t, tc.text, nil) {
				if i.Severity != SeverityInfo {
					got = append(got, fmt.Sprintf("%s:%d", i.Code, i.Line))
				}
				if i.Severity != SeverityInfo && i.Fix == "" {
					t.Errorf("%s has no fix", i.Code)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), tc.want)
			}
		})
	}
}
