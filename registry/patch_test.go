package registry

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
)

func configOf(text string) *Config {
	return Load(ReadNode(fstest.MapFS{
		"etc/rancher/k3s/registries.yaml": {Data: []byte(text), Mode: 0o600},
	}))
}

func TestPatch(t *testing.T) {
	const caFile = "/etc/rancher/k3s/ca.crt"
	ca := Edit{Path: []string{"configs", "mirror.example.com:5000", "tls", "ca_file"}, Text: caFile}
	for name, c := range map[string]struct {
		before string
		edits  []Edit
		want   string
	}{
		"rename a key beside a secret": {
			"configs:\n  mirror.example.com:\n    auth:\n      username: you\n      password: hunter2\n",
			[]Edit{{At: Position{Line: 2, Column: 3}, Text: "mirror.example.com:5000"}},
			"configs:\n  \"mirror.example.com:5000\":\n    auth:\n      username: you\n      password: hunter2\n",
		},
		"rename a quoted key": {
			"configs:\n  \"*\":\n    auth:\n      token: hunter2\n",
			[]Edit{{At: Position{Line: 2, Column: 3}, Text: "mirror.example.com"}},
			"configs:\n  mirror.example.com:\n    auth:\n      token: hunter2\n",
		},
		"replace a list item before a comment": {
			"mirrors:\n  docker.io:\n    endpoint:\n    - https://mirror.example.com:5000  # here\n",
			[]Edit{{At: Position{Line: 4, Column: 7}, Text: "http://mirror.example.com:5000"}},
			"mirrors:\n  docker.io:\n    endpoint:\n    - \"http://mirror.example.com:5000\"  # here\n",
		},
		"replace in a flow list": {
			"mirrors: {docker.io: {endpoint: [https://a.example.com, 'https://b.example.com']}}\n",
			[]Edit{{At: Position{Line: 1, Column: 57}, Text: "http://b.example.com"}},
			"mirrors: {docker.io: {endpoint: [https://a.example.com, \"http://b.example.com\"]}}\n",
		},
		"no configs yet": {
			"mirrors:\n  docker.io:\n    endpoint:\n    - https://mirror.example.com:5000",
			[]Edit{ca},
			"mirrors:\n  docker.io:\n    endpoint:\n    - https://mirror.example.com:5000\nconfigs:\n  \"mirror.example.com:5000\":\n    tls:\n      ca_file: /etc/rancher/k3s/ca.crt\n",
		},
		"configs without a value": {
			"configs:\nmirrors:\n  docker.io:\n",
			[]Edit{ca},
			"configs:\n  \"mirror.example.com:5000\":\n    tls:\n      ca_file: /etc/rancher/k3s/ca.crt\nmirrors:\n  docker.io:\n",
		},
		"beside credentials": {
			"configs:\n    \"mirror.example.com:5000\":\n        auth:\n            password: hunter2\n\nmirrors:\n",
			[]Edit{ca},
			"configs:\n    \"mirror.example.com:5000\":\n        auth:\n            password: hunter2\n        tls:\n          ca_file: /etc/rancher/k3s/ca.crt\n\nmirrors:\n",
		},
		"another value": {
			"configs:\n  \"mirror.example.com:5000\":\n    tls:\n      ca_file: /old.crt # of last year\n",
			[]Edit{ca},
			"configs:\n  \"mirror.example.com:5000\":\n    tls:\n      ca_file: /etc/rancher/k3s/ca.crt # of last year\n",
		},
		"between braces": {
			"configs: {other.example.com: {tls: {insecure_skip_verify: true}}}\n",
			[]Edit{ca},
			"configs: {\"mirror.example.com:5000\": {tls: {ca_file: /etc/rancher/k3s/ca.crt}}, other.example.com: {tls: {insecure_skip_verify: true}}}\n",
		},
		"two values below one missing key": {
			"mirrors:\n",
			[]Edit{ca, {Path: []string{"configs", "mirror.example.com:5000", "tls", "key_file"}, Text: "no"}},
			"mirrors:\nconfigs:\n  \"mirror.example.com:5000\":\n    tls:\n      ca_file: /etc/rancher/k3s/ca.crt\n      key_file: \"no\"\n",
		},
		"a comment in the middle of the entry before": {
			"configs:\n  other.example.com:\n    auth:\n# of the team\n      username: you\n\n# the end\n",
			[]Edit{ca},
			"configs:\n  other.example.com:\n    auth:\n# of the team\n      username: you\n  \"mirror.example.com:5000\":\n    tls:\n      ca_file: /etc/rancher/k3s/ca.crt\n\n# the end\n",
		},
		"beside what stands under tls": {
			"configs:\n  \"mirror.example.com:5000\":\n    tls: # no CA yet\n      insecure_skip_verify: true\n    auth: {username: you}\n",
			[]Edit{ca},
			"configs:\n  \"mirror.example.com:5000\":\n    tls: # no CA yet\n      insecure_skip_verify: true\n      ca_file: /etc/rancher/k3s/ca.crt\n    auth: {username: you}\n",
		},
		"into the empty braces of the entry": {
			"configs:\n  \"mirror.example.com:5000\": {}\n",
			[]Edit{ca},
			"configs:\n  \"mirror.example.com:5000\": {tls: {ca_file: /etc/rancher/k3s/ca.crt}}\n",
		},
		"beside what is merged into the entry": {
			"x-common: &common\n  auth:\n    username: you\nconfigs:\n  \"mirror.example.com:5000\":\n    <<: *common\n",
			[]Edit{ca},
			"x-common: &common\n  auth:\n    username: you\nconfigs:\n  \"mirror.example.com:5000\":\n    <<: *common\n    tls:\n      ca_file: /etc/rancher/k3s/ca.crt\n",
		},
		"remove a part of an entry": {
			"configs:\n  a.example.com:\n    tls:\n      insecure_skip_verify: true\n\n    auth:\n      username: you\n",
			[]Edit{{Path: []string{"configs", "a.example.com", "tls"}, Remove: true}},
			"configs:\n  a.example.com:\n\n    auth:\n      username: you\n",
		},
		"remove all of an entry": {
			"configs:\n  a.example.com:\n    tls: {insecure_skip_verify: true}\n  # of the other\n  b.example.com:\n    auth:\n      username: you\n",
			[]Edit{{Path: []string{"configs", "a.example.com", "tls"}, Remove: true}},
			"configs:\n  # of the other\n  b.example.com:\n    auth:\n      username: you\n",
		},
		"remove the only entry": {
			"mirrors:\n  docker.io:\nconfigs:\n  a.example.com:\n    tls:\n      ca_file: /ca.crt\n",
			[]Edit{{Path: []string{"configs", "a.example.com", "tls"}, Remove: true}},
			"mirrors:\n  docker.io:\n",
		},
		"an empty file": {
			"", []Edit{ca},
			"configs:\n  \"mirror.example.com:5000\":\n    tls:\n      ca_file: /etc/rancher/k3s/ca.crt\n",
		},
	} {
		patch, err := configOf(c.before).Patch(c.edits)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if strings.Contains(patch, "hunter2") {
			t.Errorf("%s: the patch shows a secret:\n%s", name, patch)
		}
		if got := patched(t, c.before, patch); got != c.want {
			t.Errorf("%s:\ngot  %q\nwant %q\n%s", name, got, c.want, patch)
		}
		if !strings.HasPrefix(patch, "--- a/etc/rancher/k3s/registries.yaml\n+++ b/etc/rancher/k3s/registries.yaml\n") {
			t.Errorf("%s: %s", name, patch)
		}
	}
}

// patched applies a unified diff as patch does without fuzz.
func patched(t *testing.T, text, patch string) string {
	t.Helper()
	var out strings.Builder
	old, at := strings.SplitAfter(text, "\n"), 0
	copyTo := func(line int) {
		for ; at < line && at < len(old); at++ {
			out.WriteString(old[at])
		}
	}
	lines := strings.SplitAfter(patch, "\n")
	for i, line := range lines[2:] {
		body := line
		if strings.HasPrefix(lines[min(i+3, len(lines)-1)], `\`) {
			body = strings.TrimSuffix(line, "\n")
		}
		switch {
		case strings.HasPrefix(line, "@@"):
			var start, count int
			if n, _ := fmt.Sscanf(line, "@@ -%d,%d", &start, &count); n == 1 {
				count = 1
			}
			if of := oldLines(lines[i+3:]); of != count {
				t.Fatalf("%q, and %d lines follow:\n%s", line, of, patch)
			}
			if count > 0 {
				start--
			}
			copyTo(start)
		case strings.HasPrefix(line, "+"):
			out.WriteString(body[1:])
		case strings.HasPrefix(line, "-"), strings.HasPrefix(line, " "):
			if at >= len(old) || old[at] != body[1:] {
				t.Fatalf("line %d is not %q:\n%s", at+1, body, patch)
			}
			if line[0] == ' ' {
				out.WriteString(old[at])
			}
			at++
		}
	}
	copyTo(len(old))
	return out.String()
}

// oldLines is how many lines of the old text a hunk has.
func oldLines(hunk []string) int {
	n := 0
	for _, line := range hunk {
		switch {
		case strings.HasPrefix(line, "@@"):
			return n
		case strings.HasPrefix(line, " "), strings.HasPrefix(line, "-"):
			n++
		}
	}
	return n
}

// TestPatchAll: what does not go together with what is more important is left out, and hides
// nothing else.
func TestPatchAll(t *testing.T) {
	c := configOf("mirrors:\n  a:\n    endpoint:\n    - b\n  c:\n    endpoint:\n    - d\n    - e\n")
	edit := func(line int, text string) []Edit { return []Edit{{At: Position{Line: line, Column: 3}, Text: text}} }
	patch := c.PatchAll([][]Edit{edit(2, "f"), edit(9, "beyond the end"), edit(2, "g"), nil, edit(2, "f"), edit(5, "f"), edit(5, "h")})
	for line, want := range map[string]bool{"+  f:": true, "+  g:": false, "+  h:": true} {
		if strings.Contains(patch, line+"\n") != want {
			t.Errorf("%q in it: %t\n%s", line, !want, patch)
		}
	}
	if strings.Count(patch, "\n+ ") != 2 {
		t.Error(patch)
	}
	if patch := c.PatchAll(nil); patch != "" {
		t.Error(patch)
	}
}

// TestNoPatch: what cannot be edited without showing a secret, or line by line, is said and
// left alone.
func TestNoPatch(t *testing.T) {
	for name, c := range map[string]struct {
		before string
		edit   Edit
	}{
		"a secret on the line": {
			"configs: {\"*\": {auth: {username: you, password: hunter2}}}\n", Edit{At: Position{Line: 1, Column: 11}, Text: "mirror.example.com"}},
		"a secret in a comment": {
			"configs:\n  \"*\": # password: hunter2\n    auth: {}\n", Edit{At: Position{Line: 2, Column: 3}, Text: "mirror.example.com"}},
		"user information": {
			"mirrors:\n  docker.io:\n    endpoint: [\"https://you:hunter2@mirror.example.com\"]\n", Edit{At: Position{Line: 3, Column: 16}, Text: "http://mirror.example.com"}},
		"an anchor":                {"configs:\n  a: &a\n    tls: {}\n", Edit{At: Position{Line: 2, Column: 6}, Text: "b"}},
		"a list in the way":        {"configs:\n  a: [b]\n", Edit{Path: []string{"configs", "a", "tls", "ca_file"}, Text: "/ca.crt"}},
		"what an alias stands for": {"x-a: &a\n  auth:\n    username: you\nconfigs:\n  b: *a\n", Edit{Path: []string{"configs", "b", "tls", "ca_file"}, Text: "/ca.crt"}},
		"a value over two lines":   {"configs:\n  a:\n    tls:\n      ca_file: /opt/\n        ca.crt\n", Edit{Path: []string{"configs", "a", "tls", "ca_file"}, Text: "/ca.crt"}},
		"a name that is taken":     {"configs:\n  a:\n    auth:\n      username: you\n  b:\n    tls:\n      ca_file: /ca.crt\n", Edit{At: Position{Line: 2, Column: 3}, Text: "b"}},
		"a part between braces":    {"configs: {a: {tls: {ca_file: /ca.crt}, auth: {}}}\n", Edit{Path: []string{"configs", "a", "tls"}, Remove: true}},
		"what is not there":        {"configs:\n  a:\n", Edit{Path: []string{"configs", "a", "tls"}, Remove: true}},
		"beyond the end":           {"mirrors:\n", Edit{At: Position{Line: 9, Column: 1}, Text: "b"}},
	} {
		patch, err := configOf(c.before).Patch([]Edit{c.edit})
		if err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: error %v\n%s", name, err, patch)
		}
	}
}

// TestPatchOfTypes: a value of the wrong type is mended where it leaves no doubt, together with
// what else keeps the file from being read.
func TestPatchOfTypes(t *testing.T) {
	for before, want := range map[string]string{
		"mirrors:\n  docker.io:\n    endpoint: https://a.example.com # ours\n  quay.io:\n    endpoint: 'https://b.example.com/v2/q'\n": "mirrors:\n  docker.io:\n    endpoint: [\"https://a.example.com\"] # ours\n  quay.io:\n    endpoint: [\"https://b.example.com/v2/q\"]\n",
		"configs:\n  a.example.com:\n    tls: {insecure_skip_verify: \"yes\"}\n":                                                       "configs:\n  a.example.com:\n    tls: {insecure_skip_verify: true}\n",
		"configs:\n  a.example.com:\n    tls:\n      insecure_skip_verify: 'False'\n":                                                  "configs:\n  a.example.com:\n    tls:\n      insecure_skip_verify: false\n",
		"configs:\n  a.example.com:\n    tls: {insecure_skip_verify: \"maybe\"}\n":                                                     "",
		"mirrors:\n  docker.io:\n    endpoint: https://a.example.com,https://b.example.com\n":                                          "",
		"mirrors:\n  docker.io:\n    endpoint: {a: https://a.example.com}\n":                                                           "",
	} {
		c := configOf(before)
		var mistakes [][]Edit
		for _, i := range c.Lint(nil) {
			mistakes = append(mistakes, i.Edits)
		}
		patch := c.PatchAll(mistakes)
		if (patch == "") != (want == "") || want != "" && patched(t, before, patch) != want {
			t.Errorf("%s\n%s", before, patch)
		}
	}
}
