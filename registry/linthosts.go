package registry

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
)

// lintHosts judges the hosts.toml files that somebody else than K3s wrote.
func (n *linter) lintHosts() {
	for _, root := range n.roots {
		for _, name := range slices.Sorted(maps.Keys(root)) {
			if d := root[name]; d.rendered == nil && !d.own && !d.ignored {
				host := imageHost(name)
				n.lintHost(host, d)
				n.lintHostKeys(host, d)
				n.lintHostPath(host, d)
				n.lintHostTLS(host, d)
				n.lintHostsName(d)
			}
		}
	}
}

// lintHost finds hosts that are none of a registry. The name docker.io is one only in images:
// as a server it is asked literally. (hosts.go, parseHostConfig)
func (n *linter) lintHost(host string, d *hostDir) {
	for _, e := range d.entries {
		at := Position{File: d.source, Line: e.lines.of("server"), Column: 1}
		issue := Issue{Code: codeEndpointNoMirror, Registry: host}
		switch {
		case e.key == "": // built in
			continue
		case strings.Contains(e.host, "*"):
			issue.Code, issue.Severity = codeEndpointInvalid, SeverityWarning
			issue.Detail = fmt.Sprintf("%q names no host: containerd fails to look it up", e.key)
			issue.Fix = `write server = ""`
		case e.host == hub:
			issue.Detail = fmt.Sprintf("%s is a web site: the registry of Docker Hub is %s", hub, hubHost)
			issue.Fix = fmt.Sprintf("write https://%s", hubHost)
		case noMirror(host, hostname(e.host), len(e.rewrites) > 0 || e.override):
			issue.Detail = fmt.Sprintf("%s does not serve as a mirror of %s", e.host, host)
			issue.Fix = "name a registry that mirrors this one"
		default:
			continue
		}
		n.report(at, issue)
	}
}

// lintHostTLS finds TLS settings of a host that says http, and verification that is off.
func (n *linter) lintHostTLS(host string, d *hostDir) {
	for _, e := range d.entries {
		verifies := e.skipVerify == nil || !*e.skipVerify
		at := Position{File: d.source, Line: e.lines.of("skip_verify"), Column: 1}
		switch {
		case e.scheme == "http" && (len(e.ca) > 0 || len(e.clients) > 0 || e.skipVerify != nil):
			n.report(at, Issue{Code: codeHTTPWithTLS, Registry: host,
				Detail: fmt.Sprintf("%s says http, and has TLS settings: %s", e.host, n.httpWithTLS(&url.URL{Scheme: e.scheme, Host: e.host})),
				Fix:    "say https, or remove ca, client and skip_verify below it"})
		case !verifies:
			n.report(at, Issue{Code: codeInsecure, Registry: host,
				Detail: unverified(cmp.Or(e.host, host)),
				Fix:    "name the authority's certificate with ca instead"})
		}
	}
}
