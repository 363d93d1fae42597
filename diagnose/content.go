package diagnose

import (
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// named are the attempts of p, those among them with an endpoint that failed after the tag
// was resolved and whose text names none, or only the target of a redirect.
func (j *joined) named(p logparse.Pull) []logparse.Attempt {
	attempts := slices.Clone(p.Attempts)
	if p.Stage != logparse.StageFetch && p.Stage != logparse.StageUnpack {
		return attempts
	}
	ep := j.behind(p)
	if ep == nil {
		return attempts
	}
	if len(attempts) == 0 {
		attempts = append(attempts, logparse.Attempt{
			Cause: p.Reported.Cause, Error: p.Reported.Error, Time: p.LastFailure,
			File: p.Reported.File, Line: p.Reported.Line, Source: logparse.SourceLog,
		})
	}
	if a := &attempts[0]; a.Endpoint == "" {
		a.Endpoint, a.Default = ep.Spelling(), ep.Default
	}
	return attempts
}

// behind is the endpoint that failed to give the content of an image: the one at which the
// probe met the same, or where content could not be had at all, the first, for of all
// endpoints containerd reports that one (core/remotes/docker/fetcher.go). nil where neither
// tells.
func (j *joined) behind(p logparse.Pull) *registry.Endpoint {
	endpoints := j.routes[p.Image].Endpoints
	for i, ep := range endpoints {
		if seen := j.probed(ep, p.Image); seen != nil && seen.Status == probe.Failed && alike(seen.Cause, p.Reported.Cause) {
			return &endpoints[i]
		}
	}
	if p.Reported.Cause == cause.BlobFetchFailed && len(endpoints) > 0 && !endpoints[0].Embedded {
		return &endpoints[0]
	}
	return nil
}

// alike reports whether two causes are one fault: what is no registry answers containerd
// with something that it cannot take for a manifest.
func alike(a, b cause.Cause) bool {
	for _, c := range []*cause.Cause{&a, &b} {
		if *c == cause.UnexpectedMediaType || *c == cause.Schema1Unsupported {
			*c = cause.NotARegistry
		}
	}
	return a == b
}

// aimed gives the attempt the host that failed on behalf of ep, where the log does not name
// it and the probe met the same failure.
func (j *joined) aimed(a logparse.Attempt, ep registry.Endpoint, image string) logparse.Attempt {
	if seen := j.probed(ep, image); a.Target == "" && seen != nil && seen.Cause == a.Cause {
		a.Target = targetOf(*seen)
	}
	return a
}

// targetOf is the host that failed on the endpoint's behalf, "" for none. A token service
// that denies has not failed: the credentials are the endpoint's.
func targetOf(p probe.Result) string {
	if p.Cause == cause.AuthMissing || p.Cause == cause.AuthRejected {
		return ""
	}
	return p.Target
}
