package registry

import (
	"fmt"
	"slices"
	"strings"
)

// lintWildcard finds what has no effect under "*" of configs.
func (n *linter) lintWildcard(s settings) {
	_, mirrored := n.file.mirrors[wildcard]
	lost := s.hasTLS() && mirrored
	issue := Issue{Code: codeWildcard, Registry: wildcard}
	switch {
	case s.hasAuth() && lost:
		issue.Detail = `nothing under "*" is used: credentials are looked up by exact host and port, and tls settings are lost where mirrors has "*" too`
		issue.Fix = "write an entry with auth and tls for each endpoint's host and port"
		issue.Edits = n.onlyEndpoint(s, func(other settings) bool { return other.hasAuth() || other.hasTLS() })
	case s.hasAuth():
		issue.Detail = `containerd looks credentials up by exact host and port: those under "*" are never used`
		issue.Fix = "write an entry with auth for each endpoint's host and port"
		issue.Edits = n.onlyEndpoint(s, func(other settings) bool { return other.hasAuth() })
	case lost:
		issue.Detail = `tls settings under "*" are lost where mirrors has "*" too, and never apply to its endpoints`
		issue.Fix = "write an entry with tls for each endpoint's host and port"
	case s.hasTLS():
		n.lintWildcardTLS(s)
		return
	default:
		return
	}
	n.report(n.file.position(s.key), issue)
}

// lintWildcardTLS finds endpoints for which the wildcard's tls was probably meant: such with none
// of their own, and not those that everybody's certificates are right for.
func (n *linter) lintWildcardTLS(s settings) {
	for _, e := range n.endpointHosts() {
		if e.scheme == "https" && !n.file.settingsFor(e.host).hasTLS() && !IsPublic(e.host) && !isLocalhost(e.host) {
			n.report(n.file.position(s.key), Issue{Code: codeWildcard, Severity: SeverityWarning, Registry: e.mirror,
				Detail: fmt.Sprintf(`tls under "*" is for registries without an entry of their own, and not used for the endpoint %s of %s`, e.host, e.mirror),
				Fix:    fmt.Sprintf("write an entry %q with tls", e.host)})
			return
		}
	}
}

// lintApart finds an entry that stands in place of a wildcard, with which nothing is merged.
// (getHostConfigs: an entry with auth or tls gets a directory)
func (n *linter) lintApart(key string, s settings) {
	_, problem := nameProblem(key)
	_, listed := n.file.mirrors[key]
	if key == wildcard || key == hubHost || slices.Contains(hubNames, key) || problem != "" || listed || s.auth == nil && s.tls == nil || n.isEndpoint(key) {
		return
	}
	all, mirrored := n.file.mirrors[wildcard]
	issue := Issue{Code: codeWildcard, Registry: key}
	switch {
	case mirrored && len(all.endpoints) > 0:
		issue.Severity = SeverityInfo
		issue.Detail = fmt.Sprintf("images of %s pass the wildcard mirror by: this entry gives them hosts of their own", key)
		issue.Fix = fmt.Sprintf("to use the mirror, list %q under mirrors too, with its endpoints", key)
	case !mirrored && n.file.configs[wildcard].hasTLS() && s.tls == nil && !IsPublic(key):
		issue.Severity = SeverityWarning
		issue.Detail = fmt.Sprintf(`tls under "*" is not used for %s: this entry stands in its place`, key)
		issue.Fix = "write the tls settings here too"
	default:
		return
	}
	n.report(n.file.position(s.key), issue)
}

// IsPublic reports whether a host is a registry of everybody's.
func IsPublic(host string) bool {
	host = strings.ToLower(host)
	return host == hub || slices.Contains(publicRegistries, host)
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
