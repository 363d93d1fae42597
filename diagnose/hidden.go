package diagnose

import (
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
)

// hides reports whether what the kubelet was told names another cause or another endpoint
// than the root cause. An endpoint that the text does not name is not another one.
func hides(told logparse.Failure, root RootCause) bool {
	return otherEndpoint(told, root) || otherCause(told, root)
}

func otherEndpoint(told logparse.Failure, root RootCause) bool {
	if told.Endpoint == "" || root.Endpoint == "" || sameHost(told.Endpoint, root.Endpoint) {
		return false
	}
	return root.attempt == nil || !sameHost(told.Endpoint, root.attempt.Endpoint)
}

// otherCause compares the causes. The text of the endpoint itself hides nothing where the
// configuration only makes it more exact, as for a bare 400 or 401.
func otherCause(told logparse.Failure, root RootCause) bool {
	if told.Cause == "" || told.Cause == root.Cause {
		return false
	}
	refined := told.Cause == cause.Unknown || told.Cause == cause.AuthMissing && root.Cause == cause.AuthRejected
	return !refined || told.Endpoint == "" || root.Endpoint == ""
}

// whyHidden explains, by containerd's release, why it reported another error.
// (remotes/docker/resolver.go: 1.x returns the first error that is no 404; 2.x the one
// that got furthest, a status before a 404 before a failed connection.)
func (j *joined) whyHidden(p logparse.Pull, root RootCause) string {
	release := j.release()
	switch {
	case root.Cause == cause.ConfigInvalid && root.Endpoint == "":
		return release + " logs a hosts.toml that it cannot decode, ignores it, and reports only what happened without it"
	case p.Stage != logparse.StageResolve:
		return release + " reports the error of the first endpoint that was asked for the content"
	case strings.HasPrefix(j.Node.ContainerdVersion, "v1.") || strings.HasPrefix(j.Node.ContainerdVersion, "1."):
		return release + " reports the first error that is not a 404, so the miss before it does not show"
	}
	return fmt.Sprintf("%s reports the answer that got furthest: %s at %s outranks %s",
		release, p.Reported.Cause, where(p.Reported.Endpoint), root.Cause)
}

func (j *joined) release() string {
	if v := strings.TrimPrefix(j.Node.ContainerdVersion, "v"); v != "" {
		return "containerd " + v
	}
	return "containerd"
}

func where(endpoint string) string {
	if endpoint == "" {
		return "another endpoint"
	}
	return endpoint
}
