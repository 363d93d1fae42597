package registry

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// hostKeys are those that containerd knows in hosts.toml, at its root and in a [host] table.
// (containerd core/remotes/docker/config/hosts.go, hostFileConfig)
var hostKeys = []string{"server", "host", "capabilities", "ca", "client", "skip_verify", "header", "override_path", "dial_timeout", "rewrite"}

// keysOfK3s are what registries.yaml calls them.
var keysOfK3s = map[string]string{"ca_file": "ca", "cert_file": "client", "key_file": "client", "insecure_skip_verify": "skip_verify"}

// lintHostKeys finds keys of a hosts.toml that containerd ignores.
func (n *linter) lintHostKeys(host string, d *hostDir) {
	for _, e := range d.entries {
		for _, k := range e.lines.keys {
			key := k.key
			issue := Issue{Code: codeUnknownKey, Registry: host}
			switch known := slices.Contains(hostKeys, strings.ToLower(key)); {
			case key == "rewrite" && !n.dialect.fork:
				issue.Detail = "only the containerd of K3s and RKE2 knows rewrite; this one ignores it"
				issue.Fix = "give the host a path in its URL, and override_path = true"
			case known:
				continue
			default:
				issue.Detail = fmt.Sprintf("containerd knows no key %q in hosts.toml and ignores it", key)
				issue.Fix = "remove it, or write one of " + strings.Join(hostKeys, ", ")
				if near := cmp.Or(keysOfK3s[key], nearest(key, hostKeys)); near != "" {
					issue.Fix = fmt.Sprintf("did you mean %q?", near)
				}
			}
			n.report(Position{File: d.source, Line: k.line, Column: 1}, issue)
		}
	}
}

// lintHostPath finds a path into a registry's API to which containerd appends that API's root,
// for want of override_path.
func (n *linter) lintHostPath(host string, d *hostDir) {
	for _, e := range d.entries {
		if e.override || !strings.HasPrefix(e.path, "/v2/") {
			continue
		}
		n.report(Position{File: d.source, Line: e.lines.of("server"), Column: 1}, Issue{
			Code: codeEndpointPath, Severity: SeverityWarning, Registry: host,
			Detail: fmt.Sprintf("containerd appends /v2 to the path: it asks %s://%s%s/REPOSITORY/manifests/TAG", e.scheme, e.host, e.path),
			Fix:    "write override_path = true below it",
		})
	}
}

// hostsName is what people call a hosts.toml by mistake.
var hostsName = lazyregexp.New(`(?i)^hosts?(\.(toml|tml|txt|ya?ml|conf))*$|\.toml$`)

// lintHostsName finds a hosts.toml under another name, in a directory that has none.
func (n *linter) lintHostsName(d *hostDir) {
	if d.source != "" {
		return
	}
	for _, entry := range n.files.list(d.path) {
		if !hostsName().MatchString(entry.Name()) || entry.Name() == "hosts.toml" || entry.IsDir() {
			continue
		}
		file := path.Join(d.path, entry.Name())
		n.report(Position{File: file, Line: 1}, Issue{Code: codeMisplaced, Registry: imageHost(path.Base(d.path)),
			Detail: fmt.Sprintf("containerd reads hosts.toml in this directory, not %s", entry.Name()),
			Fix:    "rename it", Command: command("mv", file, path.Join(d.path, "hosts.toml"))})
	}
}
