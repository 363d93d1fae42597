package logparse

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// BenchmarkCatchUp follows 64 MiB of log that stand there already, with a failed pull in each
// thousand lines, up to what the Scanner makes of them.
func BenchmarkCatchUp(b *testing.B) {
	var text bytes.Buffer
	for i := 0; text.Len() < 64<<20; i++ {
		fmt.Fprintf(&text, `time="2026-11-24T08:00:00.%09dZ" level=info msg="StartContainer for \"%064x\" returns successfully"`+"\n", i, i)
		if i%1000 == 0 {
			text.WriteString(failedAt(day, fmt.Sprintf("registry.example.com/a:%d", i/1000%300)))
		}
	}
	path := filepath.Join(b.TempDir(), "containerd.log")
	if err := os.WriteFile(path, text.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(text.Len()))
	for b.Loop() {
		var s Scanner
		ctx, cancel := context.WithCancel(b.Context())
		f := Follower{Resolve: func() (string, error) { return path, nil }, CaughtUp: func(FollowStats) { cancel() }}
		err := f.Follow(ctx, func(l Line) error { s.Line(l.File, l.Number, l.Text); return nil })
		if err != nil || len(s.Pulls()) != 300 {
			b.Fatal(err, len(s.Pulls()))
		}
	}
}
