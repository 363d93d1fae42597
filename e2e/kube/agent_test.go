package kube

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

const logPath = "var/lib/rancher/k3s/agent/containerd/containerd.log"

const (
	pullFails = `time="2026-03-01T08:08:20.740644617Z" level=info msg="PullImage \"registry.example.com/team/app:1\""
time="2026-03-01T08:08:20.770000000Z" level=error msg="PullImage \"registry.example.com/team/app:1\" failed" error="failed to pull and unpack image \"registry.example.com/team/app:1\": failed to resolve reference \"registry.example.com/team/app:1\": failed to do request: Head \"https://registry.example.com/v2/team/app/manifests/1\": tls: failed to verify certificate: x509: certificate signed by unknown authority"
`
	pullSucceeds = `time="2026-03-01T08:09:20.740644617Z" level=info msg="PullImage \"registry.example.com/team/app:1\""
time="2026-03-01T08:09:21.740644617Z" level=info msg="PullImage \"registry.example.com/team/app:1\" returns image reference \"sha256:0000000000000000000000000000000000000000000000000000000000000001\""
`
)

// The manifests are applied to a real API server, and with no more than what they allow the
// agent tells it what begins to fail and what ends.
func TestAgentTellsTheCluster(t *testing.T) {
	c := startCluster(t)
	for _, m := range render(t, "base") {
		c.apply(t, m)
	}
	a := startAgent(t, c, c.addNode(t, "node-1"))
	c.wait(t, "the condition of a healthy node", func() bool { return c.problem(t, "node-1").Status == "False" })

	a.grow(t, pullFails)
	c.wait(t, "the condition of a failure", func() bool { return c.problem(t, "node-1").Reason == "TlsUnknownAuthority" })
	c.waitEvent(t, "Warning ImagePullProblem registry.example.com/team/app:1 cannot be pulled: tls_unknown_authority: https://registry.example.com: ")

	a.grow(t, pullSucceeds)
	c.wait(t, "the condition of a failure that ended", func() bool { return c.problem(t, "node-1").Status == "False" })
	c.waitEvent(t, "Normal ImagePullProblemEnded no longer: tls_unknown_authority at https://registry.example.com")

	a.checkMetrics(t)
}

func (c *cluster) waitEvent(t *testing.T, prefix string) {
	t.Helper()
	c.wait(t, "the event "+prefix, func() bool {
		return slices.ContainsFunc(c.events(t, "node-1"), func(e string) bool { return strings.HasPrefix(e, prefix) })
	})
}

// An agent is pullwhy watch on a K3s node whose files are below root.
type agent struct{ root, addr string }

// startAgent runs the agent with the files of a pod around it: a mount namespace hides the
// machine's own /run, where the service account's are.
func startAgent(t *testing.T, c *cluster, token string) agent {
	t.Helper()
	folder := t.TempDir()
	binary := filepath.Join(folder, "pullwhy")
	build := exec.Command("go", "build", "-o", binary, "./cmd/pullwhy")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	put(t, filepath.Join(folder, "account/ca.crt"), c.ca)
	put(t, filepath.Join(folder, "account/token"), []byte(token))
	a := agent{root: filepath.Join(folder, "node"), addr: freeAddr(t)}
	put(t, filepath.Join(a.root, "etc/hostname"), []byte("not-the-name-in-the-cluster\n"))
	put(t, filepath.Join(a.root, logPath), nil)

	host, port, _ := strings.Cut(c.addr, ":")
	cmd := exec.Command("sh", "-ec", `mount -t tmpfs tmpfs /run
mkdir -p /var/run/secrets/kubernetes.io
cp -r "$1" /var/run/secrets/kubernetes.io/serviceaccount
shift
exec "$@"`, "sh", filepath.Join(folder, "account"), binary, "watch", "--host-root", a.root, "--no-probe", "--listen", a.addr, "--kube-events", "--kube-condition")
	cmd.Env = append(os.Environ(), "KUBERNETES_SERVICE_HOST="+host, "KUBERNETES_SERVICE_PORT="+port)
	cmd.SysProcAttr = &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		if err := cmd.Wait(); err != nil {
			t.Errorf("the agent ended with %v", err)
		}
		if t.Failed() {
			t.Logf("pullwhy watch:\n%s", said.String())
		}
	})
	return a
}

func (a agent) grow(t *testing.T, lines string) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(a.root, logPath), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	if _, err := log.WriteString(lines); err != nil {
		t.Fatal(err)
	}
}

// checkMetrics lets promtool judge what the agent serves.
func (a agent) checkMetrics(t *testing.T) {
	t.Helper()
	resp, err := http.Get("http://" + a.addr + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	check := exec.Command(tool(t, "promtool"), "check", "metrics")
	check.Stdin = resp.Body
	if out, err := check.CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("promtool check metrics: %v\n%s", err, out)
	}
}
