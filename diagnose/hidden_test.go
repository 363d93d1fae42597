package diagnose

import (
	"testing"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/registry"
)

// TestHiddenBecause holds the choice among errors, of each release line and at each stage of
// a pull, against what is said of it. (containerd remotes/docker/resolver.go, Resolve)
func TestHiddenBecause(t *testing.T) {
	mirror := func(c cause.Cause, status int) logparse.Attempt {
		return logparse.Attempt{Endpoint: "https://mirror.example.com:5000", Cause: c, StatusCode: status, Source: logparse.SourceLog}
	}
	second := func(c cause.Cause, status int) logparse.Attempt {
		return logparse.Attempt{Endpoint: "https://mirror2.example.com", Cause: c, StatusCode: status, Source: logparse.SourceLog}
	}
	byDefault := func(c cause.Cause, status int) logparse.Attempt {
		return logparse.Attempt{Endpoint: "https://registry-1.docker.io", Default: true, Cause: c, StatusCode: status, Source: logparse.SourceLog}
	}
	embedded := logparse.Attempt{Endpoint: "https://127.0.0.1:6443", Cause: cause.ServerError, StatusCode: 500, Source: logparse.SourceLog}
	told := func(c cause.Cause, endpoint string) logparse.Failure {
		return logparse.Failure{Cause: c, Endpoint: endpoint}
	}
	const hub = "https://registry-1.docker.io"
	tests := []struct {
		name     string
		version  string
		stage    logparse.Stage
		attempts []logparse.Attempt
		told     logparse.Failure
		config   logparse.Failure
		because  string // "": not hidden
	}{
		{name: "1.x reports the mirror's fault", version: "1.6.39", attempts: []logparse.Attempt{mirror(cause.ConnectRefused, 0), byDefault(cause.NotFound, 404)},
			told: told(cause.ConnectRefused, "https://mirror.example.com:5000")},
		{name: "1.6, a 404 before a fault", version: "1.6.39", attempts: []logparse.Attempt{mirror(cause.NotFound, 404), byDefault(cause.ConnectRefused, 0)},
			told: told(cause.ConnectRefused, hub), because: "containerd 1.6 reports the first error that is no 404: the default endpoint's refused connection"},
		{name: "1.7, a 404 before a denial", version: "v1.7.22-k3s1", attempts: []logparse.Attempt{mirror(cause.NotFound, 404), byDefault(cause.AuthMissing, 0)},
			told: told(cause.AuthMissing, ""), because: "containerd 1.7 reports the first error that is no 404: the default endpoint's demand for credentials"},
		{name: "1.7, both 404", version: "1.7.35", attempts: []logparse.Attempt{mirror(cause.NotFound, 404), byDefault(cause.NotFound, 404)}, told: told(cause.NotFound, "")},
		{name: "2.0, a refused mirror", version: "v2.0.10", attempts: []logparse.Attempt{mirror(cause.ConnectRefused, 0), byDefault(cause.NotFound, 404)},
			told: told(cause.NotFound, ""), because: "containerd 2.0 prefers the default endpoint's 404 over the mirror's refused connection"},
		{name: "2.1, missing credentials rank with failed connections", version: "v2.1.5-k3s1", attempts: []logparse.Attempt{mirror(cause.AuthMissing, 0), byDefault(cause.NotFound, 404)},
			told: told(cause.NotFound, ""), because: "containerd 2.1 prefers the default endpoint's 404 over the mirror's demand for credentials"},
		{name: "2.2, a 403 after a 404", version: "2.2.7", attempts: []logparse.Attempt{mirror(cause.NotFound, 404), byDefault(cause.Forbidden, 403)},
			told: told(cause.Forbidden, hub), because: "containerd 2.2 prefers the default endpoint's 403 over the mirror's 404"},
		{name: "2.3, the first of equals", version: "2.3.4", attempts: []logparse.Attempt{mirror(cause.TLSExpired, 0), byDefault(cause.DNSNotFound, 0)},
			told: told(cause.TLSExpired, "https://mirror.example.com:5000")},
		{name: "2.4, a status of the second mirror", version: "v2.4.2", attempts: []logparse.Attempt{mirror(cause.TLSExpired, 0), second(cause.GatewayError, 502), byDefault(cause.DNSNotFound, 0)},
			told: told(cause.GatewayError, "https://mirror2.example.com"), because: "containerd 2.4 prefers mirror2.example.com's 502 over mirror.example.com:5000's expired certificate"},
		{name: "2.1, the embedded registry's 500", version: "v2.1.5-k3s1", attempts: []logparse.Attempt{embedded, byDefault(cause.DNSNotFound, 0)},
			told: told(cause.ServerError, "https://127.0.0.1:6443"), because: "containerd 2.1 prefers the embedded registry's 500 over the default endpoint's unknown host name"},
		{name: "no version, a choice that 1.x never makes", attempts: []logparse.Attempt{mirror(cause.ConnectRefused, 0), byDefault(cause.NotFound, 404)},
			told: told(cause.NotFound, ""), because: "containerd 2.x prefers the default endpoint's 404 over the mirror's refused connection"},
		{name: "no version, a choice that either makes", attempts: []logparse.Attempt{mirror(cause.NotFound, 404), byDefault(cause.Forbidden, 403)},
			told: told(cause.Forbidden, hub), because: "containerd reports the default endpoint's 403 in place of the mirror's 404"},
		{name: "a hosts.toml that is ignored", version: "1.7.35", attempts: []logparse.Attempt{byDefault(cause.DNSNotFound, 0)}, told: told(cause.DNSNotFound, hub),
			config: told(cause.ConfigInvalid, ""), because: "containerd 1.7 ignores a hosts.toml that it cannot decode, and reports what it met without it"},
		{name: "fetching, the first endpoint's error", version: "v2.1.9", stage: logparse.StageFetch, attempts: []logparse.Attempt{mirror(cause.BlobFetchFailed, 500)},
			told: told(cause.BlobFetchFailed, "https://mirror.example.com:5000")},
		{name: "unpacking, its own error", version: "v2.1.9", stage: logparse.StageUnpack, told: told(cause.UnpackFailed, "")},
		{name: "refused before any request", version: "1.7.35", stage: logparse.StageRefused, told: told(cause.ConfigFileUnreadable, "")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			j := join(Evidence{Node: &registry.Node{Distribution: registry.K3s, ContainerdVersion: tt.version}})
			stage := tt.stage
			if stage == "" {
				stage = logparse.StageResolve
			}
			p := j.pull(logparse.Pull{
				Image: "docker.io/team/app:1", Failures: 1, Attempts: tt.attempts, Stage: stage, Reported: tt.told, Config: tt.config,
			})
			if p.RootCause.HiddenBecause != tt.because || p.RootCause.Hidden != (tt.because != "") {
				t.Errorf("hidden %t because %q, want %q", p.RootCause.Hidden, p.RootCause.HiddenBecause, tt.because)
			}
		})
	}
}
