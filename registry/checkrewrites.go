package registry

import (
	"fmt"
	"regexp"
	"strings"
)

// checkRewrites finds the rewrites that K3s or containerd cannot use.
func (l *loader) checkRewrites(name string, m mirror) {
	for _, rule := range m.rules() {
		if i := rule.problem(); i.Detail != "" {
			p := l.registries.position(rule.key)
			i.Code, i.File, i.Line, i.Column, i.Registry = codeRewriteInvalid, p.File, p.Line, p.Column, name
			if l.registries.path == p.File && len(i.Edits) > 0 {
				i.Edits[0].At = p
			}
			l.report(i)
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

var (
	doubled     = strings.NewReplacer(`\\`, `\`)
	doubling    = strings.NewReplacer(`\`, `\\`)
	gluedNumber = regexp.MustCompile(`^\$(\d+)(\w+)$`)
)

// problem says why a rule of registries.yaml cannot work, and what to do; nothing if it can.
func (rule rewriteRule) problem() Issue {
	if p := tomlProblem(rule); p != "" {
		i := Issue{Detail: p, Fix: "write it without quotation marks, and each backslash twice"}
		if safe := (rewriteRule{pattern: doubling.Replace(rule.pattern), replacement: rule.replacement}); tomlProblem(safe) == "" {
			i.Fix, i.Edits = fmt.Sprintf("write each backslash twice: '%s'", safe.pattern), []Edit{{Text: safe.pattern}}
		}
		return i
	}
	exp, err := regexp.Compile(doubled.Replace(rule.pattern))
	if err != nil {
		return Issue{Detail: fmt.Sprintf(`pattern "%s" does not compile: %v`, rule.pattern, err), Fix: "write it as a regular expression of Go (RE2), which has no lookaround; \"(.*)\" stands for anything"}
	}
	group := missingGroup(exp, rule.replacement)
	i := Issue{
		Detail: fmt.Sprintf(`replacement "%s" names the group %s, which pattern "%s" does not have`, rule.replacement, group, rule.pattern),
		Fix:    fmt.Sprintf("put what %s stands for in parentheses, such as (.*)", group),
	}
	if m := gluedNumber.FindStringSubmatch(group); m != nil {
		i.Fix = fmt.Sprintf("write ${%s}%s", m[1], m[2])
	}
	if group == "" {
		return Issue{}
	}
	return i
}

// tomlProblem says what keeps a rule from standing between the plain quotation marks that
// K3s puts around it.
func tomlProblem(rule rewriteRule) string {
	if !strings.ContainsFunc(rule.pattern+rule.replacement, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		return ""
	}
	h := &k3sHosts{endpoints: []k3sEndpoint{{url: exampleURL, rewrites: []rewriteRule{rule}}}}
	if _, err := (dialect{fork: true}).parse("/", []byte(h.toml(K3s))); err != nil {
		return fmt.Sprintf(`K3s writes "%s" = "%s" into hosts.toml without escaping, which makes the whole file unreadable`, rule.pattern, rule.replacement)
	}
	return ""
}
