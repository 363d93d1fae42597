package registry

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
)

// legacyHosts are the endpoints of registry.mirrors, where no config_path is set.
// (internal/cri/server/images/image_pull.go, registryEndpoints)
func (l *loader) legacyHosts(host string) imageHosts {
	name := host
	m, listed := l.cri.mirrors[host]
	if !listed {
		m, listed = l.cri.mirrors[wildcard]
		name = wildcard
	}
	h := imageHosts{}
	if listed || name == host {
		h.source = l.cri.path
	}
	own := false // the registry itself is listed
	for _, text := range m.endpoints {
		u, err := legacyURL(text)
		if err != nil {
			h.failure = &RouteError{Stage: StageHostList, Message: "get registry endpoints: parse endpoint url: an endpoint of registry.mirrors is no URL", File: l.cri.path}
			return h
		}
		own = own || u.Host == host
		h.entries = append(h.entries, l.legacyEntry(text, u, m, false))
	}
	if !own && host != wildcard {
		target := defaultHost(host)
		h.entries = append(h.entries, l.legacyEntry("", &url.URL{Scheme: legacyScheme(target), Host: target}, m, true))
	}
	if _, ok := l.cri.tls[host]; ok {
		h.source = l.cri.path
	}
	for _, e := range h.entries {
		if failure := l.legacyFaults[e.host]; failure != nil && h.failure == nil {
			h.failure = failure
		}
	}
	return h
}

// legacyURL completes an endpoint. (addDefaultScheme)
func legacyURL(text string) (*url.URL, error) {
	if strings.Contains(text, "://") {
		return url.Parse(text)
	}
	u, err := url.Parse("https://" + text)
	if err == nil {
		u.Scheme = legacyScheme(u.Host)
	}
	return u, err
}

func legacyScheme(host string) string {
	if isLocalhost(host) {
		return "http"
	}
	return "https"
}

func (l *loader) legacyEntry(key string, u *url.URL, m legacyMirror, root bool) hostEntry {
	e := hostEntry{key: key, root: root, scheme: u.Scheme, host: u.Host, path: u.Path, pull: true, resolve: true, rewrites: m.rewrites}
	if e.path == "" {
		e.path = "/v2"
	} else {
		e.override = true
	}
	if !l.dialect.fork {
		e.rewrites = nil
	}
	if t, ok := l.cri.tls[e.host]; ok && e.scheme == "https" {
		t.addTo(&e)
	}
	return e
}

func (t legacyTLS) addTo(e *hostEntry) {
	e.skipVerify = &t.skipVerify
	if t.ca != "" {
		e.ca = []string{t.ca}
	}
	if t.cert != "" {
		e.clients = []ClientPair{{Cert: t.cert, Key: t.key}}
	}
}

// checkLegacy finds the files of registry.configs that containerd cannot use.
func (l *loader) checkLegacy(pem *pemFiles) {
	l.legacyFaults = map[string]*RouteError{}
	for _, host := range slices.Sorted(maps.Keys(l.cri.tls)) {
		e := hostEntry{host: host}
		l.cri.tls[host].addTo(&e)
		for _, fault := range pem.faults(e, path.Dir(l.cri.path)) {
			i := fault.issue(host)
			i.File = l.cri.path
			l.report(i)
			l.legacyFaults[host] = &RouteError{Stage: StageHostList, Message: WithoutUserinfo(fault.message), File: l.cri.path}
		}
	}
}
