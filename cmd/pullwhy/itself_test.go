package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/report"
)

// TestConfiguredAsItself: a registry gets its CA file by a hosts.toml for itself. The default
// endpoint, the same host without that file, is asked only where the former fails, and the pull
// that failed before would pass now.
func TestConfiguredAsItself(t *testing.T) {
	store := probetest.NewRegistry()
	store.Push("team/app", "1", "linux/s390x", "linux/"+runtime.GOARCH)
	ca := probetest.NewCA("Example Root CA")
	server := probetest.Serve(store, ca.Server("registry.example.com"))
	defer server.Close()
	dir, host := t.TempDir(), "registry.example.com:"+server.Port
	writeFile(t, filepath.Join(dir, "etc/hosts"), "127.0.0.1 registry.example.com\n", 0o644)
	writeFile(t, filepath.Join(dir, "etc/containerd/config.toml"), "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n", 0o644)
	writeFile(t, filepath.Join(dir, "etc/containerd/certs.d", host, "ca.crt"), string(ca.PEM()), 0o644)
	writeFile(t, filepath.Join(dir, "etc/containerd/certs.d", host, "hosts.toml"), fmt.Sprintf("[host.\"https://%s\"]\nca = \"ca.crt\"\n", host), 0o644)
	writeFile(t, filepath.Join(dir, "log"), fmt.Sprintf(`time="2026-11-23T08:00:00Z" level=info msg="starting containerd" revision=a version=v2.1.5
time="2026-11-23T08:00:01Z" level=info msg="PullImage \"%[1]s/team/app:1\""
time="2026-11-23T08:00:02Z" level=error msg="PullImage \"%[1]s/team/app:1\" failed" error="rpc error: code = Unknown desc = failed to pull and unpack image \"%[1]s/team/app:1\": failed to resolve reference \"%[1]s/team/app:1\": failed to do request: Head \"https://%[1]s/v2/team/app/manifests/1\": tls: failed to verify certificate: x509: certificate signed by unknown authority"
`, host), 0o644)
	var out, stderr bytes.Buffer
	status := run(t.Context(), []string{"--host-root", dir, "--log", filepath.Join(dir, "log"), host + "/team/app:1", "-o", "json"}, nil, &out, &stderr)
	var r report.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err, stderr.String())
	}
	if status != 0 || r.Verdict != diagnose.Healthy || len(r.Endpoints) != 1 || !r.Endpoints[0].Reachable || r.Pulls[0].Status != diagnose.Recovered {
		t.Errorf("exit status %d, %s\n%s", status, &stderr, &out)
	}
}
