package diagnose

import (
	"cmp"
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/registry"
)

// root decides what must be mended for p to succeed. What containerd refused before any
// request comes first, then what failed after the tag was resolved, then the endpoints in
// containerd's order.
func (j *joined) root(p logparse.Pull) RootCause {
	switch {
	case p.Stage == logparse.StageRefused:
		return RootCause{Cause: p.Reported.Cause, Endpoint: p.Reported.Endpoint}
	case p.Config.Cause != "":
		return RootCause{Cause: p.Config.Cause}
	case p.Stage != logparse.StageResolve && p.Reported.Cause != "":
		return afterResolve(p)
	}
	if a := rootAttempt(p.Attempts, j.routes[p.Image].Endpoints); a != nil {
		return RootCause{Cause: a.Cause, Endpoint: cmp.Or(a.Target, a.Endpoint), attempt: a}
	}
	if j.onlyPeers(p) {
		return RootCause{Cause: cause.NotFound}
	}
	return RootCause{Cause: cmp.Or(p.Reported.Cause, cause.Unknown), Endpoint: p.Reported.Endpoint}
}

// onlyPeers reports whether nothing but the embedded registry was asked, and no node of the
// cluster holds the image.
func (j *joined) onlyPeers(p logparse.Pull) bool {
	return len(p.Attempts) > 0 && !slices.ContainsFunc(p.Attempts, func(a logparse.Attempt) bool {
		return !embeddedMiss(a, j.routes[p.Image].Endpoints)
	})
}

func afterResolve(p logparse.Pull) RootCause {
	root := RootCause{Cause: p.Reported.Cause, Endpoint: p.Reported.Endpoint}
	for i, a := range p.Attempts {
		unnamed := root.Endpoint == "" && a.Cause == root.Cause
		named := root.Endpoint != "" && (sameHost(a.Endpoint, root.Endpoint) || a.Target == root.Endpoint)
		if a.Endpoint != "" && (unnamed || named) {
			root.attempt, root.Endpoint = &p.Attempts[i], cmp.Or(a.Target, a.Endpoint)
		}
	}
	return root
}

// rootAttempt picks the attempt that must be mended: the first configured endpoint with a
// fault, else the first configured one that lacks the image. The default endpoint counts
// only where no other is configured. nil: no attempt decides.
func rootAttempt(attempts []logparse.Attempt, endpoints []registry.Endpoint) *logparse.Attempt {
	var fault, miss, last *logparse.Attempt
	for i := range attempts {
		a := &attempts[i]
		switch {
		case a.Cause == cause.None || embeddedMiss(*a, endpoints):
		case a.Default:
			last = cmp.Or(last, a)
		case a.Cause.Fault():
			fault = cmp.Or(fault, a)
		default:
			miss = cmp.Or(miss, a)
		}
	}
	return cmp.Or(fault, miss, last)
}

// embeddedMiss reports whether K3s' own distributed registry said that no node of the
// cluster holds the image: that is what it is asked for.
func embeddedMiss(a logparse.Attempt, endpoints []registry.Endpoint) bool {
	if a.StatusCode != 404 && a.StatusCode != 500 {
		return false
	}
	for _, ep := range endpoints {
		if ep.Embedded && ep.Spelling() == a.Endpoint {
			return true
		}
	}
	return loopbackSupervisor(a.Endpoint)
}

// loopbackSupervisor reports whether the endpoint is where the distributed registry of
// K3s or RKE2 listens (K3s pkg/spegel/registry.go).
func loopbackSupervisor(endpoint string) bool {
	_, host, _ := split(endpoint)
	switch host {
	case "127.0.0.1:6443", "127.0.0.1:9345", "[::1]:6443", "[::1]:9345":
		return true
	}
	return false
}

func anonymous(ep registry.Endpoint) bool { return ep.Auth.None() }
