package registry

import (
	"cmp"
	"errors"
	"io/fs"
	"maps"
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
	r.readProcess()
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
	env       map[string]string // of K3s or RKE2, else of the unit
	envFrom   map[string]string // the file that each variable came from
	proxyFrom string            // the file that the proxy's came from
}

// other runtimes keep their files elsewhere.
var otherConfigs = []string{"/etc/containerd/config.toml", "/var/snap/microk8s/current/args/containerd.toml", "/var/snap/microk8s/current/args/containerd-template.toml", "/etc/k0s/containerd.toml"}

// identify tells the distribution by what runs, else by what stands on the disk.
func (r *nodeReader) identify() {
	n := &r.node
	n.Distribution = Unknown
	for i, p := range r.processes {
		if p.program != Containerd && p.role() != "" {
			n.Distribution, r.runtime = p.program, &r.processes[i]
			n.Started = r.files.started(p)
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
		return
	}
	r.noteDenied()
}

// noteDenied notes the folders into which a user other than root may not look, where nothing else
// tells what the node runs.
func (r *nodeReader) noteDenied() {
	for _, dir := range []string{"/etc/rancher", "/var/lib/rancher", "/etc/containerd"} {
		if _, err := fs.Stat(r.files.fs, name(dir+"/"+K3s)); errors.Is(err, fs.ErrPermission) {
			r.files.note(dir, KindConfigTOML, err)
		}
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

// readUnit picks the unit that the running process belongs to, else the one that starts at
// boot, else one installed, else that of a server where there is a server's data.
func (r *nodeReader) readUnit() {
	n := &r.node
	switch {
	case r.runtime == nil:
		n.Unit = r.installedUnit()
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

// readFlags reads the environment, over it config.yaml, and over that the command line.
// (k3s pkg/configfilearg/parser.go)
func (r *nodeReader) readFlags() {
	n := &r.node
	if !n.isK3s() {
		return
	}
	line, all := settingsOf{}, settingsOf{}
	line.addArgs(r.unit.args, r.unit.file)
	if r.runtime != nil {
		abs := r.runtime.dir + "/cmdline"
		r.files.note(abs, KindProcess, nil)
		line.addArgs(r.runtime.args, abs)
	}
	prefix := strings.ToUpper(n.program()) + "_"
	for variable, flag := range map[string]string{"CONFIG_FILE": "config", "DATA_DIR": "data-dir"} {
		if value := r.env[prefix+variable]; value != "" {
			all[flag] = setting{value, r.envFrom[prefix+variable]}
		}
	}
	file := cmp.Or(all["config"].value, line["config"].value, "/etc/rancher/"+n.program()+"/config.yaml")
	r.files.readConfigYAML(file, all)
	maps.Copy(all, line)
	n.Flags = all.flags()
	n.DataDir = strings.TrimRight(all["data-dir"].value, "/")
	n.DataDir = n.dataDir()
	n.LogPath = n.DataDir + "/agent/containerd/containerd.log"
	r.files.noteFlags(all)
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

func (r *nodeReader) installedUnit() string {
	n := &r.node
	units := r.unitsOf(n.Distribution)
	if own := n.runtimeUnits(); own[0] != Containerd {
		units = append(units, own...) // a snap's unit, or one that k0s made where it likes
	}
	for _, unit := range units {
		if r.files.exists("/etc/systemd/system/multi-user.target.wants/" + unit + ".service") {
			return unit
		}
	}
	switch {
	case len(units) > 0:
		return units[0]
	case n.isK3s() && r.files.isDir("/var/lib/rancher/"+n.Distribution+"/server/tls"):
		return map[string]string{K3s: "k3s", RKE2: "rke2-server"}[n.Distribution]
	}
	return ""
}

// readProcess reads the environment of the running K3s or RKE2, which is that of its unit
// where none runs.
func (r *nodeReader) readProcess() {
	r.env, r.envFrom, r.proxyFrom = r.unit.env, r.unit.from, r.unit.proxyFrom
	if r.runtime == nil {
		return
	}
	abs := r.runtime.dir + "/environ"
	if text, err := r.files.read(abs, KindProcess, maxProcessFile); err == nil {
		r.env, r.envFrom, r.proxyFrom = parseEnviron(text), map[string]string{}, abs
		for variable := range r.env {
			r.envFrom[variable] = abs
		}
	}
}

// readEnvironment takes that of the running containerd, else of its parent, else of the
// unit.
func (r *nodeReader) readEnvironment() {
	n := &r.node
	n.Env, n.EnvSource = pickEnvironment(r.env, n.isK3s()), r.proxyFrom
	if strings.HasPrefix(r.unit.proxyFrom, "/etc/") { // what is elsewhere is a package's, or gone with a boot
		n.EnvFile = r.unit.proxyFrom
	}
	p := r.containerd(n.DataDir)
	if p != nil {
		abs := p.dir + "/environ"
		n.ContainerdStarted = r.files.started(*p)
		if text, err := r.files.read(abs, KindProcess, maxProcessFile); err == nil {
			n.Env, n.EnvSource = pickEnvironment(parseEnviron(text), false), abs
			r.compareEnvironment()
		}
		if !n.isK3s() {
			r.readConfigFlag(p)
		}
	}
	if len(n.Env) == 0 {
		n.EnvSource = ""
	}
}

// readConfigFlag notes the file that a containerd of no distribution was started with.
func (r *nodeReader) readConfigFlag(p *process) {
	line := settingsOf{}
	line.addArgs(p.args, p.dir+"/cmdline")
	if file := line["config"].value; file != "" {
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
