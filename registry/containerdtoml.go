package registry

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
)

// The plugins whose registry table CRI uses, by the version of config.toml.
const (
	pluginV1 = "cri"
	pluginV2 = "io.containerd.grpc.v1.cri"
	pluginV3 = "io.containerd.cri.v1.images"
)

// criConfig is what containerd's config.toml says about registries.
// (containerd internal/cri/config/config.go, Registry)
type criConfig struct {
	path       string // "" where no config.toml stands
	format     int64  // version that the file says; 0 for none
	configPath []string
	disabled   bool // the CRI plugin does not run
	transfer   bool // pulls may go through the transfer service
	mirrors    map[string]legacyMirror
	tls        map[string]legacyTLS
	auth       map[string]credentials
	header     map[string][]string
	ignored    string // why the file's registry table is not read; "" where it is, or there is none
	stray      stray

	places map[string]Position // of the parts of the registry table: "mirrors", "configs"; "" is the table itself
}

type legacyMirror struct {
	endpoints []string
	rewrites  []rewriteRule
}

type legacyTLS struct {
	ca, cert, key string
	skipVerify    bool
}

// table is a TOML table of unknown content.
type table = map[string]any

// readCRI reads config.toml at abs and what it imports. It returns nil where none stands
// or it cannot be read.
func (f *files) readCRI(abs string, v version) *criConfig {
	r := criReader{files: f, version: v, config: &criConfig{path: abs, places: map[string]Position{}}, seen: map[string]bool{}}
	plugin, ok := r.read(abs)
	if !ok {
		return nil
	}
	c, registry := r.config, sub(plugin, "registry")
	if text, _ := registry["config_path"].(string); text != "" {
		c.configPath = strings.Split(snapPaths.Replace(text), ":")
	}
	c.readMirrors(sub(registry, "mirrors"))
	c.readConfigs(sub(registry, "configs"), sub(registry, "auths"))
	c.readHeaders(sub(registry, "headers"))
	if v.since(2, 2, 0) && len(c.configPath) == 0 && len(c.mirrors) == 0 {
		c.configPath = defaultConfigPath
	}
	c.transfer = v.since(2, 1, 0) && usesTransfer(plugin, registry)
	return c
}

// defaultConfigPath is that of containerd 2.2 and later. (plugins/cri/images/plugin.go)
var defaultConfigPath = []string{"/etc/containerd/certs.d", "/etc/docker/certs.d"}

// matchesNothing reports whether config_path is a list, which the transfer service takes for the
// name of one directory, up to 2.4.2 at least. (core/transfer/registry/registry.go, WithHostDir)
func (c *criConfig) matchesNothing() bool { return c.transfer && len(c.configPath) > 1 }

// snapPaths fills in the variables that stand in the template of MicroK8s.
var snapPaths = strings.NewReplacer("${SNAP_DATA}", "/var/snap/microk8s/current", "${SNAP}", "/snap/microk8s/current")

// criReader reads the CRI plugin's table out of config.toml and its imports.
type criReader struct {
	files   *files
	version version
	config  *criConfig
	seen    map[string]bool // guards against circles
}

// read returns the plugin's table of a file with those of its imports over it, false where
// the file cannot be used.
func (r *criReader) read(abs string) (table, bool) {
	if r.seen[abs] || len(r.seen) > 100 {
		return nil, false
	}
	r.seen[abs] = true
	text, err := r.files.read(abs, KindConfigTOML, maxConfigSize)
	if err != nil {
		return nil, false
	}
	var root table
	if e := unmarshalTOML(text, &root); e != nil {
		r.files.complain(abs, fmt.Sprintf("line %d: %s", e.line, e.message))
		return nil, false
	}
	if len(r.seen) == 1 {
		r.config.format, _ = root["version"].(int64)
	}
	plugin := criPlugin(root, r.version)
	if plugin == nil {
		plugin = table{}
	}
	if reason := ignoredRegistry(root, plugin, r.version); reason != "" && r.config.ignored == "" {
		r.config.ignored = reason
	}
	if s := findStray(abs, text, root); r.config.stray.name == "" {
		r.config.stray = s
	}
	disabled, _ := root["disabled_plugins"].([]any)
	for _, name := range []any{pluginV1, pluginV2, pluginV3} {
		r.config.disabled = r.config.disabled || slices.Contains(disabled, name)
	}
	r.notePlaces(abs, text)
	imports, _ := root["imports"].([]any)
	for _, item := range imports {
		pattern, _ := item.(string)
		for _, name := range r.files.glob(join(path.Dir(abs), pattern)) {
			imported, _ := r.read(name)
			if r.version.before(2, 0, 0) && len(imported) > 0 {
				plugin = imported // as a whole
			} else {
				overlay(plugin, imported)
			}
		}
	}
	return plugin, true
}

// notePlaces notes where the registry table and its parts stand.
func (r *criReader) notePlaces(abs string, text []byte) {
	for key, line := range registryLines(text) {
		if _, known := r.config.places[key]; !known {
			r.config.places[key] = Position{File: abs, Line: line, Column: 1}
		}
	}
}

// glob returns the files that match a pattern in its last element.
func (f *files) glob(pattern string) []string {
	if !strings.ContainsAny(pattern, "*?[") {
		return []string{pattern}
	}
	var all []string
	for _, entry := range f.list(path.Dir(pattern)) {
		if ok, _ := path.Match(path.Base(pattern), entry.Name()); ok {
			all = append(all, path.Join(path.Dir(pattern), entry.Name()))
		}
	}
	return all
}

func overlay(to, from table) {
	for key, value := range from {
		under, both := to[key].(table)
		if over, ok := value.(table); ok && both {
			overlay(under, over)
			continue
		}
		to[key] = value
	}
}

func sub(t table, key string) table {
	s, _ := t[key].(table)
	return s
}

// criPlugin finds the table of the CRI plugin under the name that counts in this version of
// the file and of containerd; where the latter is unknown, the file's version decides.
// (services/server/config/config.go, Decode, of 1.x; plugins/cri/images/plugin.go,
// configMigration, of 2.x)
func criPlugin(root table, v version) table {
	plugins := sub(root, "plugins")
	format, _ := root["version"].(int64)
	switch {
	case v.before(2, 0, 0) && format > 2: // refused
		return nil
	case v.before(2, 0, 0) && format < 2, !v.known() && format < 2:
		return sub(plugins, pluginV1)
	case v.before(2, 0, 0), !v.known() && format == 2:
		return sub(plugins, pluginV2)
	}
	plugin := maps.Clone(sub(plugins, pluginV3))
	old := sub(plugins, pluginV2)
	if v1 := sub(plugins, pluginV1); v1 != nil && format < 2 {
		old = v1
	}
	if old != nil && (format < 3 || v.since(2, 3, 0) && format < 4) { // migrated, over what is there
		if plugin == nil {
			plugin = table{}
		}
		maps.Copy(plugin, old)
	}
	return plugin
}

// RegistryTable is the name of the table of config.toml in which this node's containerd looks
// for its settings of registries.
func (c *Config) RegistryTable() string { return c.state().registryTable() }

func (l *loader) registryTable() string {
	plugin := pluginV2
	switch {
	case l.cri.format > 2, l.cri.path == "" && l.version.since(2, 0, 0):
		plugin = pluginV3
	case l.cri.format < 2 && l.cri.path != "":
		plugin = pluginV1
	}
	return fmt.Sprintf("plugins.%q.registry", plugin)
}

// CertsDir is the directory in which containerd looks first for the hosts.toml of an image
// host, "" where it reads none.
func (c *Config) CertsDir() string {
	if cri := c.state().cri; len(cri.configPath) > 0 && !cri.matchesNothing() {
		return cri.configPath[0]
	}
	return ""
}

// ignoredRegistry says why no registry table counts though the file has one, "" where one
// counts or there is none.
func ignoredRegistry(root, plugin table, v version) string {
	format, _ := root["version"].(int64)
	if v.before(2, 0, 0) && format > 2 {
		return fmt.Sprintf("containerd before 2.0 knows no version %d of this file, and does not start", format)
	}
	if plugin["registry"] != nil {
		return ""
	}
	for _, name := range []string{pluginV1, pluginV2, pluginV3} {
		switch other := sub(sub(root, "plugins"), name); {
		case sub(other, "registry") == nil:
		case format == 0:
			return fmt.Sprintf("it stands under plugin %q, and the file says no version, which means 1", name)
		default:
			return fmt.Sprintf("it stands under plugin %q, and the file says version %d", name, format)
		}
	}
	return ""
}

// usesTransfer reports whether pulls go through the transfer service, as they do unless a
// setting rules it out. (internal/cri/config/config.go, CheckLocalImagePullConfigs)
func usesTransfer(plugin, registry table) bool {
	downloads, limited := plugin["max_concurrent_downloads"].(int64)
	switch {
	case plugin["use_local_image_pull"] == true, plugin["disable_snapshot_annotations"] == false,
		plugin["discard_unpacked_layers"] == true, plugin["image_pull_with_sync_fs"] == true,
		limited && downloads != 3,
		len(sub(registry, "mirrors")) > 0, len(sub(registry, "configs")) > 0, len(sub(registry, "auths")) > 0:
		return false
	}
	return true
}

func (c *criConfig) readMirrors(t table) {
	for name := range t {
		entry := sub(t, name)
		var m legacyMirror
		list, _ := entry["endpoint"].([]any)
		m.endpoints, _ = texts(list)
		rewrites := sub(entry, "rewrite")
		for _, pattern := range slices.Sorted(maps.Keys(rewrites)) {
			replacement, _ := rewrites[pattern].(string)
			m.rewrites = append(m.rewrites, rewriteRule{pattern: pattern, replacement: replacement})
		}
		if c.mirrors == nil {
			c.mirrors = map[string]legacyMirror{}
		}
		c.mirrors[name] = m
	}
}

func (c *criConfig) readConfigs(configs, auths table) {
	c.auth, c.tls = map[string]credentials{}, map[string]legacyTLS{}
	for host := range configs {
		entry := sub(configs, host)
		if auth := sub(entry, "auth"); auth != nil {
			c.auth[host] = readCredentials(auth)
		}
		if t := sub(entry, "tls"); t != nil {
			l := legacyTLS{ca: fileName(textOf(t, "ca_file")), cert: fileName(textOf(t, "cert_file")), key: fileName(textOf(t, "key_file"))}
			l.skipVerify, _ = t["insecure_skip_verify"].(bool)
			c.tls[host] = l
		}
	}
	for endpoint := range auths { // ValidatePluginConfig moves them
		host := endpoint
		if u, err := url.Parse(endpoint); err == nil && u.Scheme != "" {
			host = u.Host
		}
		c.auth[host] = readCredentials(sub(auths, endpoint))
	}
}

func (c *criConfig) readHeaders(t table) {
	for key, value := range t {
		list, _ := value.([]any)
		if values, err := texts(list); err == nil && len(values) > 0 {
			if c.header == nil {
				c.header = map[string][]string{}
			}
			c.header[key] = values
		}
	}
}

func textOf(t table, key string) string {
	s, _ := t[key].(string)
	return s
}
