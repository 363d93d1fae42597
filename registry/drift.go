package registry

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
)

// lintDrift compares what K3s would render now with what it rendered at its last start. The
// meaning counts, not the text, which differs between releases.
func (n *linter) lintDrift() {
	if n.judgedByFile || !n.node.isK3s() || n.cri.path == "" || len(n.roots) == 0 {
		return
	}
	standing := map[string]*hostDir{}
	for name, d := range n.roots[0] {
		if d.own && !d.ignored && imageHost(name) != n.node.embeddedAddress() {
			standing[name] = d
		}
	}
	wanted := n.wanted(n.noDefault(), standing)
	names := differing(wanted, standing)
	if len(names) == 0 || len(differing(n.wanted(!n.noDefault(), standing), standing)) == 0 {
		n.lintCredentialDrift()
		return // the flag may have been given where it cannot be seen
	}
	issue := n.drift(names[0], wanted, standing)
	for _, name := range names[1:] {
		issue.Others = append(issue.Others, n.drift(name, wanted, standing))
	}
	n.found.add(issue)
}

// wanted are the entries of each directory that K3s would write and containerd could decode. Where
// the same text stands already they are known.
func (n *linter) wanted(noDefault bool, standing map[string]*hostDir) map[string][]hostEntry {
	rendered := n.file.hosts(noDefault, n.node.embeddedAddress())
	names := slices.Collect(maps.Keys(rendered))
	texts := make([]*hostsText, len(names))
	inParallel(len(names), func(i int) {
		text := []byte(rendered[names[i]].toml(n.node.program()))
		if d := standing[names[i]]; d != nil && bytes.Equal(d.text, text) {
			texts[i] = &hostsText{entries: d.entries}
			return
		}
		texts[i] = n.parseText(path.Join(n.node.certsD(), names[i]), text)
	})
	all := map[string][]hostEntry{}
	for i, name := range names {
		if texts[i].wrong == nil && imageHost(name) != n.node.embeddedAddress() && !strings.Contains(name, "/") { // nested: never looked up
			all[name] = texts[i].entries
		}
	}
	return all
}

// differing are the directories that mean something else, in order of their names.
func differing(wanted map[string][]hostEntry, standing map[string]*hostDir) (all []string) {
	names := slices.Concat(slices.Collect(maps.Keys(wanted)), slices.Collect(maps.Keys(standing)))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		d, stands := standing[name]
		if entries, ok := wanted[name]; ok != stands || ok && !slices.EqualFunc(entries, d.entries, sameEntry) {
			all = append(all, name)
		}
	}
	return all
}

// sameEntry compares what decides of requests, but for the embedded registry's, whose port
// and files may be known only to the server.
func sameEntry(a, b hostEntry) bool {
	if isLocalhost(a.host) && isLocalhost(b.host) {
		return true
	}
	return a.root == b.root && a.scheme == b.scheme && a.host == b.host && a.path == b.path && a.override == b.override &&
		slices.Equal(a.ca, b.ca) && slices.Equal(a.clients, b.clients) &&
		(a.skipVerify != nil && *a.skipVerify) == (b.skipVerify != nil && *b.skipVerify) &&
		slices.EqualFunc(a.rewrites, b.rewrites, func(x, y rewriteRule) bool {
			return x.pattern == y.pattern && x.replacement == y.replacement
		})
}

// drift is that K3s rendered something else for the directory of that name.
func (n *linter) drift(name string, wanted map[string][]hostEntry, standing map[string]*hostDir) Issue {
	abs := path.Join(n.node.certsD(), name, "hosts.toml")
	at := Position{File: cmp.Or(n.file.path, n.node.RegistriesPath())}
	if h := n.rendered[name]; h != nil {
		at = n.file.position(h.key)
	}
	host, file, now, what := imageHost(name), path.Base(at.File), "nothing", ""
	if entries, ok := wanted[name]; ok {
		now = endpointList(entries)
	}
	switch d := standing[name]; {
	case d == nil:
		what = fmt.Sprintf("K3s has not rendered what %s has for %s", file, host)
	case now == endpointList(d.entries):
		what = fmt.Sprintf("%s has other settings for %s than K3s rendered", file, host)
	default:
		what = fmt.Sprintf("%s gives %s for %s; K3s rendered %s", file, now, host, endpointList(d.entries))
	}
	return n.notRendered(at, host, what+n.renderedAt(abs))
}

// notRendered is a change of registries.yaml for a host that the agent has not rendered.
func (n *linter) notRendered(at Position, host, detail string) Issue {
	issue := n.notApplied(at, "restart the agent, which renders the files anew", detail)
	issue.Registry = host
	return issue
}

// endpointList names the mirrors, for the registry itself is asked after them anyway.
func endpointList(entries []hostEntry) string {
	var all []string
	for _, e := range entries {
		if !e.root {
			all = append(all, e.scheme+"://"+e.host)
		}
	}
	return cmp.Or(strings.Join(all, ", "), "no mirror")
}

// lintCredentialDrift compares the credentials of the file with those in config.toml.
func (n *linter) lintCredentialDrift() {
	wanted := n.file.credentials()
	hosts := slices.Concat(slices.Collect(maps.Keys(wanted)), slices.Collect(maps.Keys(n.cri.auth)))
	slices.Sort(hosts)
	for _, host := range hosts {
		now, then := wanted[host].auth(host), n.cri.auth[host].auth(host)
		then.Problem, now.Problem = "", ""
		if n.usesTemplate() || now.Type == AuthError || reflect.DeepEqual(now, then) || now.Type == then.Type && now.Type == AuthNone {
			continue
		}
		at := Position{File: n.file.path}
		if s := n.file.configs[host]; s.auth != nil {
			at = n.file.position(s.auth.key)
		}
		n.found.add(n.notRendered(at, host, fmt.Sprintf("%s has other credentials for %s than K3s gave containerd%s", path.Base(at.File), host, n.renderedAt(n.cri.path))))
		return
	}
}

// usesTemplate reports whether config.toml is made from a template of the user's, which may
// hold credentials of its own.
func (n *linter) usesTemplate() bool {
	dir := path.Dir(n.node.certsD())
	return n.files.exists(dir+"/config.toml.tmpl") || n.files.exists(dir+"/config-v3.toml.tmpl")
}

// restarts is what makes a change take effect: a command, on a node of K3s or RKE2 only where its
// role is known.
func (n *Node) restarts() string {
	switch {
	case n.Unit != "":
		return "systemctl restart " + n.Unit
	case !n.isK3s():
		return "systemctl restart " + Containerd
	case n.Distribution == RKE2:
		return "systemctl restart rke2-server, on agents rke2-agent"
	}
	return "systemctl restart k3s, on agents k3s-agent"
}
