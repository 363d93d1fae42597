package registry

import (
	"strings"
	"testing"
	"testing/fstest"
)

// TestKeyMeant: what a key that K3s ignores was meant for, where that shows.
func TestKeyMeant(t *testing.T) {
	for text, want := range map[string]string{
		"registries:\n  mirrors:\n    docker.io: {endpoint: [https://a.example.com]}\n":   "indent what stands below it less",
		"configs:\n  a.example.com: {insecure: true}\n":                                   `did you mean "insecure_skip_verify"? If so, it belongs into configs, under tls`,
		"configs:\n  a.example.com: {nothing: true}\n":                                    "write one of auth, tls",
		"registries:\n  docker.io: {endpoint: [https://a.example.com]}\n":                 "write one of mirrors, configs",
		mirrored + "sops:\n  mac: x\n":                                                    "sops -d FILE | pullwhy lint -",
		"a:\n  - \"b'c\": |\n      configs:\n        a.example.com:\n":                    `yq -r '.a[0]."b'\''c"' `,
		"apiVersion: v1\nkind: Secret\nstringData:\n  registries.yaml: |\n    mirrors:\n": `yq -r '.stringData."registries.yaml"' `,
	} {
		issues := (lintCase{}).lint(t, text, nil)
		if len(issues) != 1 || issues[0].Code != codeUnknownKey || !strings.Contains(issues[0].Fix, want) {
			t.Errorf("%s for\n%s", codes(issues), text)
		}
	}
}

// TestHubKeyOfRKE2: RKE2 needs the entry under Docker Hub's own name for its own pulls.
func TestHubKeyOfRKE2(t *testing.T) {
	for key, stays := range map[string]bool{"docker.io": true, "index.docker.io": true, "https://index.docker.io/v1/": false, "hub.docker.com": false} {
		text := "configs:\n  " + key + ":\n    auth: {username: you, password: x}\n"
		issues := Load(ReadNode(fstest.MapFS{"etc/rancher/rke2/registries.yaml": {Data: []byte(text)}})).Lint(nil)
		if len(issues) != 1 || issues[0].Code != codeHubKey || (len(issues[0].Edits) == 0) != stays || strings.HasSuffix(issues[0].Fix, "too") != stays {
			t.Errorf("%s: %+v", key, issues)
		}
	}
}

// TestWordsOnRKE2: on RKE2 it is RKE2 that does what is said, and names of the user's stay.
func TestWordsOnRKE2(t *testing.T) {
	text := "mirrors:\n  docker.io:\n    endpoints: [https://a.example.com]\n  K3s.example.com/a:\n    endpoint: [https://a.example.com]\n"
	issues := Load(ReadNode(fstest.MapFS{"etc/rancher/rke2/registries.yaml": {Data: []byte(text)}})).Lint(nil)
	if got := codes(issues); !strings.Contains(got, "RKE2 knows no key") || !strings.Contains(got, `"K3s.example.com/a"`) || strings.Contains(got, "K3s ") {
		t.Error(got)
	}
}

// TestTextInTasks: tasks of Ansible are a list, which K3s refuses.
func TestTextInTasks(t *testing.T) {
	issues := (lintCase{}).lint(t, "- name: registries\n  copy:\n    content: |\n      mirrors:\n        docker.io:\n", nil)
	if len(issues) != 1 || issues[0].Code != codeSyntax || !strings.Contains(issues[0].Fix, "yq -r '.[0].copy.content' ") {
		t.Errorf("%+v", issues)
	}
}
