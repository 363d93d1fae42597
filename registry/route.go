package registry

import (
	"maps"
	"net/http"
	"path"
	"slices"
	"strings"
)

// Endpoints returns the places that containerd asks for ref's manifest, in its order: the
// configured ones that may resolve a tag (all of them where ref has a digest), the default
// endpoint last. The error is a [*RouteError]: containerd would send no request at all.
// (containerd core/remotes/docker/resolver.go, Resolve)
func (c *Config) Endpoints(ref Reference) ([]Endpoint, error) {
	h := c.state().hostsOf(ref.Host)
	if h.failure != nil {
		return nil, h.failure
	}
	var all []Endpoint
	for _, e := range h.entries {
		if !e.pull || !e.resolve && ref.Digest == "" {
			continue
		}
		ep := c.state().endpoint(e, h, ref.Host)
		ep.Repository, ep.Alternatives = rewrite(e.rewrites, ref.Repository)
		if ep.Repository != ref.Repository {
			ep.Rewritten = c.state().rewritten(e, h, ref, ep.Repository)
		}
		all = append(all, ep)
	}
	if len(all) == 0 {
		return nil, &RouteError{Stage: StageHostList, Message: "no resolve hosts: not found", File: h.source}
	}
	return all, nil
}

// rewritten is the place of the rule that made repository of ref's: in registries.yaml where
// it has one that does, else in the file that containerd reads.
func (l *loader) rewritten(e hostEntry, h imageHosts, ref Reference, repository string) Position {
	m, listed := l.registries.mirrors[ref.Host]
	if !listed {
		m = l.registries.mirrors[wildcard]
	}
	for _, rule := range m.rules() {
		if read, err := rule.rendered(); err == nil && read.apply(ref.Repository) == repository {
			return l.registries.position(rule.key)
		}
	}
	return Position{File: h.source, Line: e.lines.of("rewrite")}
}

// imageHosts are the places that containerd knows for one image host.
type imageHosts struct {
	entries  []hostEntry
	failure  *RouteError
	source   string
	rendered *k3sHosts
}

func (l *loader) hostsOf(host string) imageHosts {
	if l.judgedByFile && l.void != nil {
		return imageHosts{failure: l.void, source: l.void.File}
	}
	if l.legacy() {
		return l.legacyHosts(host)
	}
	d := find(l.roots, host)
	if d == nil {
		return imageHosts{entries: l.dialect.hosts(nil, host)}
	}
	h := imageHosts{entries: l.dialect.hosts(d, host), failure: d.failure, source: WithoutUserinfo(d.source), rendered: d.rendered}
	if l.dropsDefault(d, imageHost(path.Base(d.path))) {
		h.entries = slices.DeleteFunc(h.entries, func(e hostEntry) bool { return e.root })
	}
	return h
}

// dropsDefault reports whether, over files as they stand, the assumed flag takes the
// default endpoint away.
func (l *loader) dropsDefault(d *hostDir, name string) bool {
	if !l.assumed.DisableDefaultEndpoint || l.judgedByFile {
		return false
	}
	if l.registries.root == nil {
		return len(d.entries) > 1 || len(d.entries) == 1 && !d.entries[0].root
	}
	_, sameName := l.registries.configs[name]
	return d.rendered != nil && len(d.rendered.endpoints) > 0 && (!sameName || name == wildcard)
}

// endpoint is e as the rest of the program sees it.
func (l *loader) endpoint(e hostEntry, h imageHosts, host string) Endpoint {
	ep := Endpoint{
		Scheme: e.scheme, Host: strings.TrimPrefix(WithoutUserinfo(e.host), redacted+"@"), Path: WithoutUserinfo(e.path), OverridePath: e.override, Default: e.root, Registry: WithoutUserinfo(host),
		CAFiles: slices.Clone(e.ca), Clients: slices.Clone(e.clients), SkipVerify: e.skipVerify != nil && *e.skipVerify,
		DialTimeout: e.dialTimeout, Headers: l.headers(e), Auth: l.auth(e.host), NoResolve: !e.resolve,
		Embedded: !e.root && l.isEmbedded(e.host),
	}
	if host != e.host && host != wildcard && !(host == hub && e.host == hubHost) {
		ep.Namespace = WithoutUserinfo(host)
	}
	if l.dialect.httpsFirst(e) {
		ep.Scheme, ep.HTTPFallback = "https", true
	}
	ep.Written = l.written(e, h.rendered)
	if e.key != "" || e.lines.entry > 0 || h.source != "" && e.tlsSet() {
		ep.Source, ep.Line = h.source, e.lines.entry
	}
	if h.source != "" && h.source == l.registries.path {
		ep.Line = ep.Written.Line
	}
	return ep
}

func (e hostEntry) tlsSet() bool { return e.ca != nil || e.clients != nil }

func (l *loader) isEmbedded(host string) bool {
	return l.node.isK3s() && host == l.node.embeddedAddress()
}

func (l *loader) headers(e hostEntry) http.Header {
	if e.header == nil && l.cri.header == nil {
		return nil
	}
	all := http.Header{}
	maps.Copy(all, l.cri.header)
	for key, values := range e.header {
		all[key] = append(slices.Clone(all[key]), values...)
	}
	return all
}

// auth is what containerd offers to a host: keys are compared as they stand.
func (l *loader) auth(host string) Auth {
	if c, ok := l.cri.auth[host]; ok {
		return c.auth(host)
	}
	return Auth{Type: AuthNone}
}

// written finds the item of registries.yaml that K3s made, or would make, an entry from.
func (l *loader) written(e hostEntry, h *k3sHosts) Position {
	if h == nil {
		return Position{}
	}
	for _, ep := range h.endpoints {
		if !e.root && ep.text() == e.key {
			return l.registries.position(ep.item)
		}
	}
	if e.root && h.fallback != nil && h.fallback.item != nil {
		return l.registries.position(h.fallback.item)
	}
	if e.root {
		return l.registries.position(h.key)
	}
	return Position{}
}

// Registries returns every image host for which something is configured, the wildcard
// included, in the order of their names. The registry of the distributed mirror itself,
// which K3s writes for its own use, is not among them.
func (c *Config) Registries() []Registry {
	var all []Registry
	for _, host := range c.state().names() {
		h := c.state().hostsOf(host)
		if h.source == "" {
			continue
		}
		r := Registry{Name: WithoutUserinfo(host), Source: h.source}
		for _, e := range h.entries {
			if e.host != wildcard { // the built-in default of every registry is none of the wildcard's own
				r.Endpoints = append(r.Endpoints, c.state().endpoint(e, h, host))
			}
		}
		all = append(all, r)
	}
	return all
}

// names are the image hosts of the directories of certs.d, or of the legacy mirrors.
func (l *loader) names() []string {
	if l.judgedByFile && l.void != nil {
		return nil
	}
	seen := map[string]bool{}
	for _, root := range l.roots {
		for dir, d := range root {
			if d.isBeside() {
				continue
			}
			if host := imageHost(dir); !l.isEmbedded(host) {
				seen[host] = true
			}
		}
	}
	if l.legacy() {
		for host := range l.cri.mirrors {
			seen[host] = true
		}
		for host := range l.cri.tls {
			seen[host] = true
		}
	}
	return slices.Sorted(maps.Keys(seen))
}
