package registry

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// lintIneffective finds rewrites that never apply.
func (n *linter) lintIneffective(name string, m mirror) {
	used := false
	for i, item := range m.endpoints {
		ep, err := parseEndpoint(item.value, n.node.embeddedAddress())
		if err != nil || ep.url.Host == n.node.embeddedAddress() {
			continue
		}
		own, _ := parseEndpoint(name, n.node.embeddedAddress())
		_, configured := n.file.configs[name]
		folded := i == len(m.endpoints)-1 && (!n.noDefault() || configured) && own.url != nil && own.url.String() == ep.url.String()
		used = used || !folded
	}
	for _, rule := range m.rules() {
		issue := Issue{Code: codeRewriteIneffective, Registry: name}
		official := cmp.Or(officialImage(rule.pattern), onlyBare(rule.pattern))
		switch {
		case !used:
			issue.Detail = "this rewrite is never applied: the mirror has no endpoint of its own, and the default endpoint and the embedded registry get no rewrites"
			issue.Fix = "name an endpoint, or the registry itself with its port"
		case name == hub && official != "" && rule.problem().Detail == "":
			issue.Detail = fmt.Sprintf("images such as %s are library/%s at Docker Hub, which this pattern does not match", official, official)
			issue.Fix = "match library/ too"
			if pattern := withLibrary(rule.pattern, official); pattern != "" {
				issue.Fix = fmt.Sprintf("write the pattern %q", pattern)
				issue.Edits = []Edit{{At: n.file.position(rule.key), Text: pattern}}
			}
		default:
			continue
		}
		n.report(n.file.position(rule.key), issue)
	}
}

// officials are images of Docker Hub that everybody names without library/.
var officials = strings.Fields(`alpine amazonlinux bash busybox caddy centos cassandra consul couchdb debian docker eclipse-mosquitto
	elasticsearch fedora ghost golang gradle haproxy hello-world httpd influxdb java joomla kibana mariadb maven memcached
	mongo mysql nats neo4j nextcloud nginx node openjdk perl php postgres python rabbitmq redis registry rockylinux ruby rust solr
	telegraf tomcat traefik ubuntu vault wordpress zookeeper`)

var leadingName = regexp.MustCompile(`^\^\(?(?:\?:)?([a-z0-9-]+)`)

// officialImage is the image without library/ that a pattern begins with, "" for none.
func officialImage(pattern string) string {
	m := leadingName.FindStringSubmatch(pattern)
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
	exp, err := regexp.Compile(changed)
	if err != nil || changed == pattern || !exp.MatchString("library/"+official) {
		return ""
	}
	return changed
}
