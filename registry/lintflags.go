package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
)

// lintFlags judges the file together with the agent's flags.
func (n *linter) lintFlags() {
	own := false
	for _, name := range slices.Sorted(maps.Keys(n.file.mirrors)) {
		m := n.file.mirrors[name]
		if m.key == nil {
			continue
		}
		own = own || !isLocalhost(name) // K3s leaves those out
		if n.noDefault() && name != wildcard {
			n.lintDefaultKept(name, m)
		}
	}
	if n.node.Flags.EmbeddedRegistry && !own && n.node.isK3s() {
		n.report(n.flagPosition("embedded-registry"), Issue{Code: codeEmbeddedIdle,
			Detail: "the embedded registry is on, and no mirror is listed that would use it: it does not start",
			Fix:    "list the registries to share under mirrors of registries.yaml, without endpoints if need be"})
	}
}

// lintDefaultKept finds what keeps the default endpoint of a registry despite the flag.
// (getHostConfigs)
func (n *linter) lintDefaultKept(name string, m mirror) {
	s, configured := n.file.configs[name]
	own, _ := parseEndpoint(name, n.node.embeddedAddress())
	listed, meant := false, false // meant: the registry itself is listed
	for _, f := range m.endpoints {
		ep, err := parseEndpoint(f.value, n.node.embeddedAddress())
		listed = listed || f.node != nil
		meant = meant || err == nil && own.url != nil && ep.url.Host == own.url.Host
	}
	issue := Issue{Code: codeDefaultKept, Registry: name}
	switch at := n.file.position(s.key); {
	case meant:
	case configured && s.key != nil && listed:
		issue.Detail = fmt.Sprintf("the default endpoint of %s is still asked, despite disable-default-registry-endpoint: configs has an entry of the same name", name)
		issue.Fix = "remove the entry, or write it under the mirror's host"
		n.report(at, issue)
	case len(m.endpoints) == 0 && !configured && len(n.file.mirrors[wildcard].endpoints) == 0 && !n.mayShare():
		issue.Detail = fmt.Sprintf("the default endpoint of %s is still asked, despite disable-default-registry-endpoint: the mirror has no endpoint, and K3s drops it", name)
		issue.Fix = "name an endpoint"
		n.report(n.file.position(m.key), issue)
	}
}

// lintFlagFiles finds a config.yaml that K3s refuses, as it refuses to start with it.
func (n *linter) lintFlagFiles() {
	for _, s := range n.node.Sources {
		if s.Kind != KindConfigYAML || s.Status != StatusUnreadable {
			continue
		}
		text, err := readLimited(n.files.fs, s.Path, maxConfigSize)
		if err != nil && !errors.Is(err, fs.ErrPermission) { // K3s is root
			n.report(Position{File: s.Path}, Issue{Code: codeSyntax, Detail: openError(s.Path, err), Fix: "put a regular file in its place, or remove it"})
		}
		if err := (settingsOf{}).addYAML(text, s.Path); err != nil {
			n.report(Position{s.Path, err.Line, err.Column}, Issue{Code: codeSyntax, Detail: err.Error(), Fix: err.Fix})
		}
	}
}

// lintPrivateRegistry finds a flag that names a registries.yaml which is not there, of which K3s
// says nothing. The usual name is no such: it is given by installers too, whatever stands there.
func (n *linter) lintPrivateRegistry() {
	abs := n.node.Flags.PrivateRegistry
	if !n.node.isK3s() || abs == "" || abs == usualRegistries(n.node) || n.assumed.Registries != nil || n.files.exists(abs) {
		return
	}
	n.report(n.flagPosition("private-registry"), Issue{Code: codeMisplaced,
		Detail: fmt.Sprintf("private-registry names %s, which is not there: K3s runs without any mirrors and settings, and says nothing of it", abs),
		Fix:    "put the file there, or correct the path"})
}

// flagPosition is where a flag stands in the node's files.
func (n *linter) flagPosition(flag string) Position {
	for _, s := range n.node.Sources {
		if s.Status != StatusRead || s.Kind == KindProcess || !strings.Contains(s.Detail, flag) {
			continue
		}
		text, err := readLimited(n.files.fs, s.Path, maxConfigSize)
		if err != nil {
			continue
		}
		for i, line := range strings.Split(string(text), "\n") {
			if at := strings.Index(line, flag); at >= 0 && !isBlank(line) {
				return Position{s.Path, i + 1, at + 1}
			}
		}
	}
	return Position{File: "/etc/rancher/" + n.node.program() + "/config.yaml"}
}
