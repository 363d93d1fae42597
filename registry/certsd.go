package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
)

// hostDir is one directory below certs.d as containerd reads it.
type hostDir struct {
	path       string // absolute on the node
	text       []byte // of hosts.toml
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

// readRoot reads every directory below abs that is wanted.
func (l *loader) readRoot(abs string) certsRoot {
	root := certsRoot{}
	entries := slices.DeleteFunc(l.files.list(abs), func(e fs.DirEntry) bool { return !l.wants(e.Name()) })
	texts := make([]*hostsText, len(entries))
	inParallel(len(entries), func(i int) {
		if dir := path.Join(abs, entries[i].Name()); entries[i].IsDir() || l.files.isDir(dir) {
			texts[i] = l.readText(dir)
		}
	})
	for i, entry := range entries {
		dir := path.Join(abs, entry.Name())
		switch {
		case texts[i] != nil:
			root[entry.Name()] = l.newDir(dir, texts[i])
		case l.files.exists(dir):
			root[entry.Name()] = notDirectory(dir)
		}
	}
	return root
}

// wants reports whether a directory is read: any, unless it is known which images matter.
func (l *loader) wants(dir string) bool { return l.wanted == nil || l.wanted[dir] }

// inParallel calls do for 0 to n-1 on every processor.
func inParallel(n int, do func(i int)) {
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}

// hostsText is a hosts.toml as read: a text or why it cannot be had, and what the text says or
// why containerd ignores it.
type hostsText struct {
	text    []byte
	err     error
	entries []hostEntry
	wrong   *tomlError
}

// readText reads the hosts.toml of a directory; several may be read at a time.
func (l *loader) readText(dir string) *hostsText {
	text, err := readLimited(l.files.fs, path.Join(dir, "hosts.toml"), maxConfigSize)
	if err != nil {
		return &hostsText{err: err}
	}
	return l.parseText(dir, text)
}

func (l *loader) parseText(dir string, text []byte) *hostsText {
	h := &hostsText{text: text}
	if len(text) > 0 {
		h.entries, h.wrong = l.dialect.parse(dir, text)
	}
	return h
}

// fileEndings are those of files that people keep beside the directories, and no host has.
var fileEndings = []string{".bak", ".cer", ".cert", ".crt", ".key", ".old", ".orig", ".pem", ".toml", ".txt", ".yaml", ".yml"}

// isBeside reports whether d is a file in which nobody looks for a registry: containerd opens only
// those of the registries that it is asked for.
func (d *hostDir) isBeside() bool {
	return d.unreadable && d.source == d.path && !mayBeHost(path.Base(d.path))
}

// mayBeHost reports whether a name in certs.d may be meant for a registry.
func mayBeHost(name string) bool {
	host := imageHost(name)
	registry := host == "localhost" || strings.ContainsAny(host, ".:") && unnamed(host) == ""
	return name == wildcardDir || registry && !slices.Contains(fileEndings, path.Ext(name))
}

// notDirectory is something else in the place of a directory, at which containerd gives up.
func notDirectory(abs string) *hostDir {
	hosts := path.Join(abs, "hosts.toml")
	err := &fs.PathError{Op: "open", Path: name(hosts), Err: syscall.ENOTDIR}
	return &hostDir{path: abs, source: abs, unreadable: true, failure: notOpened(abs, hosts, err)}
}

// notOpened is why no request is sent where a file of the directory or file at abs cannot be
// opened. Both may be named for an address with a password.
func notOpened(abs, file string, err error) *RouteError {
	return &RouteError{Stage: StageHostList, Message: WithoutUserinfo(openError(file, err)), File: WithoutUserinfo(abs)}
}

// newDir is a directory by its hosts.toml, or where there is none that can be read, by
// certificates as Docker lays them out. (core/remotes/docker/config/hosts.go, loadHostDir)
func (l *loader) newDir(dir string, h *hostsText) *hostDir {
	d := &hostDir{path: dir, text: h.text, rendered: l.rendered[path.Base(dir)]}
	abs := path.Join(dir, "hosts.toml")
	absent := errors.Is(h.err, fs.ErrNotExist)
	if !absent {
		l.files.note(abs, KindHostsTOML, h.err)
	}
	if h.err != nil && !absent {
		d.source = abs
		d.failure = notOpened(abs, abs, h.err)
		d.unreadable = !errors.Is(h.err, fs.ErrPermission) // containerd is root
		return d
	}
	for _, program := range []string{K3s, RKE2} {
		if bytes.HasPrefix(h.text, []byte(header(program))) {
			d.own, d.foreign = program == l.node.program(), program != l.node.program()
		}
	}
	l.fill(d, abs, h)
	return d
}

// fill gives d the entries of a hosts.toml that stands, or would stand, at abs.
func (l *loader) fill(d *hostDir, abs string, h *hostsText) {
	if len(h.text) > 0 {
		d.source = abs
		if h.wrong == nil {
			d.entries = h.entries
			return
		}
		l.files.complain(abs, fmt.Sprintf("line %d: %s", h.wrong.line, h.wrong.message))
		l.undecodable(d, abs, h.wrong)
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
		if !l.wants(name) {
			continue
		}
		dir := path.Join(abs, name)
		d := &hostDir{path: dir, rendered: h, own: true}
		l.fill(d, path.Join(dir, "hosts.toml"), l.parseText(dir, []byte(h.toml(l.node.program()))))
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
