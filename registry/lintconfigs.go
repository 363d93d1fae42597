package registry

import (
	"fmt"
	"maps"
	"slices"
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
		n.lintAuth(key, s)
		n.lintSkipVerify(key, s)
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
		Detail: fmt.Sprintf("the certificate of %s is not verified: whoever is between sees the credentials and chooses the images", whose),
		Fix:    "name the authority's certificate with ca_file instead"})
}

func (s settings) hasAuth() bool {
	return s.auth != nil && (s.auth.username != "" || !s.auth.encoded.Empty() || !s.auth.token.Empty())
}

func (s settings) hasTLS() bool { return s.tls != nil && s.tls.written() }

func (n *linter) lintWildcard(s settings) {
	_, mirrored := n.file.mirrors[wildcard]
	issue := Issue{Code: codeWildcard, Registry: wildcard}
	switch {
	case s.hasAuth():
		issue.Detail = `containerd looks credentials up by exact host and port: those under "*" are never used`
		issue.Fix = "write an entry with auth for each endpoint's host and port"
		issue.Edits = n.onlyEndpoint(s, func(other settings) bool { return other.hasAuth() })
	case s.hasTLS() && mirrored:
		issue.Detail = `tls settings under "*" are lost where mirrors has "*" too, and never apply to its endpoints`
		issue.Fix = "write an entry with tls for each endpoint's host and port"
	default:
		return
	}
	n.report(n.file.position(s.key), issue)
}

// onlyEndpoint renames the wildcard's entry to the only endpoint that could be meant.
func (n *linter) onlyEndpoint(s settings, holds func(settings) bool) []Edit {
	var hosts []string
	for _, e := range n.endpointHosts() {
		if other, own := n.file.configs[e.host]; own && !holds(other) {
			return nil
		} else if !own && !slices.Contains(hosts, e.host) {
			hosts = append(hosts, e.host)
		}
	}
	if len(hosts) != 1 {
		return nil
	}
	return []Edit{{At: n.file.position(s.key), Text: hosts[0]}}
}

// lintHub finds credentials for Docker Hub that containerd does not look at, and reports
// whether nothing else is to be said of the key.
func (n *linter) lintHub(key string, s settings) bool {
	host, problem := nameProblem(key)
	if host == "" {
		host = key
	}
	switch {
	case host != hub && host != "index.docker.io":
		return false
	case !s.hasAuth(), n.file.configs[hubHost].hasAuth():
		return s.hasAuth() && problem == ""
	}
	issue := Issue{Code: codeHubKey, Registry: hub,
		Detail: fmt.Sprintf("containerd looks for the credentials of Docker Hub under %s, never under %q", hubHost, key),
		Fix:    fmt.Sprintf("write the entry under %q", hubHost)}
	if n.node.Distribution != RKE2 { // whose own pulls look under docker.io
		issue.Edits = n.rename(key, "configs", hubHost, Edit{At: n.file.position(s.key), Text: hubHost})
	}
	n.report(n.file.position(s.key), issue)
	return true
}

// lintConfigName finds keys that no host can match.
func (n *linter) lintConfigName(key string, s settings) bool {
	host, problem := nameProblem(key)
	if key == "index.docker.io" && !s.hasAuth() && !slices.ContainsFunc(n.endpointHosts(), func(e listed) bool { return e.host == key }) {
		host, problem = hub, "is Docker Hub's, which is asked as docker.io"
	}
	if problem == "" {
		return false
	}
	issue := Issue{Code: codeRegistryName, Registry: key, Detail: fmt.Sprintf("nothing matches the name %q: it %s", key, problem)}
	if host != "" {
		issue.Fix = fmt.Sprintf("write %q", host)
		issue.Edits = n.rename(key, "configs", host, Edit{At: n.file.position(s.key), Text: host})
	}
	n.report(n.file.position(s.key), issue)
	return true
}

// A listed endpoint is one item of a mirror.
type listed struct{ mirror, host string }

func (n *linter) endpointHosts() []listed {
	var all []listed
	for _, name := range slices.Sorted(maps.Keys(n.file.mirrors)) {
		for _, item := range n.file.mirrors[name].endpoints {
			if ep, err := parseEndpoint(item.value, ""); err == nil && item.node != nil && ep.url.Host != "" {
				all = append(all, listed{name, ep.registry})
			}
		}
	}
	return all
}

// lintUnused finds an entry that was meant for an endpoint and is not looked up for it:
// its host with another port, or the name of the registry that is mirrored.
func (n *linter) lintUnused(key string, s settings) {
	endpoints := n.endpointHosts()
	if slices.ContainsFunc(endpoints, func(e listed) bool { return e.host == key }) {
		return
	}
	for _, e := range endpoints {
		own := n.file.configs[e.host]
		lacks := s.hasAuth() && !own.hasAuth() || s.hasTLS() && !own.hasTLS()
		if hostname(e.host) == hostname(key) && lacks {
			n.reportUnused(key, s, e)
			return
		}
	}
	n.lintDefaultOnly(key, s, endpoints)
}

func (n *linter) reportUnused(key string, s settings, e listed) {
	issue := Issue{Code: codeUnusedEntry, Registry: e.mirror,
		Detail: fmt.Sprintf("this entry is not used for the endpoint %s of %s: containerd looks for exactly %q", e.host, e.mirror, e.host),
		Fix:    fmt.Sprintf("write %q", e.host)}
	_, mirrored := n.file.mirrors[key]
	_, taken := n.file.configs[e.host]
	if mirrored || slices.ContainsFunc(n.seen, func(r Reference) bool { return r.Host == key }) {
		issue.Severity = SeverityWarning
		issue.Fix = fmt.Sprintf("write the same under %q too", e.host)
	} else if taken {
		issue.Fix = fmt.Sprintf("move what it holds to the entry %q", e.host)
	} else if OwnPort(key) {
		issue.Fix += "; if the entry is for another registry on that host, write one more"
	} else {
		issue.Edits = n.rename(key, "configs", e.host, Edit{At: n.file.position(s.key), Text: e.host})
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
func (n *linter) lintDefaultOnly(key string, s settings, endpoints []listed) {
	var hosts []string
	for _, e := range endpoints {
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

func (n *linter) lintAuth(key string, s settings) {
	if s.auth == nil {
		return
	}
	auth := n.file.credentials()[key].auth(key)
	if auth.Type == AuthError {
		n.report(n.file.position(s.auth.encodedKey), Issue{Code: codeAuthUndecodable, Registry: key,
			Detail: "auth must be base64 of user:password: " + strings.TrimPrefix(auth.Problem, "invalid decoded auth: "),
			Fix:    "write username and password instead"})
	}
}
