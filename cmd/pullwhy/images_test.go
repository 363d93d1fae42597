package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/report"
)

// TestManyImages asks one mirror for 500 images, a fifth of which it lacks, over no more
// connections than allowed.
func TestManyImages(t *testing.T) {
	const images, concurrency = 500, 3
	store := probetest.NewRegistry()
	var list strings.Builder
	for i := range images {
		if i%5 > 0 {
			store.Push("team/app", fmt.Sprint(i), "linux/s390x", "linux/"+runtime.GOARCH)
		}
		fmt.Fprintf(&list, "registry.example.com/team/app:%d\n", i)
	}
	ca := probetest.NewCA("Example Root CA")
	server := probetest.Serve(store, ca.Server("mirror.example.com"))
	defer server.Close()
	dir := t.TempDir()
	for name, text := range map[string]string{
		"etc/hosts":                         "127.0.0.1 mirror.example.com\n",
		"etc/ssl/certs/ca-certificates.crt": string(ca.PEM()),
		"etc/rancher/k3s/registries.yaml":   fmt.Sprintf("mirrors:\n  registry.example.com:\n    endpoint: [\"https://mirror.example.com:%s\"]\n", server.Port),
		"images.txt":                        list.String(),
	} {
		writeFile(t, filepath.Join(dir, name), text, 0o644)
	}
	var out, stderr bytes.Buffer
	args := []string{"--host-root", dir, "--images-from", filepath.Join(dir, "images.txt"), "--concurrency", fmt.Sprint(concurrency), "-o", "json"}
	if status := run(t.Context(), args, nil, &out, &stderr); status != exitFailing {
		t.Errorf("exit status %d: %s", status, &stderr)
	}
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	counts := map[string]int{}
	for _, img := range r.Images {
		counts[img.Status]++
	}
	if len(r.Images) != images || counts["available"] != images*4/5 || counts["unavailable"] != images/5 {
		t.Errorf("%d images: %v", len(r.Images), counts)
	}
	// a server may learn that a connection was closed after it has accepted the next one
	if n := server.MostConnections(); n > concurrency+1 || server.Connections() > images/10 {
		t.Errorf("%d connections at a time, %d in all", n, server.Connections())
	}
	t.Logf("%d ms, %d connections", r.DurationMS, server.Connections())
}
