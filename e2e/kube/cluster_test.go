package kube

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// adminToken is that of the test itself, of a user who may do anything.
const adminToken = "admin"

// A cluster is an API server with its etcd, and nothing else: no kubelet, no scheduler.
type cluster struct {
	addr   string // host:port
	ca     []byte
	client http.Client
}

// startCluster runs until the test ends.
func startCluster(t *testing.T) *cluster {
	t.Helper()
	etcd, apiserver := tool(t, "etcd"), tool(t, filepath.Join(binDir(t), "kube-apiserver-v1.37.2"))
	folder := t.TempDir()
	peer, store, api := freeAddr(t), freeAddr(t), freeAddr(t)
	start(t, etcd, "--data-dir", filepath.Join(folder, "etcd"), "--log-level", "error",
		"--listen-client-urls", "http://"+store, "--advertise-client-urls", "http://"+store,
		"--listen-peer-urls", "http://"+peer, "--initial-advertise-peer-urls", "http://"+peer, "--initial-cluster", "default=http://"+peer)
	ca := probetest.NewCA("Example Cluster CA")
	cert, key := probetest.PairPEM(ca.Server("127.0.0.1"))
	files := map[string][]byte{"tls.crt": cert, "tls.key": key, "sa.key": key, "tokens": []byte(adminToken + `,admin,1,"system:masters"` + "\n"), "sa.pub": publicKey(t, cert)}
	for name, text := range files {
		put(t, filepath.Join(folder, name), text)
	}
	at := func(name string) string { return filepath.Join(folder, name) }
	_, port, _ := net.SplitHostPort(api)
	start(t, apiserver, "--etcd-servers", "http://"+store, "--bind-address", "127.0.0.1", "--secure-port", port, "--endpoint-reconciler-type", "none",
		"--tls-cert-file", at("tls.crt"), "--tls-private-key-file", at("tls.key"), "--token-auth-file", at("tokens"),
		"--authorization-mode", "RBAC", "--service-account-issuer", "https://kubernetes.default.svc",
		"--service-account-key-file", at("sa.pub"), "--service-account-signing-key-file", at("sa.key"), "--service-cluster-ip-range", "10.96.0.0/24")
	c := &cluster{addr: api, ca: ca.PEM(), client: http.Client{
		Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: ca.Pool()}},
	}}
	c.wait(t, "the API server to be ready", func() bool { return c.try(http.MethodGet, "/readyz", "", nil, nil) == nil })
	return c
}

// publicKey is that of a certificate, in PEM.
func publicKey(t *testing.T, cert []byte) []byte {
	t.Helper()
	block, _ := pem.Decode(cert)
	parsed, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(parsed.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// binDir is where e2e/setup.sh puts what it builds.
func binDir(t *testing.T) string {
	t.Helper()
	if dir := os.Getenv("PULLWHY_E2E_BIN"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	return filepath.Join(cache, "pullwhy-e2e", "bin")
}

func freeAddr(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// start runs a program until the test ends; what it says is shown where the test fails.
func start(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, program, args...)
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s:\n%s", filepath.Base(program), last(said.String(), 4000))
		}
	})
}

func last(text string, most int) string { return text[max(0, len(text)-most):] }

// wait tries until it works; two minutes are more than a busy machine takes.
func (c *cluster) wait(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ticker := time.NewTicker(100 * time.Millisecond)
	defer ticker.Stop()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain for %s", what)
		case <-ticker.C:
		}
	}
}

// do asks the API server as its administrator.
func (c *cluster) do(t *testing.T, method, path, mediaType string, in []byte, out any) {
	t.Helper()
	if err := c.try(method, path, mediaType, in, out); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) try(method, path, mediaType string, in []byte, out any) error {
	req, err := http.NewRequest(method, "https://"+c.addr+path, bytes.NewReader(in))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+adminToken)
	req.Header.Set("Content-Type", mediaType)
	resp, err := c.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	switch {
	case err != nil:
		return err
	case resp.StatusCode > 299:
		return fmt.Errorf("%s %s: %s: %s", method, path, resp.Status, text)
	case out == nil:
		return nil
	}
	return json.Unmarshal(text, out)
}

const applyYAML = "application/apply-patch+yaml"

// apply is a server-side apply, with fields that the server does not know refused.
func (c *cluster) apply(t *testing.T, m manifest) {
	t.Helper()
	paths := map[string]string{
		"Namespace":          "/api/v1/namespaces/",
		"ServiceAccount":     "/api/v1/namespaces/pullwhy/serviceaccounts/",
		"PriorityClass":      "/apis/scheduling.k8s.io/v1/priorityclasses/",
		"ClusterRole":        "/apis/rbac.authorization.k8s.io/v1/clusterroles/",
		"ClusterRoleBinding": "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/",
		"DaemonSet":          "/apis/apps/v1/namespaces/pullwhy/daemonsets/",
	}
	c.do(t, http.MethodPatch, paths[m.kind]+m.name+"?fieldManager=test&fieldValidation=Strict", applyYAML, m.text, nil)
}

// addNode makes a Node and a pod of the agent on it, and returns the token that the pod
// would be given.
func (c *cluster) addNode(t *testing.T, name string) string {
	t.Helper()
	c.do(t, http.MethodPost, "/api/v1/nodes", "application/json", fmt.Appendf(nil, `{"metadata":{"name":%q}}`, name), nil)
	c.do(t, http.MethodPost, "/api/v1/namespaces/pullwhy/pods", "application/json", fmt.Appendf(nil,
		`{"metadata":{"name":"agent"},"spec":{"serviceAccountName":"pullwhy","nodeName":%q,"automountServiceAccountToken":false,"containers":[{"name":"agent","image":"registry.example.com/pullwhy"}]}}`, name), nil)
	var answer struct{ Status struct{ Token string } }
	c.do(t, http.MethodPost, "/api/v1/namespaces/pullwhy/serviceaccounts/pullwhy/token", "application/json",
		[]byte(`{"spec":{"boundObjectRef":{"kind":"Pod","apiVersion":"v1","name":"agent"}}}`), &answer)
	return answer.Status.Token
}

// A condition is one of a node's.
type condition struct{ Type, Status, Reason, Message string }

// problem is the node's condition ImagePullProblem.
func (c *cluster) problem(t *testing.T, node string) condition {
	t.Helper()
	var n struct {
		Status struct{ Conditions []condition }
	}
	c.do(t, http.MethodGet, "/api/v1/nodes/"+node, "", nil, &n)
	for _, found := range n.Status.Conditions {
		if found.Type == "ImagePullProblem" {
			return found
		}
	}
	return condition{}
}

// events are those of the node, as "TYPE REASON MESSAGE".
func (c *cluster) events(t *testing.T, node string) []string {
	t.Helper()
	var list struct {
		Items []struct{ Type, Reason, Message string }
	}
	c.do(t, http.MethodGet, "/api/v1/events?fieldSelector="+strings.Join([]string{"involvedObject.kind%3DNode", "involvedObject.name%3D" + node}, ","), "", nil, &list)
	var all []string
	for _, e := range list.Items {
		all = append(all, e.Type+" "+e.Reason+" "+e.Message)
	}
	return all
}
