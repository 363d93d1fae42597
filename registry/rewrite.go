package registry

import (
	"cmp"
	"net/url"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// A rewriteRule replaces in the repository what its pattern matches.
type rewriteRule struct {
	pattern, replacement string
	key                  *yaml.Node // of registries.yaml; nil for one read from elsewhere
	unjudged             bool       // the file has more of them than can be compiled in a moment
	wrong                bool       // it cannot work, which is an Issue
}

// maxPatterns is how many instructions the patterns of a file that are judged may have together.
const maxPatterns = 100_000

// patternSize is about how many instructions a pattern compiles to.
func patternSize(re *syntax.Regexp) int {
	size := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		size += patternSize(sub)
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return size
}

func byPattern(a, b rewriteRule) int { return cmp.Compare(a.pattern, b.pattern) }

// apply returns what the rule makes of a repository. A rule whose pattern does not
// compile is skipped. (k3s-io/containerd remotes/docker/resolver.go, request)
func (rule rewriteRule) apply(repository string) string {
	exp, err := regexp.Compile(rule.pattern)
	if err != nil {
		return repository
	}
	return exp.ReplaceAllString(repository, rule.replacement)
}

// rewrite returns the repository that the rules make of one, and others that they may make
// of it as well. The first rule that changes the text wins, but containerd keeps the rules
// in a map, so that which is first is random anew for each request.
func rewrite(rules []rewriteRule, repository string) (string, []string) {
	all := []string{repository}
	for _, rule := range rules {
		if changed := rule.apply(repository); !slices.Contains(all, changed) {
			all = append(all, changed)
		}
	}
	if len(all) <= 2 {
		return all[len(all)-1], nil
	}
	return all[1], all[2:]
}

var (
	exampleURL = &url.URL{Scheme: "https", Host: "mirror.example.com", Path: "/v2"}
	groupRef   = lazyregexp.New(`\$(\$|\{\w+\}|\w+)`)
)

// missingGroup is the first group that a replacement names and the pattern lacks.
func missingGroup(exp *regexp.Regexp, replacement string) string {
	for _, m := range groupRef().FindAllStringSubmatch(replacement, -1) {
		group := strings.Trim(m[1], "{}")
		n, err := strconv.Atoi(group)
		switch {
		case group == "$":
		case err == nil && n > exp.NumSubexp(), err != nil && exp.SubexpIndex(group) < 0:
			return "$" + m[1]
		}
	}
	return ""
}

// maxTried bounds the search for ambiguous rules: how often rules are applied to examples.
const maxTried = 100_000

// ambiguous finds two rules that both change one repository, with the repository; "" for none.
func ambiguous(rules []rewriteRule) (a, b int, example string) {
	if len(rules) < 2 {
		return 0, 0, ""
	}
	compiled := make([]*regexp.Regexp, len(rules))
	for i, rule := range rules {
		if !rule.unjudged {
			compiled[i], _ = regexp.Compile(rule.pattern)
		}
	}
	change := func(i int, name string) string {
		if compiled[i] == nil {
			return name
		}
		return compiled[i].ReplaceAllString(name, rules[i].replacement)
	}
	tried := 0
	for i, rule := range rules {
		if compiled[i] == nil {
			continue
		}
		for _, name := range append([]string{"library/nginx", "rancher/mirrored-pause", "team/app"}, examples(rule.pattern)...) {
			own := change(i, name)
			for j := range rules {
				if tried++; tried > maxTried {
					return 0, 0, ""
				}
				if other := change(j, name); i != j && own != name && other != name && own != other {
					return min(i, j), max(i, j), name
				}
			}
		}
	}
	return 0, 0, ""
}

// examples are some repositories that a pattern matches.
func examples(pattern string) []string {
	re, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return nil
	}
	var all []string
	for _, fill := range []string{"library/nginx", "app"} {
		text := strings.Trim(sample(re.Simplify(), fill), "/")
		for _, name := range []string{text, text + "/app", "rancher/" + text} {
			if ok, _ := regexp.MatchString(pattern, name); ok && text != "" {
				all = append(all, name)
			}
		}
	}
	return all
}

// sample is a text that re matches, with fill where anything may stand.
func sample(re *syntax.Regexp, fill string) string {
	switch re.Op {
	case syntax.OpLiteral:
		return string(re.Rune)
	case syntax.OpCharClass:
		for _, r := range "an1-._/" {
			for i := 0; i+1 < len(re.Rune); i += 2 {
				if re.Rune[i] <= r && r <= re.Rune[i+1] {
					return string(r)
				}
			}
		}
		return ""
	case syntax.OpAnyChar, syntax.OpAnyCharNotNL:
		return "a"
	case syntax.OpStar, syntax.OpPlus:
		if op := re.Sub[0].Op; op == syntax.OpAnyChar || op == syntax.OpAnyCharNotNL {
			return fill
		}
		return sample(re.Sub[0], fill)
	case syntax.OpCapture, syntax.OpAlternate:
		return sample(re.Sub[0], fill)
	case syntax.OpConcat:
		var b strings.Builder
		for _, s := range re.Sub {
			b.WriteString(sample(s, fill))
		}
		return b.String()
	}
	return ""
}
