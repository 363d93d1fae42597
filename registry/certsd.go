package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"syscall"
)

// hostDir is one directory below certs.d as containerd reads it.
type hostDir struct {
	path       string // absolute on the node
	entries    []hostEntry
	failure    *RouteError // why containerd gives up before the first request; nil for none
	source     string      // the file that decided; "" where nothing but the built-in default is configured
	rendered   *k3sHosts   // what K3s would write there; nil where it would write nothing
	own        bool        // hosts.toml begins as K3s' own
	unreadable bool        // failure is that hosts.toml is no file that can be read
	foreign    bool        // it begins as that of the other program: k3s on RKE2, rke2 on K3s
	ignored    bool        // hosts.toml does not decode
}

// certsRoot are the directories below one element of config_path, by name.
type certsRoot map[string]*hostDir

// find is the directory that containerd takes for an image host: the first that exists,
// in the first root that has any.
func find(roots []certsRoot, host string) *hostDir {
	for _, root := range roots {
		for _, name := range hostDirectories(host) {
			if d := root[name]; d != nil {
				return d
			}
		}
	}
	return nil
}

// readRoot reads every directory below abs.
func (l *loader) readRoot(abs string) certsRoot {
	root := certsRoot{}
	for _, entry := range l.files.list(abs) {
		dir := path.Join(abs, entry.Name())
		switch {
		case entry.IsDir() || l.files.isDir(dir):
			root[entry.Name()] = l.readDir(dir)
		case l.files.exists(dir):
			root[entry.Name()] = notDirectory(dir)
		}
	}
	return root
}

// notDirectory is something else in the place of a directory, at which containerd gives up.
func notDirectory(abs string) *hostDir {
	hosts := path.Join(abs, "hosts.toml")
	err := &fs.PathError{Op: "open", Path: name(hosts), Err: syscall.ENOTDIR}
	return &hostDir{path: abs, source: abs, unreadable: true, failure: &RouteError{Stage: StageHostList, Message: openError(hosts, err), File: abs}}
}

// readDir reads hosts.toml, or where there is none that can be read, certificates as
// Docker lays them out. (core/remotes/docker/config/hosts.go, loadHostDir)
func (l *loader) readDir(dir string) *hostDir {
	d := &hostDir{path: dir, rendered: l.rendered[path.Base(dir)]}
	abs := path.Join(dir, "hosts.toml")
	text, err := l.files.readAny(abs, KindHostsTOML, maxConfigSize)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		d.source = abs
		d.failure = &RouteError{Stage: StageHostList, Message: openError(abs, err), File: abs}
		d.unreadable = !errors.Is(err, fs.ErrPermission) // containerd is root
		return d
	}
	for _, program := range []string{K3s, RKE2} {
		if strings.HasPrefix(string(text), header(program)) {
			d.own, d.foreign = program == l.node.program(), program != l.node.program()
		}
	}
	l.readHosts(d, abs, text)
	return d
}

// readHosts gives d the entries of a hosts.toml that stands, or would stand, at abs.
func (l *loader) readHosts(d *hostDir, abs string, text []byte) {
	if len(text) > 0 {
		d.source = abs
		entries, err := l.dialect.parse(d.path, text)
		if err == nil {
			d.entries = entries
			return
		}
		l.files.complain(abs, fmt.Sprintf("line %d: %s", err.line, err.message))
		l.undecodable(d, abs, err)
		d.ignored = true
	}
	d.entries = []hostEntry{l.certificateFiles(d)}
}

// certificateFiles finds CAs (*.crt) and client pairs (*.cert, *.key) for the built-in
// default endpoint. (hosts.go, loadCertFiles)
func (l *loader) certificateFiles(d *hostDir) hostEntry {
	e := hostEntry{root: true}
	for _, entry := range l.files.list(d.path) {
		if entry.IsDir() {
			continue
		}
		file := path.Join(d.path, entry.Name())
		switch path.Ext(entry.Name()) {
		case ".crt":
			e.ca = append(e.ca, file)
		case ".cert":
			pair := ClientPair{Cert: file}
			if key := strings.TrimSuffix(file, ".cert") + ".key"; l.files.exists(key) {
				pair.Key = key
			}
			e.clients = append(e.clients, pair)
		default:
			continue
		}
		if d.source == "" {
			d.source = d.path
		}
	}
	return e
}

// overlayRendered puts what K3s would write over the directories that it leaves alone:
// it removes those of the same names, and those whose hosts.toml is its own.
// (k3s pkg/agent/containerd/config.go, cleanContainerdHosts)
func (l *loader) overlayRendered(root certsRoot, abs string) {
	for name, d := range root {
		if d.own || l.rendered[name] != nil {
			delete(root, name)
		}
	}
	for name, h := range l.rendered {
		dir := path.Join(abs, name)
		d := &hostDir{path: dir, rendered: h, own: true}
		l.readHosts(d, path.Join(dir, "hosts.toml"), []byte(h.toml(l.node.program())))
		d.source = l.registries.path
		root[name] = d
	}
}

// builtIn completes the last entry of a host that names no server.
// (hosts.go, ConfigureHosts)
func (d dialect) builtIn(e hostEntry, host string) hostEntry {
	e.scheme, e.host, e.path = "https", defaultHost(host), "/v2"
	e.pull, e.resolve, e.root = true, true, true
	if !isLocalhost(host) {
		return e
	}
	port := portOf(host)
	if port != "" && port != "443" || d.plainLoopback() {
		e.scheme = "http"
	}
	if port != "80" || d.plainLoopback() {
		yes := true
		e.skipVerify = &yes
	}
	return e
}

// hosts are the places that containerd asks for images of host, by directory d, which may
// be nil.
func (d dialect) hosts(dir *hostDir, host string) []hostEntry {
	if dir == nil {
		return []hostEntry{d.builtIn(hostEntry{}, host)}
	}
	entries := slices.Clone(dir.entries)
	if last := len(entries) - 1; last >= 0 && entries[last].host == "" {
		entries[last] = d.builtIn(entries[last], host)
	}
	return entries
}

// plainLoopback reports whether the release asks loopback hosts by http only, and never
// tries https before a configured http.
func (d dialect) plainLoopback() bool {
	return d.version.before(1, 6, 25) || d.version.since(1, 7, 0) && d.version.before(1, 7, 8)
}

// httpsFirst reports whether an http host is asked by https first: TLS settings and a
// port that leaves the protocol open. (hosts.go, ConfigureHosts)
func (d dialect) httpsFirst(e hostEntry) bool {
	if e.scheme != "http" || e.ca == nil && e.clients == nil && e.skipVerify == nil {
		return false
	}
	switch portOf(e.host) {
	case "80":
		return false
	case "":
		return !d.version.before(1, 7, 26)
	}
	return !d.plainLoopback()
}
