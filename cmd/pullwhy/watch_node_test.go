package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

const oneMirror = "mirrors:\n  docker.io:\n    endpoint:\n      - https://mirror.example.com:5000\n"

// TestWatchNode reads the node's files anew when they change, and only then.
func TestWatchNode(t *testing.T) {
	root := t.TempDir()
	put := func(name, text string) {
		t.Helper()
		writeFile(t, filepath.Join(root, name), text, 0o644)
	}
	const agent = "var/lib/rancher/k3s/agent/etc/containerd/"
	put("etc/rancher/k3s/registries.yaml", oneMirror)
	put(agent+"config.toml", "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\n  config_path = \"/"+agent+"certs.d\"\n")
	put(agent+"certs.d/docker.io/hosts.toml", "server = \"https://registry-1.docker.io/v2\"\n[host.\"https://mirror.example.com:5000/v2\"]\n")

	old := time.Now().Add(-time.Hour)
	for _, folder := range []string{"certs.d", "certs.d/docker.io"} { // for a clock that is coarse
		if err := os.Chtimes(filepath.Join(root, agent, folder), old, old); err != nil {
			t.Fatal(err)
		}
	}

	d := &diagnosis{env: &env{out: io.Discard, log: zerolog.Nop(), hostRoot: root}}
	var w watchedNode
	now := noon
	anew := func(version string) bool {
		t.Helper()
		now = now.Add(lookEvery)
		read, err := w.refresh(d, now, version)
		if err != nil {
			t.Fatal(err)
		}
		return read
	}
	if !anew("") {
		t.Error("not read at all")
	}
	first := w.fingerprint
	for _, change := range []struct {
		what string
		make func()
	}{
		{"an edited registries.yaml", func() { put("etc/rancher/k3s/registries.yaml", oneMirror+"  quay.io:\n") }},
		{"a hosts.toml that is gone", func() { _ = os.Remove(filepath.Join(root, agent, "certs.d/docker.io/hosts.toml")) }},
		{"a new hosts.toml", func() { put(agent+"certs.d/quay.io/hosts.toml", "server = \"https://quay.io/v2\"\n") }},
	} {
		if anew("") {
			t.Errorf("read anew before %s", change.what)
		}
		change.make()
		if !anew("") {
			t.Errorf("not read anew after %s", change.what)
		}
	}
	if w.fingerprint == first {
		t.Error("another configuration has the same fingerprint")
	}
	if !anew("v2.4.2") || w.node.ContainerdVersion != "v2.4.2" || anew("v2.4.2") {
		t.Errorf("containerd %q", w.node.ContainerdVersion)
	}
	now = now.Add(rereadEvery - time.Second)
	if !anew("") || w.node.ContainerdVersion != "v2.4.2" {
		t.Errorf("not read anew after a while, or containerd %q forgotten", w.node.ContainerdVersion)
	}
}

// TestWatchCommands: what a pod says is to be typed on the node, not in the pod.
func TestWatchCommands(t *testing.T) {
	root := t.TempDir()
	writeFile(t, filepath.Join(root, "etc/rancher/k3s/registries.yaml"), "mirrors:\n  docker.io:\n    endpoint: https://mirror.example.com\n", 0o600)
	d := &diagnosis{env: &env{out: io.Discard, log: zerolog.Nop(), hostRoot: root}, noProbe: true}
	w := d.newWatcher(watchFlags{})
	w.step(noon, false)
	findings := w.present.Load().report.Findings
	if len(findings) != 1 || !strings.HasPrefix(findings[0].Fix[0].Command, "pullwhy --fix-diff | patch -p1 -d /") {
		t.Errorf("%+v", findings)
	}
}
