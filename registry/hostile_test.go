package registry

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// hostile does with a node all that route and lint do.
func hostile(t *testing.T, node fstest.MapFS) []Issue {
	t.Helper()
	config := Load(ReadNode(node))
	ref, err := ParseReference("nginx")
	if err != nil {
		t.Fatal(err)
	}
	if endpoints, err := config.Endpoints(ref); (err == nil) == (len(endpoints) == 0) {
		t.Errorf("%d endpoints and error %v", len(endpoints), err)
	}
	config.BootstrapEndpoints(ref, nil)
	issues := config.Lint(nil)
	var mistakes [][]Edit
	for _, i := range issues {
		mistakes = append(mistakes, i.Edits)
	}
	config.PatchAll(mistakes)
	return issues
}

// bomb is a text whose last anchor stands for 9 to the power of 12 values.
func bomb() string {
	var b strings.Builder
	b.WriteString("a0: &a0 {k: v}\n")
	for i := range 12 {
		items := strings.TrimSuffix(strings.Repeat(fmt.Sprintf("*a%d, ", i), 9), ", ")
		fmt.Fprintf(&b, "a%d: &a%d {<<: [%s]}\n", i+1, i+1, items)
	}
	return b.String()
}

// TestHostileFiles: whatever lies in place of a file is an error with a name, and reading ends.
func TestHostileFiles(t *testing.T) {
	const toml, hosts = "/" + tomlPath, "/" + certsPath + "docker.io/hosts.toml"
	rows := func(n int, row string) string { return strings.Repeat(row, n) }
	for _, tc := range []struct {
		name, path, text string
		mode             fs.FileMode
		want             string // code
	}{
		{name: "merge bomb", path: "/" + yamlPath, text: bomb() + "mirrors: {<<: *a12}\n", want: codeSyntax},
		{name: "anchor that contains itself", path: "/" + yamlPath, text: "mirrors: &m {<<: *m}\n", want: codeSyntax},
		{name: "larger than any", path: "/" + yamlPath, text: rows(maxConfigSize, "a\n"), want: codeSyntax},
		{name: "NULs", path: "/" + yamlPath, text: "mirrors:\x00\x00\n", want: codeSyntax},
		{name: "one endless line", path: "/" + yamlPath, text: rows(maxConfigSize-1, "a"), want: codeSyntax},
		{name: "nested lists", path: "/" + yamlPath, text: rows(500_000, "["), want: codeSyntax},
		{name: "nested maps", path: "/" + yamlPath, text: rows(200_000, "{a: "), want: codeSyntax},
		{name: "a mistake behind many lines", path: "/" + yamlPath, text: "mirrors:\n" + rows(30_000, "  a.example.com: {endpoint: [b]}\n") + "  *:\n", want: codeSyntax},
		{name: "one endpoint 30,000 times", path: "/" + yamlPath, text: "mirrors:\n  docker.io:\n    endpoint:\n" + rows(30_000, "      - https://m.example.com\n"), want: codeEndpointDuplicate},
		{name: "2,000 rewrites", path: "/" + yamlPath, text: manyRewrites(2000), want: codeRewriteInvalid},
		{name: "regular expression beyond the limits", path: "/" + yamlPath, text: "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      \"((a{0,100}){0,100}){0,100}\": b\n", want: codeRewriteInvalid},
		{name: "5,000 long rewrites", path: "/" + yamlPath, text: "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      \"(\": b\n" + numbered(5_000, "      a%dx{1000}: b\n"), want: codeRewriteInvalid},
		{name: "20,000 rewrites that match nothing", path: "/" + yamlPath, text: "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n" + numbered(20_000, "      \"^nginx%d:(.*)\": \"b:$1\"\n"), want: codeRewriteIneffective},
		{name: "5,000 mistakes that an edit mends", path: "/" + yamlPath, text: "mirrors:\n" + numbered(5_000, "  https://r%d.example.com/: {endpoint: [https://m.example.com]}\n"), want: codeRegistryName},
		{name: "directory", path: "/" + yamlPath, mode: fs.ModeDir, want: codeSyntax},
		{name: "pipe", path: "/" + yamlPath, mode: fs.ModeNamedPipe, want: codeSyntax},
		{name: "device", path: "/" + yamlPath, mode: fs.ModeDevice, want: codeSyntax},
		{name: "pipe for config.yaml", path: "/" + flagsPath, mode: fs.ModeNamedPipe, want: codeSyntax},
		{name: "directory for hosts.toml", path: hosts, mode: fs.ModeDir, want: codeFileUnreadable},
		{name: "pipe for hosts.toml", path: hosts, mode: fs.ModeNamedPipe, want: codeFileUnreadable},
		{name: "hosts.toml larger than any", path: hosts, text: rows(maxConfigSize, "a\n"), want: codeFileUnreadable},
		{name: "hosts.toml of nested lists", path: hosts, text: "ca = " + rows(500_000, "["), want: codeUndecodableHosts},
		{name: "hosts.toml of a long key", path: hosts, text: "a" + rows(200_000, ".a") + " = [\n", want: codeUndecodableHosts},
		{name: "hosts.toml of very many keys", path: hosts, text: numbered(100_000, "a%d=1\n"), want: codeUndecodableHosts},
		{name: "hosts.toml of very many tables", path: hosts, text: numbered(40_000, "[host.'https://a%d']\n"), want: codeUndecodableHosts},
		{name: "config.toml of nested lists", path: toml, text: "a = " + rows(500_000, "["), want: codeSyntax},
		{name: "config.toml of very many keys", path: toml, text: "version = 3\n" + numbered(100_000, "a%d=1\n"), want: codeSyntax},
		{name: "config.toml that imports itself", path: toml, text: "imports = ['" + toml + "', '*.toml']\nversion = 3\n"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			node := nodeFS(map[string]string{toml: configPath, "/" + yamlPath: ""})
			node[name(tc.path)] = &fstest.MapFile{Data: []byte(tc.text), Mode: tc.mode}
			issues := hostile(t, node)
			for _, i := range issues {
				if i.Code == tc.want {
					return
				}
			}
			if tc.want != "" || len(issues) > 0 {
				t.Errorf("want %q, got %.500s", tc.want, codes(issues))
			}
		})
	}
}

// numbered is a row for each of n numbers.
func numbered(n int, row string) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, row, i)
	}
	return b.String()
}

func manyRewrites(n int) string {
	return "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n" + numbered(n, "      \"^a%d/(.*)\": \"b/$1\"\n") + "      \"(\": \"b\"\n"
}

// A file that the certificate settings name may be anything, too.
func TestHostileCertificates(t *testing.T) {
	for what, file := range map[string]*fstest.MapFile{
		"pipe": {Mode: fs.ModeNamedPipe}, "directory": {Mode: fs.ModeDir}, "device": {Mode: fs.ModeDevice}, "huge": {Data: make([]byte, maxCertificateSize+1)},
	} {
		node := nodeFS(map[string]string{"/" + yamlPath: "configs:\n  a.example.com:\n    tls: {ca_file: /ca.pem}\n"})
		node["ca.pem"] = file
		if issues := hostile(t, node); len(issues) != 1 || issues[0].Code != codeFileUnreadable || issues[0].Line != 3 {
			t.Errorf("%s: %s", what, codes(issues))
		}
	}
}
