package registry

import (
	"bytes"
	"errors"
	"io/fs"
	"path"
)

// An Assumption is what to suppose of a node instead of what its files say. The zero value
// supposes nothing.
type Assumption struct {
	// Registries is the text of a registries.yaml with which K3s would have been
	// restarted; nil: the node's own counts, and rendered files as they stand.
	Registries []byte
	// RegistriesPath is the name of that text in issues and endpoints.
	RegistriesPath string
	// DisableDefaultEndpoint supposes --disable-default-registry-endpoint.
	DisableDefaultEndpoint bool
	// Images are the only ones whose endpoints will be asked for; nil: any. The files of other
	// image hosts are not read, and have no Issues and no Registries then.
	Images []Reference
}

// Load reads the node's registry configuration: registries.yaml, and where containerd's
// config.toml stands, the files that containerd itself reads, which then count; else what
// K3s would write. It never fails: what is wrong stands in Issues, what could not be read
// in Sources, and what containerd makes of it in the errors of [Config.Endpoints].
func Load(node *Node) *Config { return LoadAssuming(node, Assumption{}) }

// LoadAssuming is Load under an assumption. A registries.yaml that is supposed where there is
// no K3s or RKE2 is for another node: the files that it names are not looked for.
func LoadAssuming(node *Node, a Assumption) *Config {
	l := &loader{node: node, assumed: a, files: newFiles(node.FS)}
	if a.Registries != nil && !node.isK3s() {
		l.node, l.elsewhere = &Node{Root: node.Root, FS: node.FS, Distribution: K3s}, true
	}
	if a.Images != nil {
		l.wanted = map[string]bool{}
	}
	for _, image := range a.Images {
		for _, dir := range hostDirectories(image.Host) {
			l.wanted[dir] = true
		}
	}
	l.version = parseVersion(l.node.ContainerdVersion)
	l.dialect = dialect{fork: l.fork(), version: l.version}
	l.registries = &registriesFile{}
	l.readRegistries()
	cri := l.files.readCRI(l.node.configTOML(), l.version)
	l.judgedByFile = a.Registries != nil || cri == nil && node.isK3s()
	c := &Config{Node: node, loader: l}
	if cri == nil {
		cri = l.withoutConfigTOML()
	}
	if a.Registries != nil {
		cri.auth = l.registries.credentials()
	}
	l.cri = cri
	l.readRoots()
	l.pem = newPEMFiles(l.files)
	l.pem.elsewhere = l.elsewhere
	l.check()
	c.Sources, c.Issues = l.files.sources, l.issues.all
	return c
}

// loader holds what was read; it does not change after Load.
type loader struct {
	node    *Node
	assumed Assumption
	files   *files
	version version
	dialect dialect

	elsewhere    bool            // what is assumed is for another node
	wanted       map[string]bool // the directories that matter; nil: all
	registries   *registriesFile
	void         *RouteError          // registries.yaml is refused
	rendered     map[string]*k3sHosts // what K3s writes from it, by directory
	judgedByFile bool                 // rendered counts, not what stands in certs.d
	cri          *criConfig
	pem          *pemFiles
	roots        []certsRoot            // in the order of config_path; nil in legacy mode
	legacyFaults map[string]*RouteError // by endpoint host
	issues       issueList
}

// fork reports whether the rules of k3s-io/containerd hold.
func (l *loader) fork() bool {
	if l.node.ContainerdVersion != "" {
		return l.version.k3s
	}
	return l.node.isK3s()
}

func (l *loader) readRegistries() {
	text, abs := l.assumed.Registries, l.assumed.RegistriesPath
	if text == nil {
		if abs = l.node.RegistriesPath(); abs == "" {
			return
		}
		var err error
		text, err = l.files.read(abs, KindRegistriesYAML, maxConfigSize)
		switch {
		case err == nil:
		case isAbsent(err):
			return
		case errors.Is(err, fs.ErrPermission): // K3s, which is root, can read it
			l.void = &RouteError{Stage: StageRegistriesYAML, Message: openError(abs, err), File: abs}
			return
		default:
			l.refuse(abs, yamlError{Message: openError(abs, err), Fix: "put a registries.yaml in its place, or remove it"}, "")
			return
		}
	} else {
		l.files.note(abs, KindRegistriesYAML, nil)
	}
	file, errs := readRegistries(abs, text)
	if len(errs) > 0 {
		l.registries = &registriesFile{path: abs, text: text, root: file.root, told: file.told}
		for _, err := range errs {
			l.refuse(abs, err, "yaml: ")
		}
		return
	}
	l.registries = file
	if l.node.Flags.EmbeddedRegistry || l.embeddedStands() {
		file.embed(l.node)
	}
	l.rendered = file.hosts(l.noDefault(), l.node.embeddedAddress())
}

func (l *loader) noDefault() bool {
	return l.node.Flags.DisableDefaultEndpoint || l.assumed.DisableDefaultEndpoint
}

// embeddedStands reports whether K3s wrote a directory for the distributed registry
// mirror: on an agent, only the server's flag says that it runs.
func (l *loader) embeddedStands() bool {
	if !l.node.isK3s() {
		return false
	}
	dir := path.Join(l.node.certsD(), l.node.embeddedAddress())
	text, err := readLimited(l.files.fs, path.Join(dir, "hosts.toml"), maxConfigSize)
	return err == nil && bytes.HasPrefix(text, []byte(header(l.node.program())))
}

// refuse notes that K3s cannot use registries.yaml, and does not start with it.
func (l *loader) refuse(abs string, err yamlError, prefix string) {
	issue := Issue{Code: codeSyntax, File: abs, Line: err.Line, Column: err.Column, Detail: prefix + err.Message, Fix: err.Fix}
	if err.raw != "" {
		issue.Edits = []Edit{{At: Position{File: abs, Line: err.Line, Column: err.Column}, Text: err.raw, Raw: true}}
	}
	l.report(issue)
	if l.void == nil {
		message := err.Message
		if prefix != "" {
			message = err.Error()
		}
		l.void = &RouteError{Stage: StageRegistriesYAML, Message: message, File: abs, Line: err.Line}
	}
}

// withoutConfigTOML is what containerd is told where its config.toml does not stand: what
// K3s would write into it, or nothing.
func (l *loader) withoutConfigTOML() *criConfig {
	c := &criConfig{}
	switch {
	case l.node.isK3s():
		c.configPath = []string{l.node.certsD()}
		c.auth = l.registries.credentials()
	case l.version.since(2, 2, 0):
		c.configPath, c.transfer = defaultConfigPath, true
	}
	return c
}

func (l *loader) readRoots() {
	paths := l.cri.configPath
	if l.cri.matchesNothing() {
		paths = []string{}
	}
	if l.assumed.Registries != nil {
		paths = []string{l.node.certsD()}
	}
	for _, abs := range paths {
		root := l.readRoot(abs)
		if l.judgedByFile {
			l.overlayRendered(root, abs)
		}
		l.roots = append(l.roots, root)
	}
}

// legacy reports whether containerd reads no certs.d at all.
func (l *loader) legacy() bool { return len(l.cri.configPath) == 0 && !l.judgedByFile }

func isAbsent(err error) bool { return bare(err).Error() == bare(fs.ErrNotExist).Error() }

func (n *Node) isK3s() bool { return n.Distribution == K3s || n.Distribution == RKE2 }

// dataDir is where K3s or RKE2 keep their data.
func (n *Node) dataDir() string {
	if n.DataDir != "" {
		return n.DataDir
	}
	return "/var/lib/rancher/" + n.program()
}

func (n *Node) certsD() string { return n.dataDir() + "/agent/etc/containerd/certs.d" }

// RegistriesPath is where the node's K3s or RKE2 looks for its registries.yaml; "" where it has neither.
func (n *Node) RegistriesPath() string {
	switch {
	case !n.isK3s():
		return ""
	case n.Flags.PrivateRegistry != "":
		return n.Flags.PrivateRegistry
	}
	return usualRegistries(n)
}

func usualRegistries(n *Node) string { return "/etc/rancher/" + n.program() + "/registries.yaml" }

// configTOML is the file that containerd is started with.
func (n *Node) configTOML() string {
	switch {
	case n.ConfigTOML != "":
		return n.ConfigTOML
	case n.isK3s():
		return n.dataDir() + "/agent/etc/containerd/config.toml"
	}
	return "/etc/containerd/config.toml"
}
