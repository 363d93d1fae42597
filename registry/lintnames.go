package registry

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

func (n *linter) lintMirrorName(name string, m mirror) {
	issue := Issue{Code: codeRegistryName, Registry: name}
	switch {
	case name == wildcard && len(m.endpoints) == 0 && n.mayShare():
		return
	case name == wildcard && len(m.endpoints) == 0:
		issue.Code, issue.Detail = codeWildcard, "the wildcard has no endpoint, and K3s drops it"
		issue.Fix = "name an endpoint, or remove the entry"
	case name == wildcard:
		return
	case slices.Contains(hubNames, name) || name == hubHost:
		issue.Detail = fmt.Sprintf("images of Docker Hub are looked up under docker.io, never under %q", name)
		issue.Fix = `write "docker.io"`
		issue.Edits = n.rename(m.key.Value, "mirrors", hub, Edit{At: n.file.position(m.key), Text: hub})
	default:
		host, problem := nameProblem(name)
		if problem == "" {
			problem = unnamed(name)
		}
		if problem == "" {
			return
		}
		issue = n.nameIssue(name, "mirrors", host, problem, n.file.position(m.key))
	}
	n.report(n.file.position(m.key), issue)
}

// nameIssue is the issue of a key that is no registry's name, and host the one that was
// probably meant, or "".
func (n *linter) nameIssue(name, section, host, problem string, at Position) Issue {
	issue := Issue{Code: codeRegistryName, Registry: name, Detail: fmt.Sprintf("nothing matches the name %q: it %s", name, problem), Fix: filledIn(name, "write the registry's own host[:port]")}
	if host != "" {
		issue.Fix = fmt.Sprintf("write %q", host)
		issue.Edits = n.rename(name, section, host, Edit{At: at, Text: host})
	}
	return issue
}

// mayShare reports whether an embedded registry may use the file though no flag of it is seen:
// it is a server's, and counts for agents too.
func (n *linter) mayShare() bool {
	return n.elsewhere || strings.HasSuffix(n.node.Unit, "-agent")
}

// rename is an edit unless the new name stands there already.
func (n *linter) rename(old, section, name string, e Edit) []Edit {
	_, mirrored := n.file.mirrors[name]
	_, configured := n.file.configs[name]
	if old == name || section == "mirrors" && mirrored || section == "configs" && configured {
		return nil
	}
	return []Edit{e}
}

// hubNames are what people take for Docker Hub's, and no image name or request has.
var hubNames = []string{"index.docker.io", "hub.docker.io", "hub.docker.com", "docker.com", "www.docker.com"}

// MeansHub reports whether a key of mirrors was meant for Docker Hub, by whatever name of it.
func MeansHub(key string) bool {
	host, _, _ := splitKey(key)
	return host == hub || host == hubHost || slices.Contains(hubNames, host)
}

// splitKey finds the host in a key, before which a scheme may stand, and behind which a path.
func splitKey(key string) (host string, scheme, hasPath bool) {
	_, rest, scheme := strings.Cut(key, "://")
	if !scheme {
		rest = key
	}
	host, _, hasPath = strings.Cut(rest, "/")
	return host, scheme, hasPath
}

// unnamed says why a name is no image's host, "" for one that is.
func unnamed(name string) string {
	switch ref, err := ParseReference(name + "/team/app:1"); {
	case err != nil:
		return "has characters that no image name has in its host"
	case ref.Host != name:
		return "is no registry's host: an image name that begins so belongs to docker.io"
	}
	return ""
}

// nameProblem says why a key can be no host[:port], and which host was probably meant.
func nameProblem(name string) (host, problem string) {
	host, scheme, hasPath := splitKey(name)
	trimmed, lower := strings.TrimSpace(name), strings.ToLower(name)
	switch {
	case trimmed == "":
		return "", "is empty"
	case hasPlaceholder(name):
		return "", "has a placeholder, and K3s replaces none"
	case scheme:
		return host, "has a scheme"
	case hasPath && strings.Trim(name, "/") == host:
		return host, "has a slash at its end"
	case hasPath:
		return host, "has a path"
	case strings.Contains(name, wildcard):
		return "", `has a "*", which stands for all registries only where it stands alone`
	case trimmed != name && hostPort().MatchString(trimmed):
		return trimmed, "has a blank before or behind it"
	case strings.ContainsAny(name, " \t@"):
		return "", "has characters that no host has"
	case !hostPort().MatchString(name):
		return "", "is no host with a port"
	case !possiblePort(portOf(name)):
		return "", "has a port above 65535"
	case lower != name && IsPublic(lower):
		return lower, "has an upper-case letter, and names are compared letter by letter"
	}
	return "", ""
}

var (
	hostPort    = lazyregexp.New(`^(\[[0-9a-fA-F:.%]+\]|[^:\[\]]+)(:\d+)?$`)
	placeholder = lazyregexp.New(`\$[({A-Za-z_]|\{\{|<[\w.-]+>|%%\w+%%`) // of a shell, a template or a manual
)

// filledIn is the fix for a placeholder: what makes a file of the template may do it later.
func filledIn(text, otherwise string) string {
	switch {
	case strings.Contains(text, "{{"), strings.Contains(text, "%%"):
		return renderFirst
	case strings.Contains(text, "$"):
		return otherwise + ", or judge the file as it is filled in: envsubst <FILE | pullwhy lint -"
	}
	return otherwise
}

func hasPlaceholder(text string) bool {
	return strings.ContainsAny(text, "${<%") && placeholder().MatchString(text)
}

// possiblePort reports whether a port can be asked; "" is the scheme's.
func possiblePort(port string) bool {
	number, err := strconv.Atoi(port)
	return port == "" || err == nil && number <= 65535
}

// lintConfigName finds keys that no host can match.
func (n *linter) lintConfigName(key string, s settings) bool {
	host, problem := nameProblem(key)
	if slices.Contains(hubNames, key) && !s.hasAuth() && !n.isEndpoint(key) {
		host, problem = hub, "is Docker Hub's, which is asked as docker.io"
	}
	if problem == "" {
		return false
	}
	at := n.file.position(s.key)
	n.report(at, n.nameIssue(key, "configs", host, problem, at))
	return true
}
