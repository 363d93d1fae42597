package diagnose

import (
	"cmp"
	"slices"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// A Registry is an image host and where it is asked for.
type Registry struct {
	Name            string   `json:"name"`             // image host; "*" for the wildcard
	Source          string   `json:"source"`           // file that decided
	Endpoints       []string `json:"endpoints"`        // in the order in which containerd tries them
	DefaultEndpoint string   `json:"default_endpoint"` // "" for none
}

// An Endpoint is what the configuration says of one endpoint, and what the probe saw there.
type Endpoint struct {
	URL          string             `json:"url"`
	Default      bool               `json:"default"` // of every registry that it serves
	Registries   []string           `json:"registries"`
	Status       string             `json:"status"` // probe.OK, probe.Failed or probe.Skipped
	Reachable    bool               `json:"reachable"`
	ExpectedMiss bool               `json:"expected_miss"` // it failed by what is no fault: the distributed registry's nodes do not hold an image
	Cause        cause.Cause        `json:"cause"`
	Error        string             `json:"error"`
	Time         *time.Time         `json:"time"` // when it was probed, UTC; nil where it was not
	Address      string             `json:"address"`
	Proxy        string             `json:"proxy"`
	Steps        []probe.Step       `json:"steps"`
	Certificate  *probe.Certificate `json:"certificate"`
}

func documentRegistries(configured []registry.Registry) []Registry {
	all := make([]Registry, 0, len(configured))
	for _, r := range configured {
		doc := Registry{Name: r.Name, Source: r.Source, Endpoints: []string{}}
		for _, ep := range r.Endpoints {
			switch {
			case ep.Host == "": // of the wildcard: whatever image host is asked for
			case ep.Default:
				doc.DefaultEndpoint = ep.Spelling()
			default:
				doc.Endpoints = append(doc.Endpoints, ep.Spelling())
			}
		}
		all = append(all, doc)
	}
	return all
}

// endpoints are all that are configured or would be asked, in order of first mention.
func (j *joined) endpoints() []Endpoint {
	all := []Endpoint{}
	index := map[string]int{}
	add := func(ep registry.Endpoint) {
		url := ep.Spelling()
		i, known := index[url]
		if !known {
			i = len(all)
			index[url] = i
			all = append(all, j.endpoint(url, ep.Default))
		}
		all[i].Default = all[i].Default && ep.Default
		if !slices.Contains(all[i].Registries, ep.Registry) {
			all[i].Registries = append(all[i].Registries, ep.Registry)
		}
	}
	for _, r := range j.registries {
		for _, ep := range r.Endpoints {
			if ep.Host != "" {
				add(ep)
			}
		}
	}
	for _, r := range j.Routes {
		for _, ep := range r.Endpoints {
			add(ep)
		}
	}
	return all
}

// endpoint joins what the probes of url saw: the first step that failed for anything that
// was asked there.
func (j *joined) endpoint(url string, isDefault bool) Endpoint {
	doc := Endpoint{URL: url, Default: isDefault, Registries: []string{}, Status: probe.Skipped, Steps: []probe.Step{}}
	results := firstAsked(j.probes[url])
	if len(results) == 0 {
		return doc
	}
	worst := slices.MinFunc(results, func(a, b probe.Result) int { return cmp.Compare(severity(a), severity(b)) })
	doc.Status, doc.Cause, doc.Error = worst.Status, worst.Cause, worst.Error
	if at := worst.Time; !at.IsZero() {
		doc.Time = &at
	}
	doc.Address, doc.Proxy, doc.Certificate = worst.Address, worst.Proxy, worst.Certificate
	doc.Steps = append(doc.Steps, worst.Steps...)
	doc.ExpectedMiss = worst.Status == probe.Failed && embeddedMiss(attemptOf(worst), []registry.Endpoint{worst.Endpoint})
	doc.Reachable = !slices.ContainsFunc(results, func(r probe.Result) bool { return r.Status != probe.Skipped && !r.Reachable }) &&
		slices.ContainsFunc(results, func(r probe.Result) bool { return r.Reachable })
	return doc
}

// firstAsked leaves out what a registry's default endpoint answered where it is configured for
// that registry, too: without those settings it is asked only after the former failed.
func firstAsked(results []probe.Result) []probe.Result {
	return slices.DeleteFunc(slices.Clone(results), func(r probe.Result) bool {
		return r.Endpoint.Default && slices.ContainsFunc(results, func(other probe.Result) bool {
			return !other.Endpoint.Default && other.Endpoint.Registry == r.Endpoint.Registry
		})
	})
}

// severity orders results: those that failed at an early step first, then the longest walk.
func severity(r probe.Result) int {
	switch r.Status {
	case probe.Failed:
		return slices.IndexFunc(r.Steps, func(s probe.Step) bool { return s.Status == probe.Failed })
	case probe.OK:
		return 100 - len(r.Steps)
	}
	return 1000
}
