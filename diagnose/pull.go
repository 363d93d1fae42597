package diagnose

import (
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
)

// A Pull is what the log said of one image's pulls, and what it comes to.
type Pull struct {
	logparse.Pull
	Status    string     `json:"status"`     // Failing, Recovered or Succeeded
	RootCause *RootCause `json:"root_cause"` // nil only where nothing failed
}

// What has become of a pull.
const (
	Failing   = "failing"
	Recovered = "recovered"
	Succeeded = "succeeded"
)

// A RootCause is what must be mended for a pull to succeed.
type RootCause struct {
	Cause         cause.Cause `json:"cause"`
	Endpoint      string      `json:"endpoint"`       // "" where no endpoint is to blame
	Hidden        bool        `json:"hidden"`         // the kubelet was told of another cause or another endpoint
	HiddenBecause string      `json:"hidden_because"` // why containerd reported the other one; "" where nothing is hidden
	Finding       string      `json:"finding"`        // id of the finding that says what to do

	attempt *logparse.Attempt // that it stands for; nil for none
}

func (j *joined) pulls() []Pull {
	pulls := make([]Pull, 0, len(j.Pulls))
	for _, p := range j.Pulls {
		pulls = append(pulls, j.pull(p))
	}
	return pulls
}

func (j *joined) pull(p logparse.Pull) Pull {
	p.Attempts = j.attempts(p)
	pull := Pull{Pull: p, Status: Succeeded}
	if p.Failures == 0 {
		return pull
	}
	root := j.root(p)
	root.Hidden = hides(p.Reported, root)
	if root.Hidden {
		root.HiddenBecause = j.whyHidden(p, root)
	}
	pull.RootCause = &root
	pull.Status = Failing
	if p.Succeeded || j.passesNow(p, root) {
		pull.Status = Recovered
	}
	return pull
}

// passesNow reports whether the probe repeated the very request that failed, with the same
// credentials, and it passed. What the probe does not repeat (blobs, unpacking) and what
// may have been asked with credentials of its own never counts.
func (j *joined) passesNow(p logparse.Pull, root RootCause) bool {
	if root.attempt == nil || p.Stage != logparse.StageResolve {
		return false
	}
	for _, ep := range j.routes[p.Image].Endpoints {
		if ep.Spelling() != root.attempt.Endpoint || ep.Default != root.attempt.Default {
			continue
		}
		seen := j.probed(ep, p.Image)
		if seen == nil || seen.Status != probe.OK {
			return false
		}
		switch root.Cause {
		case cause.AuthRejected, cause.Forbidden:
			return false
		case cause.AuthMissing:
			return anonymous(ep)
		case cause.NotFound: // which a registry may also say to those who may not read
			return !ep.Auth.Request
		}
		return true
	}
	return false
}
