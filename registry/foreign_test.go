package registry

import (
	"strings"
	"testing"
)

// TestForeignText: what is no YAML is said to be what it is, in one finding; a slip in a
// registries.yaml is not.
func TestForeignText(t *testing.T) {
	for _, tc := range []struct{ name, text, want string }{
		{"hosts.toml", "server = \"https://a.example.com\"\n\n[host.\"https://b.example.com\"]\n  skip_verify = true\n", "TOML"},
		{"config.toml", "version = 2\n\n[plugins]\n  [plugins.\"io.containerd.grpc.v1.cri\".registry]\n", "TOML"},
		{"registries.yaml with an equals sign", "configs:\n  a.example.com:\n    auth:\n      username = \"you\"\n", ""},
		{"registries.yaml of lists", "mirrors:\n  docker.io:\n    endpoint:\n      [\"https://a.example.com\"\n", ""},
		{"certificate", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "certificate"},
		{"vault", "$ANSIBLE_VAULT;1.1;AES256\n66386439653236336462\n", "ansible-vault"},
		{"page", "\n<!DOCTYPE html>\n<html>: <body>\n", "web page"},
		{"page named in a comment", "# <html>\nmirrors:\n\t\n  a\n", ""},
		{"program", "\x7fELF\x02\x01\x01\x00\x00\x00\x00", "no text"},
		{"registries.yaml with a NUL", mirrored + "\x00\n", ""},
		{"nothing", "", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			issues := (lintCase{}).lint(t, tc.text, nil)
			what, _ := foreignText([]byte(tc.text))
			if (what == "") != (tc.want == "") || !strings.Contains(what, tc.want) {
				t.Errorf("%q", what)
			}
			if tc.want != "" && (len(issues) != 1 || issues[0].Code != codeSyntax || !strings.Contains(issues[0].Detail, what) || issues[0].Line != 1) {
				t.Errorf("%s", codes(issues))
			}
		})
	}
}
