package diagnose

import (
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// joined is the evidence, indexed by what its parts have in common.
type joined struct {
	Evidence
	registries []registry.Registry
	routes     map[string]Route          // by image
	probes     map[string][]probe.Result // by the endpoint's spelling
	answers    map[probe.Question]*probe.Result
	known      bool // whether there is a configuration
}

func join(e Evidence) *joined {
	j := &joined{Evidence: e, known: e.Config != nil, routes: map[string]Route{}, probes: map[string][]probe.Result{}, answers: map[probe.Question]*probe.Result{}}
	if j.Node == nil {
		j.Node = &registry.Node{Distribution: registry.Unknown}
	}
	if j.Config == nil {
		j.Config = &registry.Config{}
	}
	j.registries = j.Config.Registries()
	for _, r := range e.Routes {
		j.routes[r.Image] = r
	}
	for _, p := range counting(e.Probes, j.routes) {
		q := p.Question()
		j.probes[q.Endpoint] = append(j.probes[q.Endpoint], p)
		if j.answers[q] == nil {
			j.answers[q] = &p
		}
	}
	return j
}

// probed is what the probe saw when it asked ep for image, nil where it did not.
func (j *joined) probed(ep registry.Endpoint, image string) *probe.Result {
	return j.answers[probe.Question{Endpoint: ep.Spelling(), Registry: ep.Registry, Image: image}]
}

// attempts are those of the log in the spelling of the configuration, and between them
// the failures that the log does not show and the probe met: containerd 1.6 and 1.7 log
// nothing for most statuses (core/remotes/docker/resolver.go).
func (j *joined) attempts(p logparse.Pull) []logparse.Attempt {
	route := j.routes[p.Image]
	logged := j.named(p)
	where := make([]int, len(logged)) // index in route.Endpoints, -1: none
	for i, a := range logged {
		if inJournal(a.File) {
			logged[i].Line, a.Line = 0, 0
		}
		where[i] = matchOne(a, route.Endpoints)
		if where[i] >= 0 {
			ep := route.Endpoints[where[i]]
			logged[i] = j.aimed(respell(a, ep), ep, p.Image)
		}
	}
	if p.Failures == 0 || p.Stage != logparse.StageResolve || p.Config.Cause != "" {
		return logged
	}
	if a := only(p, route); len(logged) == 0 && a != nil {
		return []logparse.Attempt{*a}
	}
	return j.fillIn(p.Image, route, logged, where)
}

// only is the attempt at the one endpoint that is asked for the image: what the kubelet was told
// is what that said. nil where there are several, or nothing was said.
func only(p logparse.Pull, route Route) *logparse.Attempt {
	if len(route.Endpoints) != 1 || p.Reported.Cause == cause.None || p.Reported.Cause == cause.Unknown || p.Reported.Endpoint != "" {
		return nil
	}
	ep, told := route.Endpoints[0], p.Reported
	return &logparse.Attempt{
		Endpoint: ep.Spelling(), Default: ep.Default, Cause: told.Cause, Error: told.Error, Time: p.LastFailure, File: told.File, Line: told.Line, Source: logparse.SourceLog,
	}
}

func (j *joined) fillIn(image string, route Route, logged []logparse.Attempt, where []int) []logparse.Attempt {
	all := make([]logparse.Attempt, 0, len(route.Endpoints))
	next := 0 // endpoints before this one are accounted for
	for i, a := range logged {
		for ; next < where[i]; next++ {
			if !slices.Contains(where, next) {
				all = j.appendProbed(all, route.Endpoints[next], image)
			}
		}
		next = max(next, where[i]+1)
		all = append(all, a)
	}
	if len(logged) == 0 {
		for _, ep := range route.Endpoints {
			all = j.appendProbed(all, ep, image)
		}
	}
	return all
}

func (j *joined) appendProbed(all []logparse.Attempt, ep registry.Endpoint, image string) []logparse.Attempt {
	if p := j.probed(ep, image); p != nil && p.Status == probe.Failed {
		return append(all, attemptOf(*p))
	}
	return all
}

// attemptOf writes a failed probe as an attempt.
func attemptOf(p probe.Result) logparse.Attempt {
	t := p.Time
	return logparse.Attempt{
		Endpoint: p.Endpoint.Spelling(), Default: p.Endpoint.Default, Cause: p.Cause, Error: p.Error,
		StatusCode: p.StatusCode, Time: &t, Source: logparse.SourceProbe, Target: targetOf(p),
	}
}
