package registry

import (
	"io/fs"
	"strings"
)

// ReadNode reads what the files below the host root say about the node's container
// runtime. It never fails: what is unknown stays at its zero value, and what could not be
// read stands in Sources. fsys may be nil for a node without files.
func ReadNode(fsys fs.FS) *Node {
	r := &nodeReader{files: newFiles(fsys)}
	r.node.FS = r.files.fs
	if text, err := readLimited(r.files.fs, "/etc/hostname", maxConfigSize); err == nil {
		r.node.Hostname = strings.TrimSpace(string(text))
	}
	r.processes = r.files.processes()
	r.identify()
	r.readUnit()
	r.readFlags()
	r.readEnvironment()
	r.readVersion()
	r.node.Sources = r.files.sources
	return &r.node
}

type nodeReader struct {
	node      Node
	files     *files
	processes []process
	runtime   *process // K3s or RKE2 that runs
	unit      unit
}

// other runtimes keep their files elsewhere.
var otherConfigs = []string{"/etc/containerd/config.toml", "/var/snap/microk8s/current/args/containerd.toml", "/etc/k0s/containerd.toml"}

// identify tells the distribution by what runs, else by what stands on the disk.
func (r *nodeReader) identify() {
	n := &r.node
	n.Distribution = Unknown
	for i, p := range r.processes {
		if p.program != Containerd && p.role() != "" {
			n.Distribution, r.runtime = p.program, &r.processes[i]
			if info, err := fs.Stat(r.files.fs, name(p.dir)); err == nil {
				n.Started = info.ModTime()
			}
			return
		}
	}
	signs := []func(d string) bool{
		func(d string) bool {
			return r.files.exists("/var/lib/rancher/" + d + "/agent/etc/containerd/config.toml")
		},
		func(d string) bool { return r.files.exists("/var/lib/rancher/" + d + "/agent") },
		func(d string) bool { return r.files.exists("/etc/rancher/" + d + "/registries.yaml") },
		func(d string) bool {
			return r.files.exists("/etc/rancher/"+d+"/config.yaml") || r.files.exists("/etc/rancher/"+d+"/config.yaml.d")
		},
		func(d string) bool { return len(r.unitsOf(d)) > 0 },
	}
	for _, sign := range signs {
		for _, d := range []string{K3s, RKE2} {
			if sign(d) {
				n.Distribution = d
				return
			}
		}
	}
	for _, abs := range otherConfigs {
		if r.files.exists(abs) {
			n.Distribution, n.ConfigTOML = Containerd, abs
			return
		}
	}
	if r.files.exists("/etc/containerd") || r.files.hasUnit(Containerd) || r.containerd("") != nil {
		n.Distribution = Containerd
	}
}

// unitsOf are the installed units of a distribution.
func (r *nodeReader) unitsOf(distribution string) []string {
	names := map[string][]string{
		K3s: {"k3s", "k3s-agent"}, RKE2: {"rke2-server", "rke2-agent"}, Containerd: r.node.runtimeUnits(),
	}
	var found []string
	for _, name := range names[distribution] {
		if r.files.hasUnit(name) {
			found = append(found, name)
		}
	}
	return found
}

// readUnit picks the unit that the running process belongs to, else the one installed.
func (r *nodeReader) readUnit() {
	n := &r.node
	switch {
	case r.runtime == nil:
		units := r.unitsOf(n.Distribution)
		if own := n.runtimeUnits(); own[0] != Containerd {
			units = append(units, own...) // a snap's unit, or one that k0s made where it likes
		}
		if len(units) > 0 {
			n.Unit = units[0]
		}
	case n.Distribution == RKE2:
		n.Unit = "rke2-" + r.runtime.role()
	case r.runtime.role() == "agent":
		n.Unit = "k3s-agent"
	default:
		n.Unit = "k3s"
	}
	if n.Unit != "" {
		r.unit = r.files.readUnit(n.Unit)
	}
}

// readFlags reads config.yaml, and over it the command line.
func (r *nodeReader) readFlags() {
	n := &r.node
	if !n.isK3s() {
		return
	}
	line := settingsOf{}
	line.addArgs(r.unit.args)
	if r.runtime != nil {
		line.addArgs(r.runtime.args)
	}
	all := settingsOf{}
	file := "/etc/rancher/" + n.program() + "/config.yaml"
	for _, named := range []string{r.unit.env[strings.ToUpper(n.program())+"_CONFIG_FILE"], line["config"]} {
		if named != "" {
			file = named
		}
	}
	if dir := r.unit.env[strings.ToUpper(n.program())+"_DATA_DIR"]; dir != "" {
		all["data-dir"] = dir
	}
	r.files.readConfigYAML(file, all)
	for flag, value := range line {
		all[flag] = value
	}
	n.Flags = all.flags()
	n.DataDir = strings.TrimRight(all["data-dir"], "/")
	n.DataDir = n.dataDir()
	n.LogPath = n.DataDir + "/agent/containerd/containerd.log"
}

// containerd is the running containerd of a data directory, nil for none.
func (r *nodeReader) containerd(dataDir string) *process {
	for i, p := range r.processes {
		if p.isRuntime(dataDir) {
			return &r.processes[i]
		}
	}
	return nil
}

// readEnvironment takes that of the running containerd, else of its parent, else of the
// unit.
func (r *nodeReader) readEnvironment() {
	n := &r.node
	for _, p := range []*process{r.containerd(n.DataDir), r.runtime} {
		if p == nil {
			continue
		}
		abs := p.dir + "/environ"
		text, err := r.files.read(abs, KindProcess, maxProcessFile)
		if err == nil {
			n.Env = pickEnvironment(parseEnviron(text), p.program != Containerd)
			n.EnvSource = abs
			break
		}
	}
	if n.EnvSource == "" {
		n.Env, n.EnvSource = pickEnvironment(r.unit.env, n.isK3s()), r.unit.from
	}
	if len(n.Env) == 0 {
		n.EnvSource = ""
	}
	if p := r.containerd(n.DataDir); p != nil && !n.isK3s() {
		r.readConfigFlag(p)
	}
}

// readConfigFlag notes the file that a containerd of no distribution was started with.
func (r *nodeReader) readConfigFlag(p *process) {
	line := settingsOf{}
	line.addArgs(p.args)
	if file := line["config"]; file != "" {
		r.node.ConfigTOML = file
	}
}

func (r *nodeReader) readVersion() {
	n := &r.node
	if n.LogPath != "" {
		n.ContainerdVersion = r.files.versionOfLog(n.LogPath)
	}
	if n.ContainerdVersion != "" {
		return
	}
	switch n.Distribution {
	case K3s:
		n.ContainerdVersion = r.files.versionOfBinary(n.DataDir + "/data/current/bin/containerd")
	case RKE2:
		n.ContainerdVersion = r.files.versionOfBinary(n.DataDir + "/bin/containerd")
	case Containerd:
		n.ContainerdVersion = r.files.versionOfBinary("/usr/bin/containerd", "/usr/local/bin/containerd")
	}
}
