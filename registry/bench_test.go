package registry

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// largeNode is a node with 200 mirrors and 1,000 rendered files, on the disk.
func largeNode(b *testing.B) fs.FS {
	b.Helper()
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
	rendered := configOf(yaml.String()).Rendered()
	for i := range 1000 {
		dir := fmt.Sprintf("r%d.example.com", i)
		text, own := rendered[dir]
		if !own {
			text = fmt.Sprintf("server = \"https://r%d.example.com/v2\"\n\n[host]\n\n[host.\"https://m%d.example.com:5000/v2\"]\n  capabilities = [\"pull\", \"resolve\"]\n  [host.\"https://m%d.example.com:5000/v2\".rewrite]\n    \"^(.*)$\" = \"p%d/$1\"\n", i, i, i, i)
		}
		put(k3sCert+"/"+dir+"/hosts.toml", text)
	}
	return os.DirFS(root)
}

// readAll is the least that lint must do: it reads every file.
func readAll(b *testing.B, node fs.FS) time.Duration {
	b.Helper()
	start := time.Now()
	err := fs.WalkDir(node, ".", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			_, err = fs.ReadFile(node, path)
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return time.Since(start)
}

// BenchmarkLint does all of lint on a large node, and says how many times what it takes to
// read the files that is.
func BenchmarkLint(b *testing.B) {
	node := largeNode(b)
	var read time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		read += readAll(b, node)
		b.StartTimer()
		if issues := Load(ReadNode(node)).Lint(nil); len(issues) != 0 {
			b.Fatal(codes(issues))
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(read), "x-reading")
}

// BenchmarkRoute does all of route for one image on a large node.
func BenchmarkRoute(b *testing.B) {
	node := largeNode(b)
	ref, err := ParseReference("r7.example.com/team/app:1")
	if err != nil {
		b.Fatal(err)
	}
	var read time.Duration
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		read += readAll(b, node)
		b.StartTimer()
		endpoints, err := LoadAssuming(ReadNode(node), Assumption{Images: []Reference{ref}}).Endpoints(ref)
		if err != nil || len(endpoints) != 2 || endpoints[0].Repository != "p7/team/app" {
			b.Fatal(endpoints, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed())/float64(read), "x-reading")
}
