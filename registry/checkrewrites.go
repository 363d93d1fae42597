package registry

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// checkRewrites finds the rewrites that K3s or containerd cannot use.
func (l *loader) checkRewrites(name string, m mirror) {
	written := m.rules()
	rules := slices.Clone(written) // as containerd reads them
	for i, rule := range written {
		if rule.unjudged {
			continue
		}
		rules[i], _ = rule.rendered()
		if i := rule.problem(); i.Detail != "" {
			p := l.registries.position(rule.key)
			i.Code, i.File, i.Line, i.Column, i.Registry = codeRewriteInvalid, p.File, p.Line, p.Column, name
			if l.registries.path == p.File && len(i.Edits) > 0 {
				i.Edits[0].At = p
			}
			l.report(i)
			rule.wrong = true
			m.rewrites[rule.pattern] = rule
		}
	}
	if a, b, example := ambiguous(rules); example != "" {
		p := l.registries.position(written[b].key)
		l.report(Issue{
			Code: codeRewriteAmbiguous, File: p.File, Line: p.Line, Column: p.Column, Registry: name,
			Detail: fmt.Sprintf(`"%s" and "%s" both match "%s", and containerd picks one at random for each request`, written[a].pattern, written[b].pattern, example),
			Fix:    "make the patterns exclude each other",
		})
	}
}

var (
	doubling    = strings.NewReplacer(`\`, `\\`)
	gluedNumber = lazyregexp.New(`^\$(\d+)(\w+)$`)
	otherGroup  = lazyregexp.New(`\\+(\d)`) // as sed and others name it
)

// problem says why a rule of registries.yaml cannot work, and what to do; nothing if it can.
func (rule rewriteRule) problem() Issue {
	if meant := otherGroup().ReplaceAllString(rule.replacement, "$${$1}"); meant != rule.replacement {
		return Issue{
			Detail: fmt.Sprintf(`replacement "%s" names a group by a backslash, which the regular expressions of Go do not know`, rule.replacement),
			Fix:    fmt.Sprintf("write %q", meant),
		}
	}
	read, err := rule.rendered()
	if err != nil {
		i := Issue{Detail: err.Error(), Fix: "write it without quotation marks, and each backslash twice"}
		if safe := (rewriteRule{pattern: doubling.Replace(rule.pattern), replacement: rule.replacement}); safe.breaks() == nil {
			i.Fix, i.Edits = fmt.Sprintf("write each backslash twice: '%s'", safe.pattern), []Edit{{Text: safe.pattern}}
		}
		return i
	}
	exp, err := regexp.Compile(read.pattern)
	if err != nil {
		return Issue{Detail: fmt.Sprintf(`pattern "%s" does not compile: %v`, rule.pattern, err), Fix: "write it as a regular expression of Go (RE2), which has no lookaround; \"(.*)\" stands for anything"}
	}
	if group := missingGroup(exp, read.replacement); group != "" {
		i := Issue{
			Detail: fmt.Sprintf(`replacement "%s" names the group %s, which pattern "%s" does not have`, rule.replacement, group, rule.pattern),
			Fix:    fmt.Sprintf("put what %s stands for in parentheses, such as (.*)", group),
		}
		if m := gluedNumber().FindStringSubmatch(group); m != nil {
			i.Fix = fmt.Sprintf("write ${%s}%s", m[1], m[2])
		}
		return i
	}
	if strings.ContainsAny(read.replacement, ":@ ") && canMatch(read.pattern, false) {
		return Issue{
			Detail: fmt.Sprintf(`replacement "%s" makes a repository that no registry can have: it takes the place of the repository alone`, rule.replacement),
			Fix:    "leave registry and tag away: the endpoint names the one, and containerd keeps the other",
		}
	}
	return Issue{}
}

// rendered is a rule as containerd reads it from hosts.toml, where K3s puts it between plain
// quotation marks: two backslashes come out as one. The error says why that is impossible.
func (rule rewriteRule) rendered() (rewriteRule, error) {
	if !strings.ContainsFunc(rule.pattern+rule.replacement, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		return rule, nil
	}
	h := &k3sHosts{endpoints: []k3sEndpoint{{url: exampleURL, rewrites: []rewriteRule{rule}}}}
	entries, err := (dialect{fork: true}).parse("/", []byte(h.toml(K3s)))
	if err != nil {
		return rule, fmt.Errorf(`K3s writes "%s" = "%s" into hosts.toml without escaping, which makes the whole file unreadable`, rule.pattern, rule.replacement)
	}
	if rules := entries[0].rewrites; len(rules) == 1 {
		rule.pattern, rule.replacement = rules[0].pattern, rules[0].replacement
	}
	return rule, nil
}

// breaks is why a rule makes hosts.toml unreadable, nil where it does not.
func (rule rewriteRule) breaks() error {
	_, err := rule.rendered()
	return err
}
