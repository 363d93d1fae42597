package diagnose

import (
	"slices"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// Verdict is what the whole report comes to.
type Verdict string

// The verdicts.
const (
	Healthy  Verdict = "healthy"
	Degraded Verdict = "degraded" // nothing fails; an error or warning was found, or a source cannot be read
	Fails    Verdict = "failing"  // a pull, an image or a whole registry fails, or K3s cannot start
	Unknown  Verdict = "unknown"  // neither log, nor configuration, nor a probe could be had
)

func verdict(e Evidence, d Diagnosis) Verdict {
	switch {
	case pullFails(d.Pulls), imageFails(d.Images), registryFails(d), cannotStart(d.Findings):
		return Fails
	case nothingKnown(e):
		return Unknown
	case slices.ContainsFunc(d.Findings, func(f Finding) bool { return f.Severity != Info }),
		slices.ContainsFunc(e.Sources, func(s registry.Source) bool { return s.Status == registry.StatusUnreadable }):
		return Degraded
	}
	return Healthy
}

func pullFails(pulls []Pull) bool {
	return slices.ContainsFunc(pulls, func(p Pull) bool { return p.Status == Failing })
}

func imageFails(images []Image) bool {
	return slices.ContainsFunc(images, func(i Image) bool { return i.Status == Unavailable })
}

// cannotStart reports whether K3s refuses its file now: that it did so once is information.
func cannotStart(findings []Finding) bool {
	return slices.ContainsFunc(findings, func(f Finding) bool { return f.Code == codeSyntax && f.Severity == Error })
}

// registryFails reports whether a registry with a configured endpoint was probed and none
// of its endpoints, the default one included, can be reached.
func registryFails(d Diagnosis) bool {
	return slices.ContainsFunc(d.Registries, func(r Registry) bool {
		return len(r.Endpoints) > 0 && probedAll(d, r) && !served(d, r)
	})
}

// served reports whether any endpoint of the registry can be reached.
func served(d Diagnosis, r Registry) bool {
	return slices.ContainsFunc(endpointsOf(d, r), func(e Endpoint) bool { return e.Reachable })
}

func probedAll(d Diagnosis, r Registry) bool {
	return !slices.ContainsFunc(endpointsOf(d, r), func(e Endpoint) bool { return e.Status == probe.Skipped })
}

func endpointsOf(d Diagnosis, r Registry) []Endpoint {
	var all []Endpoint
	for _, e := range d.Endpoints {
		if slices.Contains(r.Endpoints, e.URL) || e.URL == r.DefaultEndpoint {
			all = append(all, e)
		}
	}
	return all
}

// nothingKnown reports whether neither log, nor configuration, nor a probe could be had.
func nothingKnown(e Evidence) bool {
	return len(e.Probes) == 0 && !slices.ContainsFunc(e.Sources, func(s registry.Source) bool {
		return s.Status == registry.StatusRead && tells(s.Kind)
	})
}

// tells reports whether a source of this kind says anything of pulls by itself.
func tells(kind string) bool {
	switch kind {
	case registry.KindRegistriesYAML, registry.KindHostsTOML, registry.KindConfigTOML,
		registry.KindContainerdLog, registry.KindKubeletLog, registry.KindJournal:
		return true
	}
	return false
}
