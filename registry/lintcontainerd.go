package registry

import (
	"cmp"
	"fmt"
	"io/fs"
	"iter"
	"path"
	"slices"
	"strings"
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
	if table := n.cri.stray; table.name != "" {
		n.report(table.at, Issue{Code: codeConflict, Detail: "containerd does not read the table " + table.name + ": what it stands under is no plugin that has one",
			Fix: "write it as [" + n.registryTable() + "], with these quotes"})
		return
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

// lintUnread finds hosts.toml files that containerd does not read, for no config_path names their
// directory, or it names several. Where nobody wrote a list they are a warning: they may be meant
// for nerdctl, which reads them by itself.
func (n *linter) lintUnread() {
	_, err := fs.Stat(n.files.fs, name(n.node.configTOML()))
	absent := err != nil && isAbsent(err)
	list, missing := n.cri.matchesNothing(), n.missingCertsD()
	if n.node.isK3s() || len(n.cri.configPath) > 0 && !list && !missing || n.cri.disabled || !n.version.known() && !missing || n.cri.path == "" && !absent {
		return
	}
	at, found := n.cri.places[""], Issue{Code: codeConflict, Severity: SeverityWarning}
	found.File, found.Line, found.Column = cmp.Or(at.File, n.node.configTOML()), at.Line, at.Column
	dirs, why := []string{usualCertsD}, "this file sets no config_path"
	switch {
	case list && slices.Equal(n.cri.configPath, defaultConfigPath):
		dirs, why = defaultConfigPath, "its default config_path, "+strings.Join(defaultConfigPath, ":")+", is taken for one directory"
	case missing:
		why, found.Severity = fmt.Sprintf("config_path is %s, which is not there", n.cri.configPath[0]), SeverityError
	case list:
		dirs, why, found.Severity = n.cri.configPath, "config_path is a list, which is taken for one directory", SeverityError
	case absent:
		why = "this file is not there to set config_path"
	}
	var all []Issue
	for _, dir := range dirs {
		for host, file := range n.hostsFiles(dir) {
			found.Registry, found.Detail, found.Fix = host, fmt.Sprintf("containerd reads no hosts.toml, such as %s: %s", file, why), n.configPathFix(dir)
			all = append(all, found)
		}
	}
	if len(all) > 0 {
		all[0].Others = all[1:]
		n.found.add(all[0])
	}
}

// hostsFiles are the hosts.toml files in the directories of dir, by image host.
func (n *linter) hostsFiles(dir string) iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		for _, entry := range n.files.list(dir) {
			if file := path.Join(dir, entry.Name(), "hosts.toml"); n.files.exists(file) && !yield(imageHost(entry.Name()), file) {
				return
			}
		}
	}
}

// missingCertsD reports whether the one directory that config_path names is not there.
func (n *linter) missingCertsD() bool {
	return len(n.cri.configPath) == 1 && !n.files.isDir(n.cri.configPath[0])
}

// configPathFix is how config_path is set in this config.toml.
func (n *linter) configPathFix(dir string) string {
	fix := fmt.Sprintf("write config_path = %q below [%s], and restart containerd", dir, n.registryTable())
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
