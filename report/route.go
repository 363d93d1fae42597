package report

import (
	"bufio"
	"errors"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// A Route is what containerd would ask for one image, in order.
type Route struct {
	Image     string          `json:"image"`    // normalised; as written where it does not parse
	Registry  string          `json:"registry"` // image host
	Source    string          `json:"source"`   // file that decided; "" for the built-in default
	Endpoints []RouteEndpoint `json:"endpoints"`
	Error     *RouteError     `json:"error"` // nil where requests would be sent

	// Bootstrap are the endpoints that RKE2 itself would ask for its runtime image, before
	// containerd exists, if Image were that; empty where they are the same, or no RKE2 runs.
	Bootstrap []RouteEndpoint `json:"bootstrap_endpoints"`
}

// A RouteEndpoint is one place that would be asked.
type RouteEndpoint struct {
	URL          string    `json:"url"` // API root
	Default      bool      `json:"default"`
	Repository   string    `json:"repository"` // after rewrites
	ManifestURL  string    `json:"manifest_url"`
	CAFiles      []string  `json:"ca_files"`
	ClientCert   string    `json:"client_cert"`
	ClientKey    string    `json:"client_key"`
	SkipVerify   bool      `json:"skip_verify"`
	HTTPFallback bool      `json:"http_fallback"`
	Headers      []string  `json:"headers"` // names only
	Auth         RouteAuth `json:"auth"`
}

// RouteAuth says which credentials would be offered, never what they are.
type RouteAuth struct {
	Type     registry.AuthType `json:"type"`
	Username string            `json:"username"`
	From     string            `json:"from"` // the configs key that supplied it
}

// A RouteError says why no request would be sent.
type RouteError struct {
	Stage   string `json:"stage"`
	Message string `json:"message"`
	File    string `json:"file"` // "" where no file is to blame
	Line    int    `json:"line"`
}

// NewRoute describes the endpoints of ref, or why there are none, and those of RKE2's own
// pull where they differ.
func NewRoute(image string, ref registry.Reference, endpoints, bootstrap []registry.Endpoint, err error) Route {
	r := Route{Image: image, Registry: ref.Host, Endpoints: []RouteEndpoint{}, Bootstrap: []RouteEndpoint{}}
	for _, ep := range bootstrap {
		r.Bootstrap = append(r.Bootstrap, routeEndpoint(ref, ep))
	}
	if err != nil {
		r.Error = &RouteError{Message: err.Error()}
		if routeErr, ok := errors.AsType[*registry.RouteError](err); ok {
			r.Error.Stage, r.Error.File, r.Error.Line = routeErr.Stage, routeErr.File, routeErr.Line
		}
		return r
	}
	for _, ep := range endpoints {
		if r.Source == "" {
			r.Source = ep.Source
		}
		r.Endpoints = append(r.Endpoints, routeEndpoint(ref, ep))
	}
	return r
}

func routeEndpoint(ref registry.Reference, ep registry.Endpoint) RouteEndpoint {
	r := RouteEndpoint{
		URL: ep.URL(), Default: ep.Default, Repository: ep.Repository, ManifestURL: ep.ManifestURL(ref.Identifier()),
		CAFiles: append([]string{}, ep.CAFiles...), SkipVerify: ep.SkipVerify, HTTPFallback: ep.HTTPFallback,
		Headers: append([]string{}, slices.Sorted(maps.Keys(ep.Headers))...),
		Auth:    RouteAuth{Type: registry.AuthNone, Username: ep.Auth.Username, From: ep.Auth.From},
	}
	if ep.Auth.Type != "" {
		r.Auth.Type = ep.Auth.Type
	}
	if len(ep.Clients) > 0 {
		r.ClientCert, r.ClientKey = ep.Clients[0].Cert, ep.Clients[0].Key
	}
	return r
}

// WriteRoutes writes routes for people.
func WriteRoutes(w io.Writer, routes []Route) error {
	p := newPrinter(bufio.NewWriter(w), TextOptions{})
	for _, r := range routes {
		p.line("%s", r.Image)
		if r.Error != nil {
			p.field("error:", r.Error.Message)
			if r.Error.File != "" {
				p.field("in", place(r.Error.File, r.Error.Line))
			}
		}
		p.requests("HEAD", r.Endpoints)
		if r.Source != "" {
			p.field("decided by", r.Source)
		}
		if len(r.Bootstrap) > 0 {
			p.line("  RKE2 itself, which pulls its runtime image before containerd runs, would ask:")
			p.requests("GET", r.Bootstrap)
		}
	}
	return p.w.Flush()
}

func (p *printer) requests(method string, endpoints []RouteEndpoint) {
	for i, ep := range endpoints {
		p.line("  %d. %s %s", i+1, method, ep.ManifestURL)
		if about := ep.about(); about != "" {
			p.line("     %s", about)
		}
	}
}

func (ep RouteEndpoint) about() string {
	var parts []string
	add := func(when bool, text string) {
		if when {
			parts = append(parts, text)
		}
	}
	add(ep.Default, "default endpoint")
	add(ep.Auth.Type == registry.AuthBasic, "user "+ep.Auth.Username+" from "+ep.Auth.From)
	add(ep.Auth.Type == registry.AuthIdentityToken, "identity token from "+ep.Auth.From)
	add(ep.Auth.Type == registry.AuthError, "undecodable credentials from "+ep.Auth.From)
	add(len(ep.CAFiles) > 0, "CA "+strings.Join(ep.CAFiles, ", "))
	add(ep.ClientCert != "", "client certificate "+ep.ClientCert)
	add(ep.SkipVerify, "certificate not verified")
	add(ep.HTTPFallback, "https first, then http")
	add(len(ep.Headers) > 0, "headers "+strings.Join(ep.Headers, ", "))
	return strings.Join(parts, "; ")
}
