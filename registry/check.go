package registry

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
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
	if d.unreadable && !d.isBeside() {
		l.report(Issue{Code: codeFileUnreadable, File: d.failure.File, Registry: host,
			Detail: "containerd gives up before its first request: " + d.failure.Message, Fix: "put a regular file in its place, or remove it"})
	}
	for _, e := range d.entries {
		for _, fault := range pem.faults(e, d.path) {
			if l.judgedByFile && l.isEmbedded(e.host) && fault.code == codeFileUnreadable {
				continue // K3s makes these at its start
			}
			i, where := l.faultIssue(fault, host, d.path), l.faultPosition(fault, e, d)
			i.File, i.Line, i.Column = where.File, where.Line, where.Column
			l.report(i)
			if d.failure == nil {
				d.failure = &RouteError{Stage: StageHostList, Message: WithoutUserinfo(fault.message), File: where.File, Line: where.Line}
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
	_, f := l.tlsField(fault, dir)
	return l.registries.position(f.key)
}

// tlsField is where registries.yaml names the file of a fault, or the file whose other half it
// does not name.
func (l *loader) tlsField(fault fileFault, dir string) (tlsSettings, field) {
	for _, name := range slices.Sorted(maps.Keys(l.registries.configs)) {
		t := l.registries.configs[name].tls
		if t == nil {
			continue
		}
		for _, f := range []field{t.ca, t.cert, t.pkey} {
			if f.key != nil && f.value != "" && join(dir, f.value) == fault.path {
				return *t, f
			}
		}
		if fault.path == dir && t.cert.value == "" && t.pkey.value != "" {
			return *t, t.pkey
		}
		if fault.path == dir && t.cert.value != "" && t.pkey.value == "" {
			return *t, t.cert
		}
	}
	return tlsSettings{}, field{}
}

// misnamed is what is wrong with a file that is not there, and the fix, "" for that of all files.
func misnamed(f field, detail string) (string, string) {
	switch {
	case fileName(f.value) == pemText:
		return f.key.Value + " is the name of a file, and here stands what belongs into one", "put it into a file, and write the file's path"
	case strings.HasPrefix(f.value, "~"), hasPlaceholder(f.value):
		return detail, "write the path itself: nothing replaces " + f.value
	case !path.IsAbs(f.value):
		return detail, "write the whole path: one without a / before it begins at the directory of the hosts.toml"
	}
	return detail, ""
}

// faultIssue is a fault of a file as a mistake in what names it. An authority's certificate
// under cert_file was meant for ca_file.
func (l *loader) faultIssue(fault fileFault, host, dir string) Issue {
	i := fault.issue(host)
	t, f := l.tlsField(fault, dir)
	if f.key != nil && fault.code == codeFileUnreadable {
		i.Detail, i.Fix = misnamed(f, i.Detail)
	}
	if fault.path == dir && f.key != nil && f == t.cert && t.ca.value == "" && l.pem.isCA(join(dir, f.value)) {
		i.Fix = "write ca_file instead: this is the certificate of an authority"
		i.Edits = []Edit{{At: l.registries.position(f.key), Text: "ca_file"}}
	}
	return i
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
