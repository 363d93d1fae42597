package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// A judged observation is one that somebody must act on, and how much it matters.
type judged struct {
	observation
	severity Severity
}

// judge turns observations into findings, in the order in which they should be mended, and
// tells each root cause the id of its finding.
func (j *joined) judge(d Diagnosis) []Finding {
	var known []judged
	for i := range d.Pulls {
		known = append(known, j.judgePull(&d.Pulls[i])...)
	}
	pulls := len(known)
	for _, img := range d.Images {
		for _, found := range j.judgeImage(img) {
			if !found.retells(known[:pulls]) {
				known = append(known, found)
			}
		}
	}
	known = append(known, j.judgeEndpoints(d, known)...)
	all := append(withoutUnread(j.merge(known), d.Pulls), j.judgeSoon(d, known)...)
	all = append(all, j.judgeIssues(all)...)
	for i := range all {
		j.agentSays(&all[i])
	}
	return append(all, j.judgeAgent(all)...)
}

// judgePull gives the root cause, and each further configured endpoint that is broken as
// well: its turn comes when the root is mended.
func (j *joined) judgePull(p *Pull) []judged {
	if p.RootCause == nil {
		return nil
	}
	root := judged{j.observeRoot(p), severityOf(p)}
	p.RootCause.Finding = root.id()
	found := []judged{root}
	if p.Status != Failing || p.RootCause.attempt == nil || p.Stage != logparse.StageResolve {
		return found
	}
	for i := range p.Attempts {
		a := &p.Attempts[i]
		if a != p.RootCause.attempt && !a.Default && a.Cause.Fault() && !embeddedMiss(*a, j.routes[p.Image].Endpoints) {
			found = append(found, judged{j.observe(p.Image, a), Error})
		}
	}
	return found
}

// withoutUnread leaves out that an image is unavailable for a file that containerd ignores, where that
// stands already as the reason of what its pull failed by.
func withoutUnread(all []Finding, pulls []Pull) []Finding {
	return slices.DeleteFunc(slices.Clone(all), func(f Finding) bool {
		if f.Code != codeUndecodable && f.Code != codeConflict || slices.ContainsFunc(pulls, func(p Pull) bool { return p.RootCause != nil && p.RootCause.Finding == f.ID }) {
			return false
		}
		return slices.ContainsFunc(all, func(g Finding) bool {
			reason := slices.Contains(g.Also, f.Code) || f.Code == codeUndecodable && slices.Contains(g.Also, codeRewriteInvalid)
			return reason && !slices.ContainsFunc(f.Images, func(image string) bool { return !slices.Contains(g.Images, image) })
		})
	})
}

// retells reports whether the probe met what the log tells of the same image at the same endpoint,
// and only knows another word for it.
func (o judged) retells(pulls []judged) bool {
	return slices.ContainsFunc(pulls, func(k judged) bool {
		return k.severity != Info && k.image == o.image && k.cause != o.cause && k.endpointIs(o.url) && sameFault(k.cause, o.cause)
	})
}

// sameFault reports whether the log may show one cause where the probe meets the other.
func sameFault(logged, probed cause.Cause) bool {
	return alike(logged, probed) || logged == cause.NotFound && probed == cause.NotARegistry ||
		logged == cause.DNSNotFound && probed == cause.DNSFailure
}

func severityOf(p *Pull) Severity {
	if p.Status == Failing {
		return Error
	}
	return Info
}

func (j *joined) judgeImage(img Image) []judged {
	switch {
	case img.Status != Unavailable, j.startless(img.Image):
		return nil
	case img.root != nil:
		return []judged{{j.observe(img.Image, img.root), Error}}
	}
	o := observation{node: j.Node, cause: img.Cause, image: img.Image, refused: j.routes[img.Image].Err}
	switch {
	case o.refused != nil:
		o.issue, o.spare = j.issueNamedIn(o.refused.Message), j.spare(o.refused.Message)
	case o.cause == cause.ConfigInvalid:
		o.issue = j.unread(img.Image)
	}
	return []judged{{o, Error}}
}

// startless reports whether no image can be pulled for a registries.yaml with which the agent does not
// start: that is told by itself.
func (j *joined) startless(image string) bool {
	err := j.routes[image].Err
	return err != nil && err.Stage == registry.StageRegistriesYAML && slices.ContainsFunc(j.Config.Issues, func(i registry.Issue) bool { return i.Code == codeSyntax })
}

// judgeEndpoints finds what is broken without any image having failed by it. A default
// endpoint matters only where its registry has no other.
func (j *joined) judgeEndpoints(d Diagnosis, known []judged) []judged {
	var all []judged
	for _, ep := range d.Endpoints {
		if ep.Status != probe.Failed || !ep.Cause.Fault() || ep.ExpectedMiss || blamed(known, ep) {
			continue
		}
		severity, matters := latent(d, ep)
		if !matters {
			continue
		}
		if p := j.failedAt(ep.URL); p != nil {
			all = append(all, judged{j.observeProbe(*p), severity})
		}
	}
	return all
}

// latent says how much a broken endpoint matters by which no image failed, and whether it
// does at all.
func latent(d Diagnosis, ep Endpoint) (Severity, bool) {
	severity, matters := Warning, false
	for _, r := range d.Registries {
		switch {
		case slices.Contains(r.Endpoints, ep.URL):
			matters = true
			if !served(d, r) {
				severity = Error
			}
		case r.DefaultEndpoint == ep.URL && len(r.Endpoints) == 0 && !mirrors(d, ep.URL):
			matters = true
		}
	}
	return severity, matters
}

// mirrors reports whether the host is an endpoint of another registry, perhaps at another
// port or below a path: then an entry under its name was written to give that endpoint its
// settings.
func mirrors(d Diagnosis, url string) bool {
	return slices.ContainsFunc(d.Registries, func(r Registry) bool {
		return slices.ContainsFunc(r.Endpoints, func(ep string) bool { return hostname(ep) == hostname(url) })
	})
}

func blamed(known []judged, ep Endpoint) bool {
	return slices.ContainsFunc(known, func(k judged) bool {
		return sameFault(k.cause, ep.Cause) && k.severity != Info && (k.endpointIs(ep.URL) || sameFile(k.reported(), ep.Error))
	})
}

// endpointIs reports whether the observation was made at the endpoint, or at a host to which
// it sends containerd.
func (o observation) endpointIs(url string) bool { return o.url != "" && sameHost(o.url, url) }

func (j *joined) failedAt(url string) *probe.Result {
	failed := slices.DeleteFunc(slices.Clone(j.probes[url]), func(r probe.Result) bool { return r.Status != probe.Failed })
	if len(failed) == 0 {
		return nil
	}
	worst := slices.MinFunc(failed, func(a, b probe.Result) int { return cmp.Compare(severity(a), severity(b)) })
	return &worst
}

// judgeIssues gives the configuration's mistakes that no failure stands for already.
func (j *joined) judgeIssues(known []Finding) []Finding {
	var all []Finding
	patches := j.Config.MaxPatches()
	for _, issue := range together(j.Config.Issues) {
		told := slices.ContainsFunc(known, func(f Finding) bool {
			undecodable := f.Code == codeUndecodable && issue.Code == f.Code && issue.Registry == f.Registry
			return undecodable || f.File == issue.File && f.Line == issue.Line && (f.Code == issue.Code || slices.Contains(f.Also, issue.Code))
		})
		if told {
			continue
		}
		f := issueFinding(j.advised(issue), j.Node, j.Config)
		if len(f.Edits) > 0 && f.Severity != Info && patches > 0 {
			patches--
			f = j.byPatch(f)
		}
		all = append(all, f)
	}
	return all
}

// byPatch lets a mistake of its own be mended by the patch where that can be made.
func (j *joined) byPatch(f Finding) Finding {
	patch, err := j.Config.Patch(f.Edits)
	if err != nil {
		return f
	}
	o := observation{node: j.Node, config: j.Config, flags: j.Flags, patch: patch}
	if mended := o.mended(); mended != nil {
		f.Fix = mended
	}
	return f
}

// together makes one mistake of the characters of a file that look like others: they come with a text
// that was pasted, and are replaced in all of it.
func together(issues []registry.Issue) []registry.Issue {
	var all []registry.Issue
	first := map[string]int{} // by file
	for _, issue := range issues {
		i, more := first[issue.File]
		switch {
		case issue.Code != codeInvisible:
		case more:
			all[i].Others = append(all[i].Others, issue)
			continue
		default:
			first[issue.File] = len(all)
		}
		all = append(all, issue)
	}
	for _, i := range first {
		if n := len(all[i].Others); n > 0 {
			all[i].Detail += fmt.Sprintf("; so it is with %d more lines", n)
		}
	}
	return all
}

// observeRoot is the observation that a pull's root cause rests on.
func (j *joined) observeRoot(p *Pull) observation {
	root := p.RootCause
	var o observation
	if root.attempt != nil {
		o = j.observe(p.Image, root.attempt)
	} else {
		o = observation{node: j.Node, image: p.Image, url: root.Endpoint}
	}
	o.cause, o.pull = root.Cause, p
	if o.attempt == nil && p.Stage == logparse.StageFetch && !slices.ContainsFunc(j.routes[p.Image].Endpoints, func(e registry.Endpoint) bool {
		return sameHost(e.Spelling(), root.Endpoint)
	}) {
		o.target, o.url = root.Endpoint, "" // where the registry sends containerd for content
	}
	switch {
	case p.Stage == logparse.StageRefused:
		o.refused = j.routes[p.Image].Err
		o.issue, o.spare = j.issueNamedIn(p.Reported.Error), j.spare(p.Reported.Error)
	case root.Cause == cause.ConfigInvalid && p.Config.Cause != "":
		o.told = p.Config
		o.issue = cmp.Or(j.breaking(p.Image), j.issueNamedIn(p.Config.Error), j.undecodable(p.Image))
		if o.issue != nil {
			o.edits = o.issue.Edits
			o = j.patched(o)
		}
	}
	return o
}

// observe joins one attempt with the configuration of its endpoint and what the probe saw.
func (j *joined) observe(image string, a *logparse.Attempt) observation {
	o := observation{node: j.Node, cause: a.Cause, image: image, url: a.Endpoint, target: a.Target, attempt: a}
	route := j.routes[image]
	if i := matchOne(*a, route.Endpoints); i >= 0 {
		o.endpoint, o.place, o.of = &route.Endpoints[i], i+1, len(route.Endpoints)
		o.probe = j.probed(route.Endpoints[i], image)
	}
	o.gone = slices.ContainsFunc(route.Endpoints, func(ep registry.Endpoint) bool {
		p := j.probed(ep, image)
		return ep.Default && p != nil && p.Status == probe.Failed && p.Cause == cause.NotFound
	})
	return o
}

func (j *joined) observeProbe(p probe.Result) observation {
	a := attemptOf(p)
	return observation{
		node: j.Node, cause: p.Cause, url: a.Endpoint, target: a.Target,
		attempt: &a, endpoint: &p.Endpoint, probe: &p,
	}
}
