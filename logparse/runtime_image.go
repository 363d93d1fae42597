package logparse

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// runtimeImage are the words of RKE2 before the name of its runtime image, which it pulls
// itself, before there is a containerd, with a resolver of its own. The error has those of all
// endpoints. (rancher/rke2 pkg/bootstrap/bootstrap.go, rancher/wharfie
// pkg/registries/registries.go)
const runtimeImage = "failed to get runtime image "

// installerImage are those of Rancher's agent on a node, which pulls the installers of K3s and
// RKE2 alike, after the errors. (rancher/system-agent pkg/image/utility.go)
const installerImage = ": failed to get image "

// runtimeLine reads that RKE2 ended for want of its runtime image, or Rancher's agent for want
// of an installer's; false where text does not tell so.
func (r *record) runtimeLine(text string) bool {
	reason, name, ok := strings.Cut(text, installerImage)
	if !ok {
		var rest string
		_, rest, _ = strings.Cut(text, runtimeImage)
		name, reason, ok = strings.Cut(rest, ": ")
	}
	if !ok {
		return false
	}
	if name, _, _ = strings.Cut(name, " "); !strings.Contains(name, "/") { // words of containerd's
		return false
	}
	r.kind, r.source, r.agent, r.image = kindFailure, sourceRuntime, true, strings.Trim(name, wrappers)
	r.text = strings.TrimPrefix(strings.ReplaceAll(reason, `\"`, `"`), "all endpoints failed: ")
	return true
}

// endRuntime ends RKE2's failures to pull its runtime image before containerd, which comes with
// it, was started.
func (s *Scanner) endRuntime() {
	for _, h := range s.mention {
		if f := h.newest; f != nil && f.agent && s.booted.After(f.time) {
			h.lastSuccess, h.succeeded, h.changed = s.booted, true, true
		}
	}
}

// endpointError is the beginning of an endpoint's error, in the words of net/http and of
// go-containerregistry (pkg/v1/remote/transport/error.go). Between two of them stands a line
// end, or a semicolon.
var endpointError = lazyregexp.New(`(?:Get|Head) "https?://|(?:GET|HEAD) https?://`)

// tellAll makes attempts of the endpoints' errors. None of them hides another: of what was
// told the first fault at a configured endpoint counts, else the first error.
func (f *failure) tellAll(h *history) {
	f.attempts = f.endpoints(h)
	if len(f.attempts) == 0 {
		return
	}
	first := max(0, slices.IndexFunc(f.attempts, func(a Attempt) bool { return !a.Default && a.Cause.Fault() }))
	f.reported.Cause, f.reported.Endpoint = f.attempts[first].Cause, cmp.Or(f.attempts[first].Target, f.attempts[first].Endpoint)
}

func (f *failure) endpoints(h *history) (attempts []Attempt) {
	starts := endpointError().FindAllStringIndex(f.text, -1)
	for i, start := range starts {
		text := f.text[start[0]:]
		if i+1 < len(starts) {
			text = f.text[start[0]:starts[i+1][0]]
		}
		text = strings.TrimRight(text, " ;")
		request, _ := cause.FindRequest(text)
		a := Attempt{
			Cause: cause.Parse(inContext(text, h.image)), Error: text, StatusCode: cause.StatusIn(text),
			Time: known(f.time), File: f.file, Line: f.line, Source: SourceLog,
		}
		a.Endpoint, a.Target = places(request, a.Cause, h.ref)
		a.Default = a.Target == "" && (own(request.Host, h.ref) || h.ref.host == "docker.io" && request.Host == "index.docker.io")
		attempts = merge(attempts, []Attempt{a})
	}
	return attempts
}
