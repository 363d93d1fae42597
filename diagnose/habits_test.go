package diagnose

import (
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// TestRefusals: a registry that hides what it does not have, and one whose tokens expire, are
// understood; what only the credentials can explain stays so.
func TestRefusals(t *testing.T) {
	const (
		scope   = "pull access denied, repository does not exist or may require authorization: server message: insufficient_scope: authorization failed"
		basic   = "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"
		head401 = "unexpected status from HEAD request to https://quay.io/v2/team/app/manifests/1: 401 UNAUTHORIZED"
		head403 = "unexpected status from HEAD request: 403 Forbidden"
	)
	you := registry.Auth{Type: registry.AuthBasic, Username: "you", Secret: registry.NewSecret("hunter2"), From: "x"}
	for name, c := range map[string]struct {
		cause        cause.Cause
		host, err    string
		status       int
		auth         registry.Auth
		mirror       bool
		probe        *probe.Result
		says, firsts string
	}{
		"Docker Hub":              {cause: cause.AuthMissing, host: "registry-1.docker.io", err: scope, says: "no such image, or private and no", firsts: "check the name"},
		"any registry":            {cause: cause.AuthMissing, host: "a.example.com", err: scope, says: "no such image, or private and no", firsts: "configs: "},
		"a mirror":                {cause: cause.AuthMissing, host: "a.example.com", err: scope, mirror: true, says: "it wants credentials, and none are configured", firsts: "configs: "},
		"Basic":                   {cause: cause.AuthMissing, host: "ghcr.io", err: basic, says: "it wants credentials, and none are configured", firsts: "configs: "},
		"quay.io":                 {cause: cause.AuthRejected, host: "quay.io", err: head401, status: 401, says: "there is no such image, or it is private and a pull secret's", firsts: "check the name, and the pod's imagePullSecret"},
		"quay.io, for everybody":  {cause: cause.AuthRejected, host: "quay.io", err: head401, status: 401, probe: &probe.Result{Status: probe.OK}, says: "a pull secret's were sent", firsts: "correct the pod's imagePullSecret"},
		"ECR with a stale token":  {cause: cause.Forbidden, host: "1234.dkr.ecr.eu-west-1.amazonaws.com", err: head403, status: 403, auth: you, says: "older than 12 hours", firsts: "get a new token"},
		"GitHub":                  {cause: cause.Forbidden, host: "ghcr.io", err: head403, status: 403, auth: you, says: "lacks read:packages", firsts: "give the user the right"},
		"Google":                  {cause: cause.Forbidden, host: "europe-docker.pkg.dev", err: head403, status: 403, auth: you, says: "may not pull this, or it does not exist", firsts: "give the user the right"},
		"403 of another registry": {cause: cause.Forbidden, host: "a.example.com", err: head403, status: 403, auth: you, says: "a policy, firewall or quota", firsts: "give the user the right"},
	} {
		ep := &registry.Endpoint{Scheme: "https", Host: c.host, Path: "/v2", Default: !c.mirror, Registry: c.host, Auth: c.auth}
		o := observation{
			node: &registry.Node{Distribution: registry.K3s}, cause: c.cause, image: c.host + "/team/app:1", url: "https://" + c.host, endpoint: ep, pull: &Pull{}, probe: c.probe,
			attempt: &logparse.Attempt{Cause: c.cause, Error: c.err, StatusCode: c.status, Source: logparse.SourceLog},
		}
		f := o.finding(Error)
		if !strings.Contains(f.Detail, c.says) {
			t.Errorf("%s: detail %q", name, f.Detail)
		}
		if !strings.HasPrefix(f.Fix[0].Text, c.firsts) {
			t.Errorf("%s: fix %+v", name, f.Fix)
		}
		if region := "aws ecr get-login-password --region eu-west-1"; strings.Contains(c.host, "eu-west-1") && f.Fix[0].Command != region {
			t.Errorf("%s: fix %+v", name, f.Fix)
		}
	}
}

// TestCommandsFit: crictl and ctr are called as the distribution has them, and a full disk is
// looked for where the text says it is.
func TestCommandsFit(t *testing.T) {
	for distribution, want := range map[string][2]string{
		registry.K3s:        {"k3s crictl rmi --prune", "k3s ctr images import FILE.tar"},
		registry.RKE2:       {"/data/bin/crictl --config /data/agent/etc/crictl.yaml rmi --prune", "/data/bin/ctr -a /run/k3s/containerd/containerd.sock -n k8s.io images import FILE.tar"},
		registry.Containerd: {"crictl rmi --prune", "ctr -n k8s.io images import FILE.tar"},
		registry.Unknown:    {"crictl rmi --prune", "ctr -n k8s.io images import FILE.tar"},
	} {
		node := &registry.Node{Distribution: distribution, DataDir: map[string]string{registry.RKE2: "/data"}[distribution]}
		full := observation{node: node, cause: cause.DiskFull}.finding(Error).Fix
		never := observation{node: node, cause: cause.ImageNeverPull, image: "a"}.finding(Error).Fix
		if got := [2]string{full[0].Command, never[0].Command}; got != want {
			t.Errorf("%s: %q", distribution, got)
		}
	}
	for path, want := range map[string]string{
		"/var/lib/rancher/k3s/agent/containerd":  "k3s crictl rmi --prune",
		"/var/lib/rancher/rke2/agent/containerd": "/var/lib/rancher/rke2/bin/crictl --config /var/lib/rancher/rke2/agent/etc/crictl.yaml rmi --prune",
		"/var/lib/containerd":                    "crictl rmi --prune",
	} {
		o := observation{node: &registry.Node{Distribution: registry.Unknown}, cause: cause.DiskFull, attempt: &logparse.Attempt{Error: "write " + path + "/io.containerd.content.v1.content/data: no space left on device"}}
		if got := o.finding(Error).Fix[0].Command; got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	for text, want := range map[string]string{
		"failed to copy: write /mnt/c/io.containerd.content.v1.content/ingest/00/data: no space left on device":                                  "/mnt/c",
		"symlink a.so /var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/75/fs/usr/lib/b.so: no space left on device: unknown": "/var/lib/containerd",
		"mkdir /tmp/containerd-mount123: disk quota exceeded":                                                                                    "/tmp",
		"no space left on device": "/var/lib/rancher/k3s",
	} {
		o := observation{node: &registry.Node{Distribution: registry.K3s, DataDir: "/var/lib/rancher/k3s"}, attempt: &logparse.Attempt{Error: text}}
		if got := o.filled(); got != want {
			t.Errorf("%s: %s", text, got)
		}
	}
}
