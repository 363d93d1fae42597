package registry

import (
	"cmp"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A Mirror is an entry of mirrors as it stands in registries.yaml.
type Mirror struct {
	Name      string // image host; "*" for the wildcard
	At        Position
	Endpoints []MirrorEndpoint
}

// A MirrorEndpoint is a list item of a mirror, as written.
type MirrorEndpoint struct {
	Text   string // without user and password
	Scheme string // that K3s takes it for: http or https; "" where Text is no URL
	Host   string // host[:port]: the configs key that its settings are looked up under; "" where Text is no URL
	At     Position
}

// A ConfigsKey is an entry of configs as it stands in registries.yaml.
type ConfigsKey struct {
	Name string
	At   Position
	Auth Position // of the key auth; zero where the entry has none
	TLS  Position // of the key tls; zero where the entry has none
	Type AuthType // what the credentials come to; AuthNone where there are none, or none that K3s knows
}

// Mirrors lists the mirrors of registries.yaml in the order of the file, without what K3s
// adds by itself. It is empty where K3s refuses the file.
func (c *Config) Mirrors() []Mirror {
	f := c.state().registries
	var all []Mirror
	for name, m := range f.mirrors {
		if m.key == nil {
			continue
		}
		mirror := Mirror{Name: WithoutUserinfo(name), At: f.position(m.key)}
		for _, item := range m.endpoints {
			if item.node != nil {
				mirror.Endpoints = append(mirror.Endpoints, newMirrorEndpoint(item, f.position(item.node)))
			}
		}
		all = append(all, mirror)
	}
	slices.SortFunc(all, func(a, b Mirror) int { return comparePositions(a.At, b.At, a.Name, b.Name) })
	return all
}

func newMirrorEndpoint(item field, at Position) MirrorEndpoint {
	e := MirrorEndpoint{Text: strings.ReplaceAll(WithoutUserinfo(item.value), redacted+"@", ""), At: at}
	if p, err := parseEndpoint(item.value, ""); err == nil {
		e.Scheme, e.Host = p.url.Scheme, p.url.Host
	}
	return e
}

// ConfigsKeys lists the entries of configs of registries.yaml in the order of the file,
// without what K3s adds by itself. It is empty where K3s refuses the file.
func (c *Config) ConfigsKeys() []ConfigsKey {
	f := c.state().registries
	credentials := f.credentials()
	var all []ConfigsKey
	for name, s := range f.configs {
		if s.key == nil {
			continue
		}
		k := ConfigsKey{Name: WithoutUserinfo(name), At: f.position(s.key), Type: AuthNone}
		if s.auth != nil {
			k.Auth, k.Type = f.position(s.auth.key), credentials[name].auth(name).Type
		}
		if s.tls != nil {
			k.TLS = f.position(s.tls.key)
		}
		all = append(all, k)
	}
	slices.SortFunc(all, func(a, b ConfigsKey) int { return comparePositions(a.At, b.At, a.Name, b.Name) })
	return all
}

// comparePositions orders by place, and by name where aliases give several one place.
func comparePositions(a, b Position, nameA, nameB string) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column), cmp.Compare(nameA, nameB))
}

// A Place is how much of a path of keys stands in registries.yaml already.
type Place struct {
	Depth int      // how many of the keys, from the top
	At    Position // of the last of them; zero for none
	Alias string   // the anchor whose value stands for what is below it; "" for none
}

// Place follows a path of keys, such as configs and a host, as far as it is written.
func (c *Config) Place(path ...string) Place {
	f := c.state().registries
	p, node := Place{}, f.root
	for _, name := range path {
		if node == nil || node.Kind != yaml.MappingNode {
			break
		}
		key, value := lookUp(node, name)
		if key == nil {
			break
		}
		p.Depth, p.At, node = p.Depth+1, f.position(key), value
	}
	if node != nil && node.Kind == yaml.AliasNode {
		p.Alias = node.Value
	}
	return p
}
