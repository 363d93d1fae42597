package registry

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// lintMirrors judges what stands below mirrors as K3s reads it.
func (n *linter) lintMirrors() {
	for _, name := range slices.Sorted(maps.Keys(n.file.mirrors)) {
		m := n.file.mirrors[name]
		if m.key == nil || isSchemaWord(name) || deceives(name) {
			continue // K3s' own, or no name at all
		}
		n.lintMirrorName(name, m)
		n.lintEndpoints(name, m)
		n.lintIneffective(name, m)
		n.lintUnmatched(name, m)
	}
}

func (n *linter) lintEndpoints(name string, m mirror) {
	first := map[string]int{}
	for i, item := range m.endpoints {
		if item.node == nil || deceives(item.value) {
			continue
		}
		at := n.file.position(item.node)
		report := func(issue Issue) {
			issue.Registry = name
			n.report(at, issue)
		}
		ep, err := parseEndpoint(item.value, n.node.embeddedAddress())
		if issue := invalidEndpoint(item.value, ep, err, at); issue.Detail != "" {
			report(issue)
			continue
		}
		if line, known := first[ep.url.String()]; known {
			report(Issue{Code: codeEndpointDuplicate, Detail: fmt.Sprintf("this is the endpoint of line %d again", line), Fix: "remove one of the two"})
			continue
		}
		first[ep.url.String()] = at.Line
		n.lintURL(ep, item, report)
		if noMirror(name, ep.url.Hostname(), len(m.rewrites) > 0 || ep.override) {
			report(Issue{Code: codeEndpointNoMirror, Detail: fmt.Sprintf("%s does not serve as a mirror of %s", ep.url.Hostname(), name), Fix: "name a registry that mirrors this one"})
		}
		n.lintDefault(name, m, ep, i == len(m.endpoints)-1, report)
	}
}

// invalidEndpoint is the issue of an item that is no endpoint; without a Detail where it is one.
func invalidEndpoint(text string, ep parsedEndpoint, err error, at Position) Issue {
	issue := Issue{Code: codeEndpointInvalid, Fix: "write https://HOST[:PORT]"}
	switch {
	case hasPlaceholder(text[strings.LastIndex(text, "@")+1:]): // a password may look like one
		issue.Detail, issue.Fix = "this endpoint has a placeholder, and K3s replaces none", filledIn(text, "write the host itself: https://HOST[:PORT]")
	case err != nil && strings.TrimSpace(text) != text:
		issue.Detail, issue.Fix, issue.Edits = "K3s drops this endpoint: it has a blank before or behind it", "remove the blank", trimmed(text, at)
	case err != nil:
		issue.Detail = "K3s drops this endpoint: it is no URL"
	case ep.url.Hostname() == "" || slices.Contains(cutSchemes, ep.url.Host) || strings.ContainsAny(ep.url.Host, "*,;"):
		issue.Detail = "this endpoint names no host"
		issue.repair(text, at)
	case ep.url.Scheme != "http" && ep.url.Scheme != "https":
		issue.Detail = fmt.Sprintf("containerd speaks http and https, not %s", ep.url.Scheme)
		issue.repair(text, at)
	case !possiblePort(ep.url.Port()):
		issue.Detail, issue.Fix = fmt.Sprintf("there is no port %s: the highest is 65535", ep.url.Port()), "correct the port"
	}
	return issue
}

// mistypedScheme is what people write for https:// before a host, or before a URL.
var mistypedScheme = lazyregexp.New(`^(?i:(h[tp]{2,4}(s?))(?::/*|/+)(?:(https?)(?::/*|/+))?)([a-z0-9.-]+(?::\d+)?(?:/[^?#\s]*)?)$`)

// repair says what was meant where no more than the scheme is mistyped.
func (i *Issue) repair(text string, at Position) {
	m := mistypedScheme().FindStringSubmatch(strings.TrimSpace(text))
	if m == nil || !strings.ContainsAny(m[4], ".:") {
		return
	}
	meant := cmp.Or(m[3], "http"+strings.ToLower(m[2])) + "://" + m[4]
	i.Fix, i.Edits = fmt.Sprintf("write %q", meant), []Edit{{At: at, Text: meant}}
}

// trimmed is an endpoint without the blanks around it, where that makes it one.
func trimmed(text string, at Position) []Edit {
	text = strings.TrimSpace(text)
	if ep, err := parseEndpoint(text, ""); err != nil || ep.url.User != nil {
		return nil
	}
	return []Edit{{At: at, Text: text}}
}

// cutSchemes are what stands in a host's place where a scheme lacks its colon or its slashes.
var cutSchemes = []string{"http", "http:", "https", "https:"}

// lintURL judges an endpoint by itself.
func (n *linter) lintURL(ep parsedEndpoint, item field, report func(Issue)) {
	u := ep.url
	host := strings.ToLower(u.Hostname())
	settings := n.file.settingsFor(ep.registry)
	if u.User != nil {
		report(Issue{Code: codeCredentialsInURL, Detail: "user and password in an endpoint's URL are not used as credentials, and stand in files that anybody may read",
			Fix: fmt.Sprintf("remove them, and give them under configs: %q: auth", u.Host)})
	}
	if ep.override && path.Clean(u.Path) != "/v2" {
		issue := Issue{Code: codeEndpointPath, Detail: fmt.Sprintf("the path replaces /v2: containerd asks %s://%s for library/nginx, for example", u.Scheme, path.Join(u.Host, u.Path, "library/nginx/manifests/TAG"))}
		if !slices.Contains(strings.Split(u.Path, "/"), "v2") {
			issue.Fix = fmt.Sprintf("write the path with a v2 in it, as most registries want: /v2%[1]s or %[1]s/v2", strings.TrimRight(u.Path, "/"))
		}
		report(issue)
	}
	if strings.HasSuffix(host, ".svc") || strings.HasSuffix(host, ".cluster.local") {
		report(Issue{Code: codeClusterName, Detail: fmt.Sprintf("%s is a name of the cluster's DNS, which containerd does not ask", host),
			Fix: "use a node port, a load balancer's address or a name in the node's DNS"})
	}
	if u.Scheme == "http" && settings.tls != nil && settings.tls.written() {
		report(Issue{Code: codeHTTPWithTLS, Detail: fmt.Sprintf("the endpoint says http, and configs has tls settings for %s: %s", u.Host, n.httpWithTLS(u)),
			Fix: "say https, or remove the tls settings"})
	}
	if u.Scheme == "http" && settings.auth != nil && !isLocalhost(u.Host) && n.file.credentials()[u.Host].auth(u.Host).Type != AuthNone {
		report(Issue{Code: codeInsecure, Detail: fmt.Sprintf("the credentials for %s go over the network in clear", u.Host), Fix: "say https"})
	}
}

// httpWithTLS is what containerd makes of tls settings for an http endpoint.
func (n *linter) httpWithTLS(u *url.URL) string {
	given := true
	if n.dialect.httpsFirst(hostEntry{scheme: u.Scheme, host: u.Host, skipVerify: &given}) {
		return "containerd then tries https first"
	}
	return "containerd does not use them there"
}

func (t *tlsSettings) written() bool {
	return t.ca.value != "" || t.cert.value != "" || t.pkey.value != "" || t.skipVerify
}

// webSites are hosts that people take for registries.
var webSites = []string{"hub.docker.com", "www.docker.com", "store.docker.com", "cloud.docker.com", "docker.com", "github.com", "www.github.com"}

// publicRegistries have images of their own; only a rewrite or a path finds others' there. So has
// each of a provider's.
var (
	publicRegistries   = []string{hubHost, "index.docker.io", "quay.io", "ghcr.io", "mcr.microsoft.com"}
	providerRegistries = lazyregexp.New(`^registry\.[a-z0-9-]+\.aliyuncs\.com$`)
)

// noMirror reports whether a host is known not to serve the images of a registry. elsewhere: it is
// asked for other repositories, or below a path.
func noMirror(registry, host string, elsewhere bool) bool {
	host = strings.ToLower(host)
	switch {
	case hostname(registry) == host, registry == hub && (host == hubHost || host == "index.docker.io"):
		return false
	case slices.Contains(webSites, host):
		return true
	}
	return !elsewhere && (slices.Contains(publicRegistries, host) || providerRegistries().MatchString(host))
}

// lintDefault finds an endpoint that is the registry itself.
func (n *linter) lintDefault(name string, m mirror, ep parsedEndpoint, last bool, report func(Issue)) {
	own, err := parseEndpoint(name, n.node.embeddedAddress())
	_, problem := nameProblem(name)
	_, configured := n.file.configs[name]
	switch {
	case err != nil, problem != "", name == wildcard, own.url.String() != ep.url.String():
		return
	case n.noDefault() && !configured: // then it is asked only because it is listed
		return
	}
	withPort := ep.url.Scheme + "://" + cause.HostPort(ep.url.Scheme, ep.url.Host)
	issue := Issue{Code: codeEndpointIsDefault, Detail: "this is the registry itself, which containerd asks last anyway", Fix: "remove the line"}
	switch {
	case last && len(m.rewrites) > 0:
		issue.Severity = SeverityWarning
		issue.Detail += "; as the last endpoint it gets no rewrites"
		issue.Fix = fmt.Sprintf("to rewrite at the registry itself, write its port: %q", withPort)
	case n.rendered[name] == nil && len(n.file.mirrors[wildcard].endpoints) > 0:
		issue.Detail += "; K3s drops an entry of nothing else, and the wildcard mirror counts"
		issue.Fix = fmt.Sprintf("to keep the registry from the wildcard mirror, write its port: %q", withPort)
	}
	report(issue)
}

// lintUnmatched finds a mirror whose name differs by the port from that of images on this
// node, while none has it; those of a public registry are written without one.
func (n *linter) lintUnmatched(name string, m mirror) {
	other, images := "", "images on this node are"
	if bare := hostname(name); bare != name && IsPublic(bare) {
		other, images = bare, "images are"
	}
	switch seen := n.seenAs(name); seen {
	case "":
	case name:
		return
	default:
		other, images = seen, "images on this node are"
	}
	if _, known := n.file.mirrors[other]; other == "" || known {
		return
	}
	n.report(n.file.position(m.key), Issue{Code: codeMirrorUnmatched, Registry: name,
		Detail: fmt.Sprintf("%s of %q, for which this mirror does not count", images, other),
		Fix:    fmt.Sprintf("did you mean %q?", other), Edits: []Edit{{At: n.file.position(m.key), Text: other}}})
}

// seenAs is the registry of images on this node that name or, where there are none of that, one
// which differs by the port; "" for neither.
func (n *linter) seenAs(name string) (other string) {
	for _, ref := range n.seen {
		if ref.Host == name {
			return name
		}
		if hostname(ref.Host) == hostname(name) {
			other = ref.Host
		}
	}
	return other
}

func hostname(host string) string {
	if port := portOf(host); port != "" {
		return strings.TrimSuffix(host, ":"+port)
	}
	return host
}
