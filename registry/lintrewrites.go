package registry

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// lintIneffective finds rewrites that never apply.
func (n *linter) lintIneffective(name string, m mirror) {
	used := n.getsRewrites(name, m)
	for _, rule := range m.rules() {
		issue := Issue{}
		switch {
		case !used:
			issue.Detail = "this rewrite is never applied: the mirror has no endpoint of its own, and the default endpoint and the embedded registry get no rewrites"
			issue.Fix = "name an endpoint, or the registry itself with its port"
		case rule.unjudged, rule.wrong:
		default:
			issue = n.unmatching(name, m, rule)
		}
		if issue.Detail == "" {
			continue
		}
		issue.Code, issue.Registry = codeRewriteIneffective, name
		n.report(n.file.position(rule.key), issue)
	}
}

// getsRewrites reports whether a mirror has an endpoint that is neither the default one nor the
// embedded registry.
func (n *linter) getsRewrites(name string, m mirror) bool {
	own, _ := parseEndpoint(name, n.node.embeddedAddress())
	_, configured := n.file.configs[name]
	for i, item := range m.endpoints {
		ep, err := parseEndpoint(item.value, n.node.embeddedAddress())
		if err != nil || ep.url.Host == n.node.embeddedAddress() {
			continue
		}
		last := i == len(m.endpoints)-1 && (!n.noDefault() || configured)
		if !last || own.url == nil || own.url.String() != ep.url.String() {
			return true
		}
	}
	return false
}

// unmatching is the issue of a rule that matches no repository of the mirror; without a Detail
// where it may match some.
func (n *linter) unmatching(name string, m mirror, rule rewriteRule) Issue {
	official := ""
	if name == hub {
		official = cmp.Or(officialImage(rule.pattern), onlyBare(rule.pattern))
	}
	host, rest := cutRegistry(rule.pattern)
	read, _ := rule.rendered()
	switch {
	case n.isKnown(host, name, m):
		return n.namesRegistry(host, name, m, rule, rest)
	case official != "":
		fix, edits := n.instead(m, rule, withLibrary(rule.pattern, official), "match library/ too")
		return Issue{Detail: fmt.Sprintf("images such as %s are library/%s at Docker Hub, which this pattern does not match", official, official), Fix: fix, Edits: edits}
	case n.fitsSome(read.pattern, name == hub):
		return Issue{}
	}
	example := "team/app"
	if name == hub {
		example = "library/nginx"
	}
	fix, edits := n.instead(m, rule, possible(rule, name == hub), general(rule))
	return Issue{Detail: "no image matches this pattern: it is compared with the repository alone, such as " + example, Fix: fix, Edits: edits}
}

// A patternOf is a pattern for the repositories of a registry: of all, or of Docker Hub's, which
// are parted.
type patternOf struct {
	pattern string
	parted  bool
}

// fitsSome is canMatch, asked once of each pattern: one often stands under many mirrors.
func (n *linter) fitsSome(pattern string, parted bool) bool {
	p := patternOf{pattern, parted}
	fits, known := n.fits[p]
	if !known {
		if n.fits == nil {
			n.fits = map[patternOf]bool{}
		}
		fits = canMatch(pattern, parted)
		n.fits[p] = fits
	}
	return fits
}

// general is the advice for a rule whose pattern matches nothing.
func general(rule rewriteRule) string {
	if strings.Contains(rule.pattern, ":") && strings.Contains(rule.replacement, ":") {
		return "leave registry and tag away, in the pattern and in what takes its place: the tag stays as it is"
	}
	return "match the repository alone: lower case, without registry, tag or digest, and without a slash in front"
}

// namesRegistry is the issue of a pattern that begins with the name of a registry.
func (n *linter) namesRegistry(host, name string, m mirror, rule rewriteRule, rest string) Issue {
	issue := Issue{Detail: fmt.Sprintf("no image matches this pattern: it is compared with the repository alone, of which %s is no part", host)}
	another := name == hub && host != hub && (slices.Contains(publicRegistries, host) || n.file.mirrors[host].key != nil) && !strings.HasSuffix(host, "."+hub)
	parted, shorter := name == hub && !another, rewriteRule{pattern: rest, replacement: rule.replacement}
	if read, _ := shorter.rendered(); !canMatch(read.pattern, parted) {
		rest = possible(shorter, parted)
	}
	switch {
	case rest == "":
		issue.Fix = general(rule)
		return issue
	case another:
		issue.Fix = fmt.Sprintf("write the rule under %q in mirrors, with the pattern '%s'", host, rest)
		return issue
	}
	issue.Fix, issue.Edits = n.instead(m, rule, rest, fmt.Sprintf("leave %s/ away, and make the patterns exclude each other", host))
	return issue
}

// maxRivals is how many rules of a mirror are compared with what one should be instead.
const maxRivals = 100

// instead is the advice to write another pattern, and the edit that does; advice in general
// where that one is "", or matches what another rule matches too.
func (n *linter) instead(m mirror, rule rewriteRule, pattern, otherwise string) (string, []Edit) {
	if len(m.rewrites) > maxRivals {
		return otherwise, nil
	}
	rules := m.rules()
	for i := range rules {
		if rules[i].pattern == rule.pattern {
			rules[i].pattern = pattern
		} else if rules[i].pattern == pattern {
			return otherwise, nil
		}
		rules[i], _ = rules[i].rendered()
	}
	if _, _, example := ambiguous(rules); pattern == "" || example != "" {
		return otherwise, nil
	}
	return fmt.Sprintf("write the pattern '%s'", pattern), []Edit{{At: n.file.position(rule.key), Text: pattern}}
}

// registryPrefix is a host at the beginning of a pattern. Its dots may have a backslash, or the
// two that K3s wants.
var registryPrefix = lazyregexp.New(`^\^?(?:https?://)?((?:[a-z0-9-]+\\{0,2}\.)+[a-z0-9-]+(?::\d+)?)\\{0,2}/`)

// cutRegistry is the host that a pattern begins with, and the pattern without it; "" for none.
func cutRegistry(pattern string) (host, rest string) {
	m := registryPrefix().FindStringSubmatch(pattern)
	if m == nil {
		return "", ""
	}
	return strings.ReplaceAll(m[1], `\`, ""), "^" + pattern[len(m[0]):]
}

// isKnown reports whether a host is a registry that this mirror is about, so that no repository
// of its begins with the name: the registry itself, an endpoint, and for Docker Hub, whose
// users have no dots, any that is known.
func (n *linter) isKnown(host, name string, m mirror) bool {
	same := func(other string) bool { return host == other || host == hostname(other) }
	listed := slices.ContainsFunc(m.endpoints, func(item field) bool {
		ep, err := parseEndpoint(item.value, "")
		return err == nil && same(ep.url.Host)
	})
	switch {
	case host == "":
		return false
	case same(name), listed:
		return true
	}
	return name == hub && (n.file.mirrors[host].key != nil || host == "registry.hub.docker.com" || slices.Contains(publicRegistries, host))
}

// possible is what a pattern that matches nothing was probably meant to be, "" where that is
// not obvious.
func possible(rule rewriteRule, parted bool) string {
	if strings.ContainsAny(rule.replacement, ":@") {
		return "" // a tag goes from one to the other
	}
	pattern := rule.pattern
	if rest, ok := strings.CutPrefix(pattern, "^/"); ok {
		pattern = "^" + rest
	}
	if m := tagSuffix().FindStringSubmatch(pattern); m != nil {
		pattern = m[1] + "$"
	}
	meant := []string{pattern}
	if parted {
		meant = append(meant, strings.Replace(pattern, "^", "^library/", 1))
	}
	for _, p := range meant {
		changed := rewriteRule{pattern: p, replacement: rule.replacement}
		if read, err := changed.rendered(); err == nil && changed.problem().Detail == "" && canMatch(read.pattern, parted) {
			return p
		}
	}
	return ""
}

// tagSuffix is a tag or digest at the end of a pattern, without groups.
var tagSuffix = lazyregexp.New(`^([^:@]*[^:@?[(])[:@][^()\]]*$`)

// officials are images of Docker Hub that everybody names without library/.
var officials = strings.Fields(`alpine amazonlinux bash busybox caddy centos cassandra consul couchdb debian docker eclipse-mosquitto
	elasticsearch fedora ghost golang gradle haproxy hello-world httpd influxdb java joomla kibana mariadb maven memcached
	mongo mysql nats neo4j nextcloud nginx node openjdk perl php postgres python rabbitmq redis registry rockylinux ruby rust solr
	telegraf tomcat traefik ubuntu vault wordpress zookeeper`)

var leadingName = lazyregexp.New(`^\^\(?(?:\?:)?([a-z0-9-]+)`)

// officialImage is the image without library/ that a pattern begins with, "" for none.
func officialImage(pattern string) string {
	m := leadingName().FindStringSubmatch(pattern)
	if m == nil || !slices.Contains(officials, m[1]) || strings.HasPrefix(pattern[len(m[0]):], "/") {
		return ""
	}
	return m[1]
}

// onlyBare is an official image that a pattern matches without library/, while it matches no
// name of more than one part; "" for none.
func onlyBare(pattern string) string {
	exp, err := regexp.Compile(pattern)
	if err != nil || slices.ContainsFunc([]string{"team/app", "rancher/mirrored-pause", "library/nginx", "a/b/c"}, exp.MatchString) {
		return ""
	}
	for _, image := range []string{"nginx", "busybox", "redis"} {
		if exp.MatchString(image) && !exp.MatchString("library/"+image) {
			return image
		}
	}
	return ""
}

// withLibrary is a pattern that matches the official images with library/, "" where that is
// not obvious.
func withLibrary(pattern, official string) string {
	changed := strings.Replace(pattern, official, "library/"+official, 1)
	if strings.HasPrefix(pattern, "^(") && strings.Contains(pattern, "|") {
		changed = strings.Replace(pattern, "^(", "^library/(", 1)
	}
	if changed == pattern {
		changed = strings.Replace(pattern, "^", "^library/", 1)
	}
	exp, err := regexp.Compile(changed)
	if err != nil || changed == pattern || !exp.MatchString("library/"+official) {
		return ""
	}
	return changed
}
