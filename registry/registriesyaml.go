package registry

import (
	"maps"
	"regexp/syntax"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// A field is a text of registries.yaml with its place.
type field struct {
	value string
	key   *yaml.Node // nil for a list item
	node  *yaml.Node // nil where K3s adds the value itself
}

// registriesFile is registries.yaml as K3s uses it.
// (rancher/wharfie pkg/registries/types.go)
type registriesFile struct {
	path    string // as shown
	text    []byte
	root    *yaml.Node
	mirrors map[string]mirror
	configs map[string]settings
	told    int // how many things it tells K3s
}

// mirror is an entry of mirrors.
type mirror struct {
	key       *yaml.Node // nil for one that K3s adds
	endpoints []field
	rewrites  map[string]rewriteRule // by pattern
}

// settings is an entry of configs.
type settings struct {
	key  *yaml.Node
	auth *authSettings
	tls  *tlsSettings
}

type authSettings struct {
	key *yaml.Node
	credentials
	keys map[string]*yaml.Node // of what is set, by name
}

type tlsSettings struct {
	key            *yaml.Node
	ca, cert, pkey field
	skipVerify     bool
	skipKey        *yaml.Node
}

// readRegistries reads registries.yaml. Any error means that K3s uses nothing of it.
func readRegistries(path string, text []byte) (*registriesFile, []yamlError) {
	f := &registriesFile{path: path, text: text}
	root, err := parseYAML(text)
	if err != nil {
		return f, []yamlError{*err}
	}
	if root == nil {
		return f, nil
	}
	f.root = root
	r := &yamlReader{}
	f.read(r)
	f.told = f.size()
	f.limitPatterns()
	if r.fatal != nil {
		return f, []yamlError{*r.fatal}
	}
	if len(r.errors) > 0 {
		lines := strings.Split(string(text), "\n")
		for i := range r.errors {
			r.errors[i].findLeftover(lines)
		}
	}
	return f, r.errors
}

func (f *registriesFile) read(r *yamlReader) {
	var ignored map[string]authSettings
	r.mapping(f.root, "registries.Registry", func() {}, func(key string, _, value *yaml.Node) {
		switch key {
		case "mirrors":
			readMap(r, value, "map[string]registries.Mirror", &f.mirrors, readMirror)
		case "configs":
			readMap(r, value, "map[string]registries.RegistryConfig", &f.configs, readSettings)
		case "auths":
			readMap(r, value, "map[string]registries.AuthConfig", &ignored, func(r *yamlReader, key, n *yaml.Node) (authSettings, bool) {
				a := authSettings{key: key}
				return a, readAuth(r, n, &a)
			})
		}
	})
}

// limitPatterns marks the rewrites beyond what is judged of a file.
func (f *registriesFile) limitPatterns() {
	size := 0
	for _, name := range slices.Sorted(maps.Keys(f.mirrors)) {
		m := f.mirrors[name]
		for _, rule := range m.rules() {
			if re, err := syntax.Parse(rule.pattern, syntax.Perl); err == nil {
				size += patternSize(re)
			}
			rule.unjudged = size > maxPatterns
			m.rewrites[rule.pattern] = rule
		}
	}
}

// readMap reads a mapping of names to values; a value that cannot be read has no entry.
func readMap[T any](r *yamlReader, n *yaml.Node, kind string, into *map[string]T, read func(r *yamlReader, key, value *yaml.Node) (T, bool)) {
	r.mapping(n, kind, func() { *into = nil }, func(name string, key, value *yaml.Node) {
		v, ok := read(r, key, value)
		if !ok {
			r.outOfPlace(name)
			return
		}
		if *into == nil {
			*into = map[string]T{}
		}
		(*into)[name] = v
	})
}

func readMirror(r *yamlReader, key, n *yaml.Node) (mirror, bool) {
	m := mirror{key: key}
	ok := r.mapping(n, "registries.Mirror", func() { m = mirror{key: key} }, func(name string, _, value *yaml.Node) {
		switch name {
		case "endpoint":
			r.list(value, &m.endpoints)
		case "rewrite":
			readMap(r, value, "map[string]string", &m.rewrites, func(r *yamlReader, key, n *yaml.Node) (rewriteRule, bool) {
				rule := rewriteRule{key: key}
				return rule, r.text(n, &rule.replacement)
			})
		}
	})
	for pattern, rule := range m.rewrites {
		rule.pattern = pattern
		m.rewrites[pattern] = rule
	}
	return m, ok
}

func readSettings(r *yamlReader, key, n *yaml.Node) (settings, bool) {
	s := settings{key: key}
	ok := r.mapping(n, "registries.RegistryConfig", func() { s = settings{key: key} }, func(name string, key, value *yaml.Node) {
		switch name {
		case "auth":
			if isNil(value) {
				s.auth = nil
				r.follow(value, func(n *yaml.Node) bool { return r.nilPointer(n, "registries.AuthConfig") })
				return
			}
			if s.auth == nil {
				s.auth = &authSettings{key: key}
			}
			readAuth(r, value, s.auth)
		case "tls":
			if isNil(value) {
				s.tls = nil
				r.follow(value, func(n *yaml.Node) bool { return r.nilPointer(n, "registries.TLSConfig") })
				return
			}
			if s.tls == nil {
				s.tls = &tlsSettings{key: key}
			}
			readTLS(r, value, s.tls)
		}
	})
	return s, ok
}

// isNil reports whether yaml.v2 leaves a pointer nil for the value, which it does for
// fewer spellings of null than it knows. (decode.go, prepare)
func isNil(n *yaml.Node) bool {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.ScalarNode {
		return false
	}
	if n.Style&yaml.TaggedStyle != 0 {
		return n.Tag == "!!null"
	}
	return n.Value == "null" || n.Value == "~" || n.Value == "" && isPlain(n)
}

// nilPointer refuses a quoted "null" or "~" for a struct.
func (r *yamlReader) nilPointer(n *yaml.Node, kind string) bool {
	if r.tag(n) != "!!null" {
		r.mismatch(n, kind)
		return false
	}
	return true
}

func readAuth(r *yamlReader, n *yaml.Node, into *authSettings) bool {
	if into.keys == nil {
		into.keys = map[string]*yaml.Node{}
	}
	clear := func() { *into = authSettings{key: into.key, keys: map[string]*yaml.Node{}} }
	return r.mapping(n, "registries.AuthConfig", clear, func(name string, key, value *yaml.Node) {
		var text string
		into.keys[name] = key
		switch name {
		case "username":
			r.text(value, &into.username)
		case "password":
			if r.text(value, &text) {
				into.password = NewSecret(text)
			}
		case "auth":
			if r.text(value, &text) {
				into.encoded = NewSecret(text)
			}
		case "identity_token":
			if r.text(value, &text) {
				into.token = NewSecret(text)
			}
		}
	})
}

func readTLS(r *yamlReader, n *yaml.Node, into *tlsSettings) bool {
	clear := func() { *into = tlsSettings{key: into.key} }
	return r.mapping(n, "registries.TLSConfig", clear, func(name string, key, value *yaml.Node) {
		text := func(f *field) {
			f.key, f.node = key, value
			r.text(value, &f.value)
		}
		switch name {
		case "ca_file":
			text(&into.ca)
		case "cert_file":
			text(&into.cert)
		case "key_file":
			text(&into.pkey)
		case "insecure_skip_verify":
			into.skipKey = key
			r.flag(value, &into.skipVerify)
		}
	})
}

// position is the place of a node of the file.
func (f *registriesFile) position(n *yaml.Node) Position { return at(f.path, n) }

// rules are the rewrites in the order of their patterns, as K3s writes them.
func (m mirror) rules() []rewriteRule {
	var all []rewriteRule
	for _, rule := range m.rewrites {
		all = append(all, rule)
	}
	slices.SortFunc(all, byPattern)
	return all
}
