package registry

import (
	"fmt"
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
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
	configPath []string
	transfer   bool // pulls may go through the transfer service
	mirrors    map[string]legacyMirror
	tls        map[string]legacyTLS
	auth       map[string]credentials
	header     map[string][]string
	ignored    string // why the file's registry table is not read; "" where it is, or there is none
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
	root := f.tomlTables(abs, map[string]bool{})
	if root == nil {
		return nil
	}
	c := &criConfig{path: abs}
	plugin := criPlugin(root, v)
	registry := sub(plugin, "registry")
	if text, _ := registry["config_path"].(string); text != "" {
		c.configPath = strings.Split(text, ":")
	}
	c.ignored = ignoredRegistry(root, registry)
	c.readMirrors(sub(registry, "mirrors"))
	c.readConfigs(sub(registry, "configs"), sub(registry, "auths"))
	c.readHeaders(sub(registry, "headers"))
	if v.since(2, 2, 0) && registry["config_path"] == nil && len(c.mirrors) == 0 {
		c.configPath = []string{"/etc/containerd/certs.d", "/etc/docker/certs.d"}
	}
	c.transfer = v.since(2, 1, 0) && usesTransfer(plugin, registry)
	return c
}

// tomlTables reads a file and, over it, what it imports. seen guards against circles.
func (f *files) tomlTables(abs string, seen map[string]bool) table {
	if seen[abs] || len(seen) > 100 {
		return nil
	}
	seen[abs] = true
	text, err := f.read(abs, KindConfigTOML, maxConfigSize)
	if err != nil {
		return nil
	}
	var root table
	if err := toml.Unmarshal(text, &root); err != nil {
		e := newTOMLError(err)
		f.complain(abs, fmt.Sprintf("line %d: %s", e.line, e.message))
		return nil
	}
	if root == nil {
		root = table{}
	}
	imports, _ := root["imports"].([]any)
	for _, item := range imports {
		pattern, _ := item.(string)
		for _, name := range f.glob(join(path.Dir(abs), pattern)) {
			overlay(root, f.tomlTables(name, seen))
		}
	}
	return root
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

// criPlugin finds the table of the CRI plugin under the name that counts in this version
// of the file and of containerd.
func criPlugin(root table, v version) table {
	plugins := sub(root, "plugins")
	format, _ := root["version"].(int64)
	switch {
	case format >= 3:
		return sub(plugins, pluginV3)
	case format == 2 || sub(plugins, pluginV1) == nil && !v.before(2, 0, 0):
		return sub(plugins, pluginV2)
	}
	return sub(plugins, pluginV1)
}

// ignoredRegistry says why no registry table counts though the file has one, "" where one
// counts or there is none.
func ignoredRegistry(root, registry table) string {
	if registry != nil {
		return ""
	}
	for _, name := range []string{pluginV1, pluginV2, pluginV3} {
		if plugin := sub(sub(root, "plugins"), name); sub(plugin, "registry") != nil {
			return fmt.Sprintf("it stands under plugin %q, and the file says version %v", name, root["version"])
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
			l := legacyTLS{ca: textOf(t, "ca_file"), cert: textOf(t, "cert_file"), key: textOf(t, "key_file")}
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
