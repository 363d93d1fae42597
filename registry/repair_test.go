package registry

import "testing"

// TestRepairs: what is to be written in place of what was mistyped.
func TestRepairs(t *testing.T) {
	const mirror = "mirrors:\n  docker.io:\n    endpoint:\n      - "
	for text, want := range map[string]string{
		mirror + "http//m.example.com:5000\n":        `write "http://m.example.com:5000"`,
		mirror + "https:/m.example.com/v2/a\n":       `write "https://m.example.com/v2/a"`,
		mirror + "https://http://m.example.com\n":    `write "http://m.example.com"`,
		mirror + "htpps://m.example.com\n":           `write "https://m.example.com"`,
		mirror + "ftp://m.example.com\n":             "write https://HOST[:PORT]",
		mirror + "https://\n":                        "write https://HOST[:PORT]",
		mirror + "https:/you:secret@m.example.com\n": "write https://HOST[:PORT]",
		"mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      \"^(.*)$\": 'hub/\\1'\n":                           `write "hub/${1}"`,
		"mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\nconfigs:\n  docker.io:\n    auth: {username: you, password: secret}\n": `write the entry under "registry-1.docker.io"; or, if they are the mirror's, under "m.example.com"`,
	} {
		node := &Node{Distribution: K3s, FS: nodeFS(map[string]string{"/etc/rancher/k3s/registries.yaml": text})}
		issues := Load(node).Lint(nil)
		if len(issues) != 1 || issues[0].Fix != want {
			t.Errorf("%s%+v\nwant %q", text, issues, want)
		}
	}
}

// TestUnreadMirrors: the registries are known whose mirrors K3s does not read.
func TestUnreadMirrors(t *testing.T) {
	const entry = "docker.io:\n  endpoint: [https://m.example.com]\n"
	for text, want := range map[string]string{
		"mirrors:\n" + entry: "docker.io",
		"mirror:\n  docker.io: {endpoint: [https://m.example.com]}\n":           "docker.io",
		"spec:\n  mirrors:\n    quay.io: {endpoint: [https://m.example.com]}\n": "quay.io",
		"other:\n  docker.io: {}\n":                                             "",
	} {
		node := &Node{Distribution: K3s, FS: nodeFS(map[string]string{"/etc/rancher/k3s/registries.yaml": text})}
		issues := Load(node).Lint(nil)
		if len(issues) != 1 || issues[0].Code != codeUnknownKey || issues[0].Registry != want {
			t.Errorf("%s%+v\nwant %q", text, issues, want)
		}
	}
}
