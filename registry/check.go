package registry

import (
	"cmp"
	"fmt"
	"maps"
	"path"
	"regexp"
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
		i.Fix = fmt.Sprintf("write the pattern %q in %s so that hosts.toml can hold it: double each backslash, use no quotation mark", rule.pattern, l.registries.path)
		if l.judgedByFile {
			p := l.registries.position(rule.key)
			i.File, i.Line, i.Column = p.File, p.Line, p.Column
		}
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
			if tomlProblem(e.rewrites[i]) != "" {
				return &e.rewrites[i]
			}
		}
	}
	return nil
}

func (l *loader) checkRewrites(name string, m mirror) {
	for _, rule := range m.rules() {
		p := l.registries.position(rule.key)
		if problem := rule.problem(); problem != "" {
			l.report(Issue{Code: codeRewriteInvalid, File: p.File, Line: p.Line, Column: p.Column, Registry: name, Detail: problem})
		}
	}
	if a, b, example := ambiguous(m.rules()); example != "" {
		p := l.registries.position(b.key)
		l.report(Issue{
			Code: codeRewriteAmbiguous, File: p.File, Line: p.Line, Column: p.Column, Registry: name,
			Detail: fmt.Sprintf("%q and %q both match %q, and containerd picks one at random for each request", a.pattern, b.pattern, example),
			Fix:    "make the patterns exclude each other",
		})
	}
}

// problem says why a rule of registries.yaml cannot work, "" if it can.
func (rule rewriteRule) problem() string {
	if p := tomlProblem(rule); p != "" {
		return p
	}
	exp, err := regexp.Compile(strings.ReplaceAll(rule.pattern, `\\`, `\`))
	if err != nil {
		return fmt.Sprintf("pattern %q does not compile: %v", rule.pattern, err)
	}
	if g := missingGroup(exp, rule.replacement); g != "" {
		return fmt.Sprintf("replacement %q names the group %s, which pattern %q does not have", rule.replacement, g, rule.pattern)
	}
	return ""
}

// tomlProblem says what keeps a rule from standing between the plain quotation marks that
// K3s puts around it.
func tomlProblem(rule rewriteRule) string {
	if !strings.ContainsFunc(rule.pattern+rule.replacement, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		return ""
	}
	h := &k3sHosts{endpoints: []k3sEndpoint{{url: exampleURL, rewrites: []rewriteRule{rule}}}}
	if _, err := (dialect{fork: true}).parse("/", []byte(h.toml(K3s))); err != nil {
		return fmt.Sprintf("K3s writes %q = %q into hosts.toml without escaping, which makes the whole file unreadable", rule.pattern, rule.replacement)
	}
	return ""
}
