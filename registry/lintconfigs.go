package registry

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// lintConfigs judges what stands below configs as K3s and containerd look it up.
func (n *linter) lintConfigs() {
	for _, key := range slices.Sorted(maps.Keys(n.file.configs)) {
		s := n.file.configs[key]
		if s.key == nil || isSchemaWord(key) || deceives(key) {
			continue // K3s' own, or no name at all
		}
		switch {
		case key == wildcard:
			n.lintWildcard(s)
		case n.lintHub(key, s):
		case n.lintConfigName(key, s):
		default:
			n.lintUnused(key, s)
		}
		n.lintApart(key, s)
		n.lintAuth(key, s)
		if _, problem := nameProblem(key); problem == "" || key == wildcard {
			n.lintSkipVerify(key, s)
		}
	}
}

// lintSkipVerify finds verification that is off.
func (n *linter) lintSkipVerify(key string, s settings) {
	_, mirrored := n.file.mirrors[wildcard]
	whose := key
	switch {
	case s.tls == nil || !s.tls.skipVerify, key == wildcard && mirrored: // then it has no effect
		return
	case key == wildcard:
		whose = "every registry without an entry of its own"
	}
	n.report(n.file.position(s.tls.skipKey), Issue{Code: codeInsecure, Registry: key,
		Detail: unverified(whose),
		Fix:    "name the authority's certificate with ca_file instead"})
}

func unverified(whose string) string {
	return fmt.Sprintf("the certificate of %s is not verified: whoever is between sees the credentials and chooses the images", whose)
}

func (s settings) hasAuth() bool {
	return s.auth != nil && (s.auth.username != "" || !s.auth.encoded.Empty() || !s.auth.token.Empty())
}

func (s settings) hasTLS() bool { return s.tls != nil && s.tls.written() }

// lintHub finds credentials for Docker Hub that containerd does not look at, and reports
// whether nothing else is to be said of the key.
func (n *linter) lintHub(key string, s settings) bool {
	host, problem := nameProblem(key)
	if host == "" {
		host = key
	}
	switch {
	case host != hub && !slices.Contains(hubNames, host), n.isEndpoint(key) && key != hub:
		return false
	case !s.hasAuth(), n.file.configs[hubHost].hasAuth():
		return s.hasAuth() && problem == ""
	}
	issue := Issue{Code: codeHubKey, Registry: hub,
		Detail: fmt.Sprintf("containerd looks for the credentials of Docker Hub under %s, never under %q", hubHost, key),
		Fix:    fmt.Sprintf("write the entry under %q", hubHost)}
	if n.node.Distribution == RKE2 && (key == hub || key == "index.docker.io") { // where its own pulls look
		issue.Fix = fmt.Sprintf("write the same under %q too", hubHost)
	} else {
		issue.Edits = n.rename(key, "configs", hubHost, Edit{At: n.file.position(s.key), Text: hubHost})
	}
	if mirror := n.anonymousMirror(hub); mirror != "" { // whose credentials Docker Hub is not to get
		issue.Fix, issue.Edits = issue.Fix+fmt.Sprintf("; or, if they are the mirror's, under %q", mirror), nil
	}
	n.report(n.file.position(s.key), issue)
	return true
}

// anonymousMirror is the first endpoint of a mirror that is asked without credentials, "" for none.
func (n *linter) anonymousMirror(name string) string {
	for _, e := range n.endpointHosts() {
		if e.mirror == name && e.host != hub && e.host != hubHost && !n.file.configs[e.host].hasAuth() {
			return e.host
		}
	}
	return ""
}

// A listed endpoint is one item of a mirror.
type listed struct{ mirror, host, scheme string }

func (n *linter) isEndpoint(host string) bool {
	return slices.ContainsFunc(n.endpointHosts(), func(e listed) bool { return e.host == host })
}

func (n *linter) endpointHosts() []listed {
	if n.listed != nil {
		return n.listed
	}
	all := []listed{}
	for _, name := range slices.Sorted(maps.Keys(n.file.mirrors)) {
		for _, item := range n.file.mirrors[name].endpoints {
			if ep, err := parseEndpoint(item.value, ""); err == nil && item.node != nil && ep.url.Host != "" {
				all = append(all, listed{name, ep.registry, ep.url.Scheme})
			}
		}
	}
	n.listed = all
	return all
}

// lintUnused finds an entry that was meant for an endpoint and is not looked up for it:
// its host with another port, or the name of the registry that is mirrored.
func (n *linter) lintUnused(key string, s settings) {
	if n.isEndpoint(key) {
		return
	}
	var without []listed // endpoints that it was meant for
	for _, e := range n.endpointHosts() {
		own := n.file.configs[e.host]
		lacks := s.hasAuth() && !own.hasAuth() || s.hasTLS() && !own.hasTLS()
		known := slices.ContainsFunc(without, func(other listed) bool { return other.host == e.host })
		if strings.EqualFold(hostname(e.host), hostname(key)) && lacks && !known {
			without = append(without, e)
		}
	}
	if len(without) > 0 {
		n.reportUnused(key, s, without)
		return
	}
	n.lintDefaultOnly(key, s)
}

func (n *linter) reportUnused(key string, s settings, without []listed) {
	var endpoints, keys []string
	for _, e := range without {
		endpoints = append(endpoints, fmt.Sprintf("the endpoint %s of %s", e.host, e.mirror))
		keys = append(keys, strconv.Quote(e.host))
	}
	wanted := strings.Join(keys, " and ")
	issue := Issue{Code: codeUnusedEntry, Registry: without[0].mirror,
		Detail: fmt.Sprintf("this entry is not used for %s: containerd looks for exactly %s", strings.Join(endpoints, " and "), wanted),
		Fix:    "write " + wanted}
	_, mirrored := n.file.mirrors[key]
	_, taken := n.file.configs[without[0].host]
	switch {
	case mirrored, slices.ContainsFunc(n.seen, func(r Reference) bool { return r.Host == key }):
		issue.Severity = SeverityWarning
		issue.Fix = fmt.Sprintf("write the same under %s too", wanted)
	case len(without) > 1:
		issue.Fix = fmt.Sprintf("write the same under each of %s", wanted)
	case taken:
		issue.Fix = "move what it holds to the entry " + wanted
	case OwnPort(key):
		issue.Fix += "; if the entry is for another registry on that host, write one more"
	default:
		issue.Edits = n.rename(key, "configs", without[0].host, Edit{At: n.file.position(s.key), Text: without[0].host})
	}
	n.report(n.file.position(s.key), issue)
}

// OwnPort reports whether a configs key has a port that somebody chose: another registry may
// serve there, to which its credentials belong.
func OwnPort(key string) bool {
	port := portOf(key)
	return port != "" && port != "443" && port != "80"
}

// lintDefaultOnly finds settings under the name of a mirrored registry whose mirrors have
// none of that kind.
func (n *linter) lintDefaultOnly(key string, s settings) {
	var hosts []string
	for _, e := range n.endpointHosts() {
		if e.mirror == key {
			hosts = append(hosts, e.host)
		}
	}
	if len(hosts) == 0 || key == hub && !s.hasTLS() {
		return
	}
	for _, part := range []struct {
		name  string
		holds func(settings) bool
	}{{"auth", settings.hasAuth}, {"tls", settings.hasTLS}} {
		none := !slices.ContainsFunc(hosts, func(h string) bool { return part.holds(n.file.configs[h]) })
		if part.holds(s) && none {
			n.report(n.file.position(s.key), Issue{Code: codeDefaultOnly, Registry: key,
				Detail: fmt.Sprintf("%s under %q counts for the registry itself; its mirror %s has none", part.name, key, strings.Join(slices.Compact(hosts), ", ")),
				Fix:    fmt.Sprintf("if the mirror needs it, write an entry %q", hosts[0])})
			return
		}
	}
}
