package diagnose

import (
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// A Route is where containerd would ask for one image.
type Route struct {
	Image       string // normalised; as written where it does not parse
	Endpoints   []registry.Endpoint
	Credentials []registry.Auth      // of the kubelet's requests, in order; nil: one without any, and the configured ones count
	Err         *registry.RouteError // why there is none; nil otherwise
}

// Requests are the endpoints in the order in which they are asked: all of them once for each
// request, with the credentials of that request, whatever is configured.
// (containerd internal/cri/server/images/image_pull.go, ParseAuth)
func (r Route) Requests() []registry.Endpoint {
	if len(r.Credentials) == 0 {
		return r.Endpoints
	}
	var all []registry.Endpoint
	for _, a := range r.Credentials {
		all = append(all, r.with(a)...)
	}
	return all
}

func (r Route) with(a registry.Auth) []registry.Endpoint {
	endpoints := slices.Clone(r.Endpoints)
	for i := range endpoints {
		endpoints[i].Auth = a
	}
	return endpoints
}

// counting are the probes that count where the kubelet makes several requests for an image,
// one for each of its credentials: those of the first request that finds it, else what all
// of them come to at an endpoint. routes are given the credentials of those.
func counting(probes []probe.Result, routes map[string]Route) []probe.Result {
	served := map[string]registry.Auth{} // by image
	for _, p := range probes {
		if _, known := served[p.Image.Name]; !known && p.Status == probe.OK && p.Endpoint.Auth.Request {
			served[p.Image.Name] = p.Endpoint.Auth
		}
	}
	for image, r := range routes {
		if auth, ok := served[image]; ok {
			r.Endpoints = r.with(auth)
		} else if len(r.Credentials) > 0 {
			r.Endpoints = r.with(r.Credentials[0])
		}
		routes[image] = r
	}
	index := map[probe.Question]int{}
	var kept []probe.Result
	for _, p := range probes {
		q := p.Question()
		auth, found := served[p.Image.Name]
		i, twice := index[q]
		switch {
		case !p.Endpoint.Auth.Request, found && auth == p.Endpoint.Auth:
			kept = append(kept, p)
		case found: // by another request
		case !twice:
			index[q] = len(kept)
			kept = append(kept, p)
		case cause.Outranking(kept[i].Cause, p.Cause) != kept[i].Cause:
			kept[i] = p
		}
	}
	return kept
}
