package registry

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
)

// check looks for what stops pulls: files that containerd cannot use, and rewrites that
// K3s or containerd cannot.
func (l *loader) check() {
	pem := l.pem
	if l.legacy() {
		l.checkLegacy(pem)
	}
	for _, root := range l.roots {
		for _, name := range slices.Sorted(maps.Keys(root)) {
			l.checkDir(root[name], imageHost(name), pem)
		}
	}
	if !(l.judgedByFile && l.void != nil) {
		for _, name := range slices.Sorted(maps.Keys(l.registries.mirrors)) {
			l.checkRewrites(name, l.registries.mirrors[name])
		}
	}
}

func (l *loader) checkDir(d *hostDir, host string, pem *pemFiles) {
	if d.unreadable {
		l.report(Issue{Code: codeFileUnreadable, File: d.failure.File, Registry: host,
			Detail: "containerd gives up before its first request: " + d.failure.Message, Fix: "put a regular file in its place, or remove it"})
	}
	for _, e := range d.entries {
		for _, fault := range pem.faults(e, d.path) {
			if l.judgedByFile && l.isEmbedded(e.host) && fault.code == codeFileUnreadable {
				continue // K3s makes these at its start
			}
			where := l.faultPosition(fault, e, d)
			l.report(Issue{Code: fault.code, File: where.File, Line: where.Line, Column: where.Column, Registry: host, Detail: fault.message})
			if d.failure == nil {
				d.failure = &RouteError{Stage: StageHostList, Message: fault.message, File: where.File, Line: where.Line}
			}
		}
	}
}

func (l *loader) report(i Issue) { l.issues.add(i) }

// faultPosition is where the file is named: in registries.yaml if it is from there, else
// in hosts.toml; the directory of a file that is not named anywhere.
func (l *loader) faultPosition(fault fileFault, e hostEntry, d *hostDir) Position {
	if p := l.tlsPosition(fault, d.path); p.Line > 0 {
		return p
	}
	line := e.lines.of("client")
	switch {
	case d.source == l.registries.path: // lines of what would be rendered mean nothing there
		line = 0
	case fault.kind == kindCA:
		line = e.lines.of("ca")
	}
	return Position{File: cmp.Or(d.source, d.path), Line: line}
}

func (l *loader) tlsPosition(fault fileFault, dir string) Position {
	for _, name := range slices.Sorted(maps.Keys(l.registries.configs)) {
		t := l.registries.configs[name].tls
		if t == nil {
			continue
		}
		for _, f := range []field{t.ca, t.cert, t.pkey} {
			if f.key != nil && f.value != "" && join(dir, f.value) == fault.path {
				return l.registries.position(f.key)
			}
		}
		if fault.path == dir && (t.cert.value == "") != (t.pkey.value == "") {
			present := t.cert
			if present.value == "" {
				present = t.pkey
			}
			return l.registries.position(present.key)
		}
	}
	return Position{}
}

// undecodable notes a hosts.toml that containerd ignores.
func (l *loader) undecodable(d *hostDir, abs string, err *tomlError) {
	host := imageHost(path.Base(d.path))
	if _, problem := nameProblem(host); problem != "" && host != wildcard && d.rendered != nil && l.judgedByFile {
		return // no image has such a host
	}
	detail := "containerd ignores the file and asks the registry itself without any of it: " + err.message
	i := Issue{Code: codeUndecodableHosts, File: abs, Line: err.line, Column: err.column, Registry: host, Detail: detail}
	if rule := brokenRule(d.rendered); rule != nil {
		if l.judgedByFile {
			return // the rewrite is the mistake
		}
		i.Fix = fmt.Sprintf(`correct the rewrite "%s" of %s`, rule.pattern, l.registries.path)
	}
	l.report(i)
}

// brokenRule is the first rewrite that makes invalid TOML.
func brokenRule(h *k3sHosts) *rewriteRule {
	if h == nil {
		return nil
	}
	for _, e := range h.endpoints {
		for i := range e.rewrites {
			if e.rewrites[i].breaks() != nil {
				return &e.rewrites[i]
			}
		}
	}
	return nil
}
