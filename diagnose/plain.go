package diagnose

import (
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

const codeInsecure = "config_insecure"

// advised is a mistake with the advice that fits what the probe saw: a host that speaks plain HTTP
// alone cannot be asked by https, whatever would be better.
func (j *joined) advised(issue registry.Issue) registry.Issue {
	if issue.Code != codeInsecure && issue.Code != codeHTTPWithTLS {
		return issue
	}
	host, written := issue.Registry, j.writtenAt(issue)
	if written != "" {
		host = written
	}
	switch {
	case !slices.ContainsFunc(j.Probes, func(p probe.Result) bool { return p.Endpoint.Host == host && plain(p) }):
	case issue.Code == codeHTTPWithTLS:
		issue.Fix = "take out the tls settings: " + host + " speaks plain HTTP"
	case written != "":
		issue.Fix = "let " + host + " speak TLS, then say https: it speaks plain HTTP now"
	default:
		issue.Fix = "take it out: " + host + " speaks plain HTTP, which has no certificate"
	}
	return issue
}

// writtenAt is the host of the endpoint that stands where the mistake is, "" for none.
func (j *joined) writtenAt(issue registry.Issue) string {
	for _, m := range j.Config.Mirrors() {
		for _, e := range m.Endpoints {
			if e.At.File == issue.File && e.At.Line == issue.Line && e.At.Column == issue.Column {
				return e.Host
			}
		}
	}
	return ""
}

// plain reports whether the endpoint answered in plain HTTP.
func plain(p probe.Result) bool {
	answers := slices.ContainsFunc(p.Steps, func(s probe.Step) bool { return s.Name == probe.StepPing && s.Status == probe.OK })
	return p.Cause == cause.HTTPResponseToHTTPSClient || p.Endpoint.Scheme == "http" && answers && p.Certificate == nil ||
		slices.ContainsFunc(p.Counterfactuals, func(c probe.Counterfactual) bool { return c.Name == probe.OverHTTP && c.Holds })
}
