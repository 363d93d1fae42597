package diagnose

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// A setting is what an endpoint lacks: a part of its host's entry of configs, and the same in
// containerd's own files.
type setting struct {
	part string   // tls or auth
	keys []string // below it, with their values as YAML gives them back
	toml string   // as a key of the host's table in hosts.toml; "" where it belongs into config.toml
}

// The settings that the rules give, with words to fill in.
var (
	aCA                = caSetting("/PATH/ca.crt")
	aClientCertificate = setting{"tls", []string{"cert_file: /PATH/client.crt", "key_file: /PATH/client.key"}, `client = ["/PATH/client.crt", "/PATH/client.key"]`}
	someCredentials    = setting{part: "auth", keys: []string{"username: USER", "password: PASSWORD"}}
)

func caSetting(file string) setting {
	return setting{"tls", []string{"ca_file: " + file}, fmt.Sprintf("ca = %q", file)}
}

// configure says what to write for the endpoint's host, where that belongs beside what stands
// there already, and why unless the finding says so.
func (o observation) configure(why string, s setting) []Note {
	var notes []Note
	switch {
	case !rendered(o.node):
		notes = o.inHosts(s)
	case o.meant != nil && !o.mirrored():
		return []Note{o.moved(s)}
	default:
		notes = []Note{o.inEntry(s)}
	}
	if last := &notes[len(notes)-1]; why != "" {
		last.Text = why + ": " + last.Text
	}
	return notes
}

// inEntry is the setting as registries.yaml takes it: what is missing of configs, the host's
// entry and its part, each below what is there.
func (o observation) inEntry(s setting) Note {
	return o.below([]string{"configs", o.settingsHost(), s.part}, s.keys)
}

// settingsHost is the key under which containerd looks for the endpoint's settings. Where a
// pasted error names no endpoint it is the image's own registry; for Docker Hub that would most
// often be a mirror.
func (o observation) settingsHost() string {
	host := credentialsKey(o.endpointHost())
	if host == "" && o.config == nil && o.own().Host != "docker.io" {
		host = o.own().Host
	}
	return cmp.Or(host, "HOST:PORT")
}

// moved brings the setting from the entry in which it was meant for the endpoint to the
// endpoint's own, where no patch can: that would show a secret, or take it from another registry.
func (o observation) moved(s setting) Note {
	host, from := credentialsKey(o.endpointHost()), o.meant.Auth
	if s.part == "tls" {
		from = o.meant.TLS
	}
	own := registry.Place{}
	if o.config != nil {
		own = o.config.Place("configs", host)
	}
	verb := "move"
	if registry.OwnPort(o.meant.Name) {
		verb = "copy"
	}
	switch {
	case own.Depth == 2:
		return Note{Text: fmt.Sprintf("%s %s below %q in line %d", verb, s.part, host, own.At.Line), File: from.File, Line: from.Line}
	case verb == "copy":
		return Note{Text: fmt.Sprintf("copy %s to a new entry %q", s.part, host), File: from.File, Line: from.Line}
	}
	return Note{Text: fmt.Sprintf("write %q in place of %q", host, o.meant.Name), File: o.meant.At.File, Line: o.meant.At.Line}
}

// below writes keys at the end of a path of registries.yaml, as much of it as is missing: a key
// that stands there twice would lose what the first one holds.
func (o observation) below(path, keys []string) Note {
	var place registry.Place
	if o.config != nil {
		place = o.config.Place(path...)
	}
	missing := path[place.Depth:]
	var text string
	switch {
	case place.Alias != "":
		text = fmt.Sprintf("in place of *%s: %s", place.Alias, inBraces(missing, keys, "<<: *"+place.Alias))
	case place.Depth == 0:
		text = yamlKey(missing[0]) + ": " + inBraces(missing[1:], keys)
	case len(missing) == 0:
		text = fmt.Sprintf("below %s set %s", yamlKey(path[len(path)-1]), strings.Join(keys, " and "))
	default:
		text = fmt.Sprintf("below %s: %s: %s", yamlKey(path[place.Depth-1]), yamlKey(missing[0]), inBraces(missing[1:], keys))
	}
	return Note{Text: text, File: cmp.Or(place.At.File, o.settings()), Line: place.At.Line}
}

// inBraces is YAML on one line: what comes first, and the keys below a path.
func inBraces(path, keys []string, first ...string) string {
	text := strings.Join(keys, ", ")
	for i := len(path) - 1; i >= 0; i-- {
		text = yamlKey(path[i]) + ": {" + text + "}"
	}
	return "{" + strings.Join(append(first, text), ", ") + "}"
}

// yamlKey quotes what is a name of the user's, and no key of K3s.
func yamlKey(key string) string {
	if strings.ContainsAny(key, ".:*") {
		return `"` + key + `"`
	}
	return key
}

// inHosts is the setting as containerd's own files take it, which belong to the user on this
// node.
func (o observation) inHosts(s setting) []Note {
	host := cmp.Or(credentialsKey(o.endpointHost()), "HOST:PORT")
	table := fmt.Sprintf("[%s.configs.%q.%s]", o.registryTable(), host, s.part)
	switch {
	case s.toml == "", o.legacy() && strings.HasPrefix(o.version(), "1."):
		return []Note{{Text: table + " and below it: " + tomlKeys(s.keys), File: o.configTOML()}}
	case o.legacy():
		return []Note{o.certsDir(), o.inTable(s.toml)}
	}
	return []Note{o.inTable(s.toml)}
}

// inTable is a key of the endpoint's own table in hosts.toml. Releases up to 1.7 refuse a file
// without any such table.
func (o observation) inTable(key string) Note {
	ep := o.endpoint
	switch {
	case ep == nil, ep.Source != o.settings():
		return Note{Text: fmt.Sprintf("[host.%q] and below it: %s", cmp.Or(o.url, "https://HOST:PORT"), key), File: o.settings()}
	case ep.Default:
		return Note{Text: "above the first table: " + key, File: ep.Source}
	}
	return Note{Text: fmt.Sprintf("below [host.%q]: %s", o.url, key), File: ep.Source, Line: ep.Line}
}

// plainServer makes containerd ask a registry itself by plain http.
func (o observation) plainServer() []Note {
	url := "http://" + o.host()
	switch {
	case o.legacy() && strings.HasPrefix(o.version(), "1."):
		return []Note{{Text: fmt.Sprintf("[%s.mirrors.%q] and below it: endpoint = [%q]", o.registryTable(), o.host(), url), File: o.configTOML()}}
	case o.legacy():
		return []Note{o.certsDir(), {Text: fmt.Sprintf("[host.%q]", url), File: o.settings()}}
	case o.endpoint.Source == o.settings():
		return []Note{{Text: fmt.Sprintf("server = %q", url), File: o.endpoint.Source, Line: o.endpoint.Line}}
	}
	return []Note{{Text: fmt.Sprintf("[host.%q]", url), File: o.settings()}}
}

// tomlKeys are keys of registries.yaml as config.toml has them.
func tomlKeys(keys []string) string {
	var all []string
	for _, key := range keys {
		name, value, _ := strings.Cut(key, ": ")
		all = append(all, fmt.Sprintf("%s = %q", name, value))
	}
	return strings.Join(all, " and ")
}

// legacy reports whether containerd is known to read no hosts.toml at all: its config.toml
// names no directory for them.
func (o observation) legacy() bool {
	return o.config != nil && o.node.Distribution == registry.Containerd && o.config.CertsDir() == ""
}

// certsDir makes containerd read hosts.toml files.
func (o observation) certsDir() Note {
	return Note{Text: fmt.Sprintf("below [%s]: config_path = %q", o.registryTable(), defaultCertsDir), File: o.configTOML()}
}

func (o observation) registryTable() string {
	if o.config == nil {
		return (&registry.Config{}).RegistryTable()
	}
	return o.config.RegistryTable()
}

func (o observation) version() string { return strings.TrimPrefix(o.node.ContainerdVersion, "v") }

func (o observation) configTOML() string {
	return cmp.Or(o.node.ConfigTOML, "/etc/containerd/config.toml")
}

// credentials says where the endpoint's credentials are given on this node.
func (o observation) credentials(why string) []Note {
	o.target = "" // credentials belong to the registry, not to its token service
	return o.configure(why, someCredentials)
}
