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
	release, told := j.release(), j.told(p)
	switch {
	case root.Cause == cause.ConfigInvalid && root.Endpoint == "":
		return release + " ignores a hosts.toml that it cannot decode, and reports what happened without it"
	case p.Stage != logparse.StageResolve:
		return release + " reports the first endpoint that was asked for the content"
	case root.Cause == cause.NotFound && j.firstGeneration():
		return fmt.Sprintf("%s prefers %s to a 404", release, told)
	}
	return fmt.Sprintf("%s prefers %s to this", release, told)
}

// told is what the kubelet was told, in a few words.
func (j *joined) told(p logparse.Pull) string {
	what := ruleFor(p.Reported.Cause).noun
	for _, a := range p.Attempts {
		if a.Cause != p.Reported.Cause && (p.Reported.Endpoint == "" || !sameHost(a.Endpoint, p.Reported.Endpoint)) {
			continue
		}
		if a.StatusCode != 0 {
			what = fmt.Sprint(a.StatusCode)
		}
		if a.Default {
			return "the default endpoint's " + what
		}
	}
	if p.Reported.Endpoint == "" {
		return "another endpoint's " + what
	}
	return fmt.Sprintf("the %s of %s", what, p.Reported.Endpoint)
}

// firstGeneration reports whether the node's containerd is a 1.x.
func (j *joined) firstGeneration() bool {
	return strings.HasPrefix(strings.TrimPrefix(j.Node.ContainerdVersion, "v"), "1.")
}

// release is containerd's, as far as it decides what is reported.
func (j *joined) release() string {
	parts := strings.SplitN(strings.TrimPrefix(j.Node.ContainerdVersion, "v"), ".", 3)
	if len(parts) < 2 {
		return "containerd"
	}
	return "containerd " + parts[0] + "." + parts[1]
}
