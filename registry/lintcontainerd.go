package registry

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
)

// lintConflicts finds settings of config.toml that containerd refuses or ignores together.
// (containerd internal/cri/config.ValidatePluginConfig)
func (n *linter) lintConflicts() {
	if len(n.cri.mirrors) > 0 && len(n.cri.configPath) > 0 {
		n.report(n.cri.places["mirrors"], Issue{Code: codeConflict, Detail: "`mirrors` cannot be set when `config_path` is provided: the CRI plugin of containerd does not start",
			Fix: "move the mirrors into hosts.toml files below config_path, and remove them here"})
	}
	if len(n.cri.tls) > 0 && len(n.cri.configPath) > 0 && !n.version.since(2, 0, 0) {
		n.report(n.cri.places["configs"], Issue{Code: codeConflict, Detail: "`configs.tls` cannot be set when `config_path` is provided: the CRI plugin of containerd does not start",
			Fix: "move ca, client and skip_verify into hosts.toml files below config_path, and remove them here"})
	}
	if n.cri.ignored != "" {
		n.report(n.cri.places[""], Issue{Code: codeConflict, Detail: "containerd does not read this file's registry section: " + n.cri.ignored,
			Fix: "write the section under the plugin that this version of the file has, or correct the version"})
		return
	}
	n.lintUnread()
}

// usualCertsD is where containerd's documentation puts hosts.toml files.
const usualCertsD = "/etc/containerd/certs.d"

// lintUnread finds hosts.toml files that no config_path names. They are a warning, for they may be
// meant for nerdctl, which reads them by itself.
func (n *linter) lintUnread() {
	_, err := fs.Stat(n.files.fs, name(n.node.configTOML()))
	absent := err != nil && isAbsent(err)
	if n.node.isK3s() || len(n.cri.configPath) > 0 || n.cri.disabled || !n.version.known() || n.cri.path == "" && !absent {
		return
	}
	for _, entry := range n.files.list(usualCertsD) {
		hosts := path.Join(usualCertsD, entry.Name(), "hosts.toml")
		if !n.files.exists(hosts) {
			continue
		}
		at, where := n.cri.places[""], "this file sets no config_path"
		at.File = cmp.Or(at.File, n.node.configTOML())
		if absent {
			where = "this file is not there to set config_path"
		}
		n.report(at, Issue{Code: codeConflict, Severity: SeverityWarning,
			Detail: where + ", and without it containerd reads no hosts.toml, such as " + hosts,
			Fix:    n.configPathFix()})
		return
	}
}

// configPathFix is how config_path is set in this config.toml.
func (n *linter) configPathFix() string {
	fix := fmt.Sprintf("write config_path = %q below [%s], and restart containerd", usualCertsD, n.registryTable())
	switch {
	case n.cri.path == "" && n.version.since(2, 0, 0):
		return fix + "; the file begins with version = 3"
	case n.cri.path == "":
		return fix + "; the file begins with version = 2"
	case len(n.cri.mirrors) > 0:
		return "move the mirrors of this file into hosts.toml files, and " + fix
	}
	return fix
}

// lintConfigTOML finds a config.toml that containerd cannot read.
func (n *linter) lintConfigTOML() {
	for _, s := range n.files.sources {
		if s.Kind != KindConfigTOML || s.Status != StatusUnreadable {
			continue
		}
		text, err := readLimited(n.files.fs, s.Path, maxConfigSize)
		if err != nil {
			continue
		}
		var root table
		if e := unmarshalTOML(text, &root); e != nil {
			n.report(Position{s.Path, e.line, e.column}, Issue{Code: codeSyntax, Detail: "containerd does not start with this file: " + e.message, Fix: "correct the line"})
		}
	}
}
