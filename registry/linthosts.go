package registry

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"path"
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
				n.lintHostsPort(host, d)
				n.lintHostsHub(host, d)
				n.lintCapabilities(host, d)
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

// lintHostsPort finds a directory whose name differs by the port from that of images on this node,
// while none has it.
func (n *linter) lintHostsPort(host string, d *hostDir) {
	other := n.seenAs(host)
	if other == "" || other == host || n.hasDirectory(other) {
		return
	}
	n.report(Position{File: cmp.Or(d.source, d.path), Line: 1}, Issue{Code: codeMirrorUnmatched, Registry: host,
		Detail: fmt.Sprintf("images on this node are of %q, for which this directory does not count", other),
		Fix:    fmt.Sprintf("did you mean %q?", other), Command: command("mv", d.path, path.Join(path.Dir(d.path), other))})
}

// lintHostsHub finds a directory that was meant for Docker Hub, by another name than its images have.
func (n *linter) lintHostsHub(host string, d *hostDir) {
	if host == hub || !MeansHub(host) || n.seenAs(host) == host {
		return
	}
	issue := Issue{Code: codeRegistryName, Registry: host,
		Detail: fmt.Sprintf("images of Docker Hub are looked up under %s, never under %q", hub, host), Fix: fmt.Sprintf("write it in the directory %q", hub)}
	if !n.hasDirectory(hub) {
		issue.Fix, issue.Command = fmt.Sprintf("rename the directory: %q", hub), command("mv", d.path, path.Join(path.Dir(d.path), hub))
	}
	n.report(Position{File: cmp.Or(d.source, d.path), Line: 1}, issue)
}

// lintCapabilities finds hosts that containerd does not ask for tags. (core/remotes/docker/resolver.go, Resolve)
func (n *linter) lintCapabilities(host string, d *hostDir) {
	for _, e := range d.entries {
		if e.root || e.pull && e.resolve {
			continue
		}
		n.report(Position{File: d.source, Line: e.lines.of("capabilities"), Column: 1}, Issue{Code: codeEndpointNoMirror, Severity: SeverityInfo, Registry: host,
			Detail: fmt.Sprintf("containerd asks %s for no tag: its capabilities lack pull or resolve", e.host),
			Fix:    `if it is a mirror, write capabilities = ["pull", "resolve"]`})
	}
}

func (n *linter) hasDirectory(host string) bool {
	return slices.ContainsFunc(n.roots, func(root certsRoot) bool {
		for name := range root {
			if imageHost(name) == host {
				return true
			}
		}
		return false
	})
}

// lintHostsElsewhere finds hosts.toml files where another containerd looks for them, on a node that
// has no other than that of K3s.
func (n *linter) lintHostsElsewhere() {
	if !n.node.isK3s() || n.files.exists("/etc/containerd/config.toml") || slices.Contains(n.cri.configPath, usualCertsD) {
		return
	}
	for host, file := range n.hostsFiles(usualCertsD) {
		n.report(Position{File: file, Line: 1}, Issue{Code: codeMisplaced, Registry: host,
			Detail: fmt.Sprintf("%s reads no hosts.toml here, but in %s, which it renders from %s", n.node.program(), n.node.certsD(), n.node.RegistriesPath()),
			Fix:    "say the same in " + n.node.RegistriesPath() + ", and remove this one"})
	}
}
