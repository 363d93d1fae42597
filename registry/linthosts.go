package registry

import (
	"fmt"
	"maps"
	"slices"
)

// lintHosts judges the hosts.toml files that somebody else than K3s wrote.
func (n *linter) lintHosts() {
	for _, root := range n.roots {
		for _, name := range slices.Sorted(maps.Keys(root)) {
			if d := root[name]; d.rendered == nil && !d.own && !d.ignored {
				n.lintHost(imageHost(name), d)
				n.lintHostKeys(imageHost(name), d)
				n.lintHostPath(imageHost(name), d)
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
