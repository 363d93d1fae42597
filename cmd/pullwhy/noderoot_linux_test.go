package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
)

// TestNodeRoot: links are resolved inside the root as hostRoot does it, at every place of a name.
func TestNodeRoot(t *testing.T) {
	outside, root := t.TempDir(), t.TempDir()
	writeFile(t, outside+"/secret", "outside", 0o644)
	writeFile(t, root+"/data/a/file", "inside", 0o644)
	for link, target := range map[string]string{
		"absolute": "/data/a", "relative": "data/a", "file": "/data/a/file", "out": outside, "up": "../../../../data/a", "loop": "loop", "data/back": "../data",
	} {
		if err := os.Symlink(target, filepath.Join(root, link)); err != nil {
			t.Fatal(err)
		}
	}
	node := newNodeRoot(root)
	for _, name := range []string{
		"data/a/file", "absolute/file", "relative/file", "file", "up/file", "data/back/a/file", "data/back/back/a/file", "out/secret", "loop", "loop/x",
		"data/a/file/x", "data/none/x", "none", ".", "data", "../x", "/data",
	} {
		want, wantErr := fs.ReadFile(hostRoot(root), name)
		got, err := fs.ReadFile(node, name)
		if string(got) != string(want) || (err == nil) != (wantErr == nil) || errors.Is(err, fs.ErrNotExist) != errors.Is(wantErr, fs.ErrNotExist) {
			t.Errorf("%s: %q, %v; hostRoot: %q, %v", name, got, err, want, wantErr)
		}
		_, wantErr = fs.Stat(hostRoot(root), name)
		if _, err := fs.Stat(node, name); (err == nil) != (wantErr == nil) {
			t.Errorf("stat %s: %v; hostRoot: %v", name, err, wantErr)
		}
	}
}

// TestNodeRootEntries: what the entries of a directory are is asked of the node, wherever
// links lead to it, and never of the tool's own files.
func TestNodeRootEntries(t *testing.T) {
	root := t.TempDir()
	writeFile(t, root+"/data/a/file", "", 0o644)
	if err := os.Symlink("/data", root+"/link"); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{"data/a", "link/a"} {
		f, err := newNodeRoot(root).Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close() // the entries are asked while it is open
		entries, err := f.(fs.ReadDirFile).ReadDir(-1)
		if err != nil || len(entries) != 1 {
			t.Fatalf("%s: %v, %v", dir, entries, err)
		}
		if info, err := entries[0].Info(); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s: %v, %v", dir, info, err)
		}
	}
}
