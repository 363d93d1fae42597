package registry

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

// hostEntry is one place to ask: a [host] table of hosts.toml, its root, or the built-in
// default. (containerd core/remotes/docker/config/hosts.go, hostConfig)
type hostEntry struct {
	key                string // as written: the table's name or the value of server; "" for the built-in default
	root               bool   // asked last
	scheme, host, path string
	override           bool
	pull, resolve      bool
	ca                 []string
	clients            []ClientPair
	skipVerify         *bool
	header             http.Header
	rewrites           []rewriteRule
	dialTimeout        time.Duration // 0: containerd's own
	lines              entryLines
}

// entryLines are the lines of an entry in hosts.toml, 0 for none: of its table or server, and
// of its keys.
type entryLines struct {
	entry int
	keys  []keyLine
}

type keyLine struct {
	key  string
	line int
}

// of is the line of a key, or where the entry begins.
func (l entryLines) of(key string) int {
	for _, k := range slices.Backward(l.keys) {
		if k.key == key {
			return k.line
		}
	}
	return l.entry
}

// A tomlError is why containerd ignores a file. The message holds none of the file's values.
type tomlError struct {
	line, column int // 1-based; 0: unknown
	message      string
}

// dialect says which containerd reads hosts.toml.
type dialect struct {
	fork    bool // k3s-io/containerd
	version version
}

// parse reads hosts.toml of directory dir. (hosts.go, parseHostsFile)
func (d dialect) parse(dir string, text []byte) ([]hostEntry, *tomlError) {
	scan := scanHosts(text)
	file, failure := d.decode(text, scan.order)
	if failure != nil {
		return nil, failure
	}
	for key, f := range file.Hosts {
		if slices.Contains(file.order, key) {
			continue
		}
		if wrong := d.mistyped(f, scan.lines[key]); wrong != nil { // decoded all the same
			return nil, wrong
		}
	}
	entries := make([]hostEntry, 0, len(file.order)+1)
	for _, key := range file.order {
		e, wrong, err := d.entry(key, dir, file.Hosts[key])
		e.lines = scan.lines[key]
		if err != nil {
			return nil, &tomlError{line: e.lines.of(wrong), message: err.Error()}
		}
		entries = append(entries, e)
	}
	if d.fork && file.Server == nil && len(entries) > 0 {
		if wrong := d.mistyped(file.HostFile, scan.root); wrong != nil {
			return nil, wrong
		}
		return entries, nil
	}
	var server string
	if file.Server != nil {
		server = *file.Server
	}
	root, wrong, err := d.entry(server, dir, file.HostFile)
	root.root, root.lines = true, scan.root
	if err != nil {
		return nil, &tomlError{line: max(scan.root.of(wrong), 1), message: err.Error()}
	}
	return append(entries, root), nil
}

// mistyped is a key of a table that is not looked at, by whose type the file does not decode.
func (d dialect) mistyped(f hostFile, lines entryLines) *tomlError {
	if err := d.readRewrites(&hostEntry{}, "", f); err != nil {
		return &tomlError{line: max(lines.of("rewrite"), 1), message: err.Error()}
	}
	if _, text := f.DialTimeout.(string); f.DialTimeout != nil && !text && d.timesDial() {
		return &tomlError{line: max(lines.of("dial_timeout"), 1), message: `invalid type for "dial_timeout"`}
	}
	return nil
}

// entry reads one host; with an error it names the key that is wrong.
// (hosts.go, parseHostConfig)
func (d dialect) entry(key, dir string, f hostFile) (e hostEntry, wrong string, err error) {
	e = hostEntry{key: key, override: f.OverridePath, skipVerify: f.SkipVerify}
	for _, part := range []struct {
		key  string
		read func(*hostEntry, string, hostFile) error
	}{
		{"server", readServer}, {"capabilities", d.readCapabilities}, {"ca", readCA}, {"client", readClients},
		{"header", readHeader}, {"rewrite", d.readRewrites}, {"dial_timeout", d.readDialTimeout},
	} {
		if err := part.read(&e, dir, f); err != nil {
			return e, part.key, err
		}
	}
	return e, "", nil
}

func readServer(e *hostEntry, _ string, _ hostFile) error {
	server := e.key
	if server == "" {
		return nil
	}
	if !strings.HasPrefix(server, "http") {
		server = "https://" + server
	}
	u, err := url.Parse(server)
	if err != nil {
		return errors.New("unable to parse the URL of a host")
	}
	e.scheme, e.host, e.path = u.Scheme, u.Host, u.Path
	if e.path != "" {
		e.path = path.Clean(e.path)
	}
	if !strings.HasSuffix(e.path, "/v2") && !e.override {
		e.path = path.Join(cmp.Or(e.path, "/"), "v2")
	}
	if e.path == "/" {
		e.path = ""
	}
	return nil
}

func (d dialect) readCapabilities(e *hostEntry, _ string, f hostFile) error {
	e.pull, e.resolve = len(f.Capabilities) == 0, len(f.Capabilities) == 0
	for _, c := range f.Capabilities {
		switch strings.ToLower(c) {
		case "pull":
			e.pull = true
		case "resolve":
			e.resolve = true
		case "push":
		case "referrers":
			if d.version.before(2, 2, 0) {
				return fmt.Errorf("unknown capability %q", c)
			}
		default:
			return fmt.Errorf("unknown capability %q", c)
		}
	}
	return nil
}

func readCA(e *hostEntry, dir string, f hostFile) error {
	switch ca := f.CA.(type) {
	case nil:
	case string:
		e.ca = []string{join(dir, ca)}
	case []any:
		names, err := texts(ca)
		e.ca = []string{} // even an empty list counts as TLS settings
		for _, name := range names {
			e.ca = append(e.ca, join(dir, name))
		}
		return err
	default:
		return errors.New(`invalid type for "ca"`)
	}
	return nil
}

func readClients(e *hostEntry, dir string, f hostFile) error {
	switch client := f.Client.(type) {
	case nil:
	case string:
		e.clients = []ClientPair{{Cert: join(dir, client)}}
	case []any:
		for _, item := range client {
			switch pair := item.(type) {
			case string:
				e.clients = append(e.clients, ClientPair{Cert: join(dir, pair)})
			case []any:
				names, err := texts(pair)
				if err != nil || len(names) != 2 {
					return errors.New(`invalid pair for "client"`)
				}
				e.clients = append(e.clients, ClientPair{Cert: join(dir, names[0]), Key: join(dir, names[1])})
			default:
				return errors.New(`invalid type for "client"`)
			}
		}
	default:
		return errors.New(`invalid type for "client"`)
	}
	return nil
}

func readHeader(e *hostEntry, _ string, f hostFile) error {
	for key, value := range f.Header {
		if e.header == nil {
			e.header = http.Header{}
		}
		switch v := value.(type) {
		case string:
			e.header[key] = []string{v}
		case []any:
			values, err := texts(v)
			if err != nil {
				return err
			}
			e.header[key] = values
		default:
			return fmt.Errorf("invalid type for header %q", key)
		}
	}
	return nil
}

// readRewrites reads the table that only the K3s build of containerd knows.
func (d dialect) readRewrites(e *hostEntry, _ string, f hostFile) error {
	if !d.fork || f.Rewrite == nil {
		return nil
	}
	table, ok := f.Rewrite.(map[string]any)
	if !ok {
		return errors.New(`invalid type for "rewrite"`)
	}
	for _, pattern := range slices.Sorted(maps.Keys(table)) {
		replacement, ok := table[pattern].(string)
		if !ok {
			return errors.New(`invalid type in "rewrite"`)
		}
		e.rewrites = append(e.rewrites, rewriteRule{pattern: pattern, replacement: replacement})
	}
	return nil
}

func (d dialect) readDialTimeout(e *hostEntry, _ string, f hostFile) (err error) {
	if f.DialTimeout == nil || f.DialTimeout == "" || !d.timesDial() {
		return nil
	}
	text, _ := f.DialTimeout.(string)
	if e.dialTimeout, err = time.ParseDuration(text); err != nil {
		return errors.New(`invalid duration for "dial_timeout"`)
	}
	return nil
}

// timesDial reports whether the release knows dial_timeout.
func (d dialect) timesDial() bool { return !d.version.before(2, 0, 7) }

func texts(list []any) ([]string, error) {
	all := make([]string, 0, len(list))
	for _, item := range list {
		text, ok := item.(string)
		if !ok {
			return nil, errors.New("unable to read a list item as text")
		}
		all = append(all, text)
	}
	return all, nil
}

// join is an absolute path, or a path relative to dir.
func join(dir, name string) string {
	if name = fileName(name); path.IsAbs(name) {
		return name
	}
	return path.Join(dir, name)
}
