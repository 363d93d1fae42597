package diagnose

import (
	"cmp"
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
	return !refined || !ownWords(told, root)
}

// ownWords reports whether the text is what the root's endpoint said: it names an endpoint,
// or quotes the attempt.
func ownWords(told logparse.Failure, root RootCause) bool {
	if told.Endpoint != "" {
		return root.Endpoint != ""
	}
	return root.attempt != nil && root.attempt.Error != "" && strings.Contains(told.Error, root.attempt.Error)
}

// whyHidden explains, by containerd's release, why it reported another error than the root
// cause's. Only while a tag is resolved does it choose among the errors of several
// endpoints; what it refuses before, and what fails after, it reports as it is.
func (j *joined) whyHidden(p logparse.Pull, root RootCause) string {
	if root.Cause == cause.ConfigInvalid && root.Endpoint == "" {
		return cmp.Or(j.release(), "containerd") + " ignores a hosts.toml that it cannot decode, and reports what it met without it"
	}
	if root.attempt == nil && j.onlyPeers(p) {
		return "that is how the embedded registry says that no node holds an image"
	}
	switch j.generation(p) {
	case 1:
		return fmt.Sprintf("%s reports the first error that is no 404: %s", cmp.Or(j.release(), "containerd 1.x"), told(p))
	case 2:
		return fmt.Sprintf("%s prefers %s over %s", cmp.Or(j.release(), "containerd 2.x"), told(p), passedOver(p, root))
	}
	return fmt.Sprintf("containerd reports %s in place of %s", told(p), passedOver(p, root))
}

// generation is how the node's containerd chooses: 1 returns the first error that is no
// 404, 2 the one that got furthest, a status before a 404 before a failed connection; 0 where
// neither the version nor the choice tells.
// (remotes/docker/resolver.go in 1.x, core/remotes/docker/resolver.go in 2.x: Resolve)
func (j *joined) generation(p logparse.Pull) int {
	version := strings.TrimPrefix(j.Node.ContainerdVersion, "v")
	switch {
	case strings.HasPrefix(version, "1."):
		return 1
	case version != "":
		return 2
	case p.Reported.Cause == cause.NotFound: // which 1.x prefers over nothing
		return 2
	}
	return 0
}

// told is what the kubelet was told, in a few words.
func told(p logparse.Pull) string {
	for _, a := range p.Attempts {
		if a.Cause != p.Reported.Cause && (p.Reported.Endpoint == "" || !sameHost(a.Endpoint, p.Reported.Endpoint)) {
			continue
		}
		return whose(p, a) + " " + noun(p.Reported.Cause, a.StatusCode)
	}
	if p.Reported.Endpoint == "" {
		return "another endpoint's " + noun(p.Reported.Cause, 0)
	}
	return fmt.Sprintf("the %s of %s", noun(p.Reported.Cause, 0), p.Reported.Endpoint)
}

// passedOver is the root cause in a few words.
func passedOver(p logparse.Pull, root RootCause) string {
	if root.attempt == nil {
		return "this"
	}
	return whose(p, *root.attempt) + " " + noun(root.Cause, root.attempt.StatusCode)
}

// noun is a cause as a thing: by its status where it has one.
func noun(c cause.Cause, status int) string {
	if status != 0 {
		return fmt.Sprint(status)
	}
	return ruleFor(c).noun
}

// whose names an attempt's endpoint by its part in the order.
func whose(p logparse.Pull, a logparse.Attempt) string {
	mirrors := 0
	for _, other := range p.Attempts {
		if !other.Default {
			mirrors++
		}
	}
	switch {
	case loopbackSupervisor(a.Endpoint):
		return "the embedded registry's"
	case a.Default:
		return "the default endpoint's"
	case mirrors == 1:
		return "the mirror's"
	}
	_, host, _ := split(a.Endpoint)
	return host + "'s"
}

// release is containerd's, as far as it decides what is reported; "" where it is not known.
func (j *joined) release() string {
	parts := strings.SplitN(strings.TrimPrefix(j.Node.ContainerdVersion, "v"), ".", 3)
	if len(parts) < 2 {
		return ""
	}
	return "containerd " + parts[0] + "." + parts[1]
}
