package main

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"syscall"
	"testing"

	"github.com/rs/zerolog"

	"github.com/pullwhy/pullwhy/registry"
)

// Whoever may not read a file is told what to do, and nobody else.
func TestDenied(t *testing.T) {
	for _, tc := range []struct {
		err    syscall.Errno
		denied bool
	}{{syscall.EACCES, true}, {syscall.ENOENT, false}, {syscall.EISDIR, false}} {
		err := fmt.Errorf("reading a registries.yaml: %w", &fs.PathError{Op: "open", Path: "/r.yaml", Err: tc.err})
		if got := remedy(err); strings.Contains(got, "as root") != tc.denied {
			t.Errorf("%v%s", err, got)
		}
		var log bytes.Buffer
		e := &env{log: zerolog.New(&log)}
		e.tellDenied([]registry.Source{{Path: "/r.yaml", Status: registry.StatusRead}, {Path: "/c.toml", Status: registry.StatusUnreadable, Detail: tc.err.Error()}})
		if got := log.String(); strings.Contains(got, "/c.toml") != tc.denied || strings.Contains(got, "/r.yaml") {
			t.Errorf("%v: log %q", tc.err, got)
		}
	}
}
