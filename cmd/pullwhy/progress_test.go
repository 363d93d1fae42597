package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestProgress(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "terminal"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	p := progress{out: f}
	p.show(1, 3)
	p.show(2, 3) // too soon to be worth a line
	p.end()
	const want = "\r\x1b[Kasking the endpoints: 1 of 3 answers...\r\x1b[K"
	if got, err := os.ReadFile(f.Name()); err != nil || string(got) != want {
		t.Errorf("wrote %q, %v", got, err)
	}
	for _, e := range []*env{{stderr: f}, {stderr: &bytes.Buffer{}}} {
		if p := e.progress(); p.out != nil {
			t.Errorf("%T is taken for a terminal", e.stderr)
		}
	}
}
