package registry

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// BenchmarkLoad reads a node with 200 mirrors and 1,000 rendered files from the disk.
func BenchmarkLoad(b *testing.B) {
	root := b.TempDir()
	put := func(abs, text string) {
		file := filepath.Join(root, filepath.FromSlash(abs))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			b.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			b.Fatal(err)
		}
	}
	var yaml strings.Builder
	yaml.WriteString("mirrors:\n")
	for i := range 200 {
		fmt.Fprintf(&yaml, "  r%d.example.com:\n    endpoint:\n      - https://m%d.example.com:5000\n    rewrite:\n      '^(.*)$': 'p%d/$1'\n", i, i, i)
	}
	put(k3sYAML, yaml.String())
	put(k3sTOML, "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '"+k3sCert+"'\n")
	for i := range 1000 {
		put(fmt.Sprintf("%s/r%d.example.com/hosts.toml", k3sCert, i), header(K3s)+fmt.Sprintf("server = \"https://r%d.example.com/v2\"\n\n[host]\n\n[host.\"https://m%d.example.com:5000/v2\"]\n  capabilities = [\"pull\", \"resolve\"]\n  [host.\"https://m%d.example.com:5000/v2\".rewrite]\n    \"^(.*)$\" = \"p%d/$1\"\n", i, i, i, i))
	}
	b.ReportAllocs()
	for b.Loop() {
		if c := Load(ReadNode(os.DirFS(root))); len(c.Registries()) != 1000 || len(c.Issues) != 0 {
			b.Fatal(len(c.Registries()), c.Issues)
		}
	}
}
