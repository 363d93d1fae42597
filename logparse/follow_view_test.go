package logparse

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestSiblings lists rotated files oldest first, and nothing else.
func TestSiblings(t *testing.T) {
	for _, test := range []struct {
		name       string
		there, out []string
	}{
		{"lumberjack",
			[]string{"containerd.log", "containerd-2026-11-24T08-00-00.000.log.gz", "containerd-2026-11-22T08-00-00.000.log", "containerd-2026-11-22T08-00-00.000.log.gz", "containerd-stress.log", "containerd-2026.txt"},
			[]string{"containerd-2026-11-22T08-00-00.000.log", "containerd-2026-11-24T08-00-00.000.log.gz"}},
		{"logrotate, numbers",
			[]string{"containerd.log.1", "containerd.log.10.gz", "containerd.log.2.gz", "containerd.log.bak", "containerd.log.1.swp", "containerd.log.", "other.log.1"},
			[]string{"containerd.log.10.gz", "containerd.log.2.gz", "containerd.log.1"}},
		{"logrotate, dates",
			[]string{"containerd.log-20261123.gz", "containerd.log-20261124", "containerd.log-20260101.gz", "containerd.log-old"},
			[]string{"containerd.log-20260101.gz", "containerd.log-20261123.gz", "containerd.log-20261124"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.Mkdir(filepath.Join(dir, "containerd.log.3"), 0o700); err != nil {
				t.Fatal(err)
			}
			for _, name := range test.there {
				if err := os.WriteFile(filepath.Join(dir, name), nil, 0o600); err != nil {
					t.Fatal(err)
				}
			}
			all, err := siblingsIn(dir, "containerd.log")
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range all {
				got = append(got, s.file)
			}
			if diff := cmp.Diff(test.out, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}
