package registry

import (
	"strings"
	"testing"
)

// TestPlaceholders: a template is to be rendered, not rewritten, wherever its placeholder stands
// and whatever YAML makes of it.
func TestPlaceholders(t *testing.T) {
	for text, want := range map[string]string{
		"mirrors:\n  docker.io:\n    endpoint: [\"https://{{ mirror }}\"]\n":                  renderFirst,
		"mirrors:\n  \"{{ registry }}\":\n    endpoint: [\"https://a.example.com\"]\n":        renderFirst,
		"configs:\n  a.example.com:\n    auth:\n      username: {{ .Values.user | quote }}\n": renderFirst,
		"configs:\n  a.example.com:\n    auth: {username: you, password: \"{{ word }}\"}\n":   renderFirst,
		"configs:\n  a.example.com:\n    tls: {insecure_skip_verify: \"{{ skip }}\"}\n":       renderFirst,
		"mirrors:\n  docker.io:\n    endpoint: [\"https://${MIRROR}\"]\n":                     "envsubst",
		"mirrors:\n  docker.io:\n    endpoint: [\"https://<mirror>\"]\n":                      "write the host itself",
	} {
		issues := (lintCase{}).lint(t, text, nil)
		if len(issues) != 1 || !strings.Contains(issues[0].Fix, want) {
			t.Errorf("%s\n%+v", text, issues)
		}
	}
}
