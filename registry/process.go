package registry

import (
	"bytes"
	"path"
	"strconv"
	"strings"
	"time"
)

// maxProcessFile is ample for a command line or an environment.
const maxProcessFile = 256 << 10

// A process is one that runs on the node and has to do with image pulls.
type process struct {
	dir     string // /proc/1234
	program string // base name: k3s, rke2, containerd
	args    []string
}

// processes lists those below /proc that are K3s, RKE2 or containerd.
func (f *files) processes() []process {
	var all []process
	for _, entry := range f.list("/proc") {
		if _, err := strconv.Atoi(entry.Name()); err != nil {
			continue
		}
		dir := "/proc/" + entry.Name()
		text, err := readLimited(f.fs, dir+"/cmdline", maxProcessFile)
		if err != nil {
			continue
		}
		args := strings.Split(string(bytes.TrimRight(text, "\x00")), "\x00")
		if len(args) == 1 { // K3s sets its title as one text
			args = strings.Fields(args[0])
		}
		if len(args) == 0 {
			continue
		}
		switch program := path.Base(args[0]); program {
		case K3s, RKE2, Containerd:
			all = append(all, process{dir, program, args[1:]})
		}
	}
	return all
}

// ticks are what /proc counts a second in, on every platform of Linux. (proc_pid_stat(5))
const ticks = 100

// started is when a process began: the kernel's start, and the ticks from there. The zero time
// where /proc does not say; the times of its directories are those of the first look.
func (f *files) started(p process) time.Time {
	own, err := readLimited(f.fs, p.dir+"/stat", maxProcessFile)
	if err != nil {
		return time.Time{}
	}
	rest := string(own[bytes.LastIndexByte(own, ')')+1:]) // the name before may hold blanks
	fields := strings.Fields(rest)
	if len(fields) < 20 || f.booted() == 0 {
		return time.Time{}
	}
	since, err := strconv.ParseInt(fields[19], 10, 64)
	if err != nil {
		return time.Time{}
	}
	return time.Unix(f.booted()+since/ticks, 0).UTC()
}

// booted is when the kernel began, in seconds, read once: the file takes the kernel a while. 0
// where it does not say.
func (f *files) booted() int64 {
	if f.boot == 0 {
		text, _ := readLimited(f.fs, "/proc/stat", maxConfigSize)
		_, boot, _ := strings.Cut(string(text), "\nbtime ")
		boot, _, _ = strings.Cut(boot, "\n")
		f.boot, _ = strconv.ParseInt(boot, 10, 64)
	}
	return f.boot
}

// isRuntime reports whether p is the containerd of a node with this data directory, or
// where that is "", one that neither K3s nor Docker started for itself.
func (p process) isRuntime(dataDir string) bool {
	if p.program != Containerd {
		return false
	}
	line := strings.Join(p.args, " ")
	if dataDir != "" {
		return strings.Contains(line, dataDir+"/")
	}
	return !strings.Contains(line, "/rancher/") && !strings.Contains(line, "/docker/")
}

// role is server or agent, "" for a process of another kind.
func (p process) role() string {
	if len(p.args) > 0 && (p.args[0] == "server" || p.args[0] == "agent") {
		return p.args[0]
	}
	return ""
}

// proxyEnvironment is the part of an environment that changes how containerd connects.
var proxyEnvironment = map[string]bool{
	"HTTP_PROXY": true, "HTTPS_PROXY": true, "NO_PROXY": true,
	"http_proxy": true, "https_proxy": true, "no_proxy": true,
	"SSL_CERT_FILE": true, "SSL_CERT_DIR": true,
}

// containerdPrefix marks variables that K3s gives to containerd without it.
// (k3s pkg/agent/containerd/containerd.go)
const containerdPrefix = "CONTAINERD_"

// pickEnvironment keeps what matters of an environment. Where it is that of containerd's
// parent, variables meant for containerd win.
func pickEnvironment(all map[string]string, parent bool) map[string]string {
	env := map[string]string{}
	for key, value := range all {
		if proxyEnvironment[key] {
			env[key] = value
		}
	}
	for key, value := range all {
		if own, ok := strings.CutPrefix(key, containerdPrefix); parent && ok && proxyEnvironment[own] {
			env[own] = value
		}
	}
	return env
}

func parseEnviron(text []byte) map[string]string {
	env := map[string]string{}
	for _, item := range strings.Split(string(text), "\x00") {
		if key, value, ok := strings.Cut(item, "="); ok {
			env[key] = value
		}
	}
	return env
}
