package registry

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"gopkg.in/yaml.v3"
)

// The keys that K3s knows, by what they stand below.
// (rancher/wharfie pkg/registries/types.go)
var (
	topKeys    = []string{"mirrors", "configs"}
	mirrorKeys = []string{"endpoint", "rewrite"}
	configKeys = []string{"auth", "tls"}
	authKeys   = []string{"username", "password", "auth", "identity_token"}
	tlsKeys    = []string{"ca_file", "cert_file", "key_file", "insecure_skip_verify"}
)

// otherNames are what other tools call a key.
var otherNames = map[string]string{
	"user": "username", "login": "username", "pass": "password", "passwd": "password", "pwd": "password", "refresh_token": "identity_token",
	"ca": "ca_file", "ca_cert": "ca_file", "cacert": "ca_file", "cert": "cert_file", "client_cert": "cert_file", "key": "key_file", "client_key": "key_file",
	"insecure": "insecure_skip_verify", "skip_verify": "insecure_skip_verify", "skip_tls_verify": "insecure_skip_verify", "tls_skip_verify": "insecure_skip_verify",
	"url": "endpoint", "urls": "endpoint", "host": "endpoint", "hosts": "endpoint", "server": "endpoint", "servers": "endpoint",
}

// agentFlags are keys of config.yaml.
var agentFlags = []string{"system-default-registry", "embedded-registry", "disable-default-registry-endpoint", "private-registry", "pause-image", "airgap-extra-registry"}

// isSchemaWord reports whether a name is a key of an entry: where a registry's name is
// expected, such a key has lost its indentation.
func isSchemaWord(name string) bool {
	for _, known := range [][]string{topKeys, mirrorKeys, configKeys, authKeys, tlsKeys, {"endpoints", "rewrites"}} {
		if slices.Contains(known, name) {
			return true
		}
	}
	return false
}

// misplaced reports a key that stands where registries' names do.
func (n *linter) misplaced(key *yaml.Node, section string) {
	fix := "indent it deeper, below the name of the registry"
	if slices.Contains(topKeys, key.Value) {
		fix = misplacedKey(key.Value, nil)
	}
	n.report(n.file.position(key), Issue{Code: codeUnknownKey,
		Detail: fmt.Sprintf("%q stands where %s wants the name of a registry, and K3s takes it for one", key.Value, section), Fix: fix})
}

// keys finds what K3s ignores of a mapping, and keys that stand in it twice.
func (n *linter) keys(mapping *yaml.Node, known []string, where string) {
	top := slices.Equal(known, topKeys)
	if !top {
		n.duplicates(mapping)
	}
	for _, p := range pairs(mapping) {
		key := p.key.Value
		switch {
		case isMerge(p.key):
			for _, m := range merged(p) {
				n.merge(m, known, where)
			}
		case slices.Contains(known, key), deceives(key), top && strings.HasPrefix(key, "x-"):
		case top && key == "auths" && len(pairs(p.value)) == 0: // k3d writes it
		default:
			n.unknownKey(mapping, p.key, known, where)
		}
	}
}

// merge looks at a mapping that is merged into another.
func (n *linter) merge(mapping *yaml.Node, known []string, where string) {
	for _, p := range pairs(mapping) {
		if !isMerge(p.key) && !slices.Contains(known, p.key.Value) && !deceives(p.key.Value) {
			n.unknownKey(mapping, p.key, known, where)
		}
	}
}

func (n *linter) unknownKey(mapping, node *yaml.Node, known []string, where string) {
	key := node.Value
	issue := Issue{Code: codeUnknownKey, Detail: fmt.Sprintf("K3s knows no key %q %s and ignores it", key, where)}
	issue.Fix = misplacedKey(key, known)
	if _, value := lookUp(mapping, key); key == "sops" && len(children(value, "mac")) > 0 {
		issue.Detail = "sops has encrypted this file, wholly or in part, and K3s decrypts nothing"
		issue.Fix = "decrypt it first: sops -d FILE | pullwhy lint -"
	}
	if _, value := lookUp(mapping, key); slices.Equal(known, topKeys) && len(children(value, "mirrors"))+len(children(value, "configs")) > 0 {
		issue.Fix = "remove the line, and indent what stands below it less: mirrors and configs belong to the beginning of a line"
	}
	if near := nearest(key, known); near != "" && issue.Fix == "" {
		issue.Fix = fmt.Sprintf("did you mean %q?", near)
		if len(children(mapping, near)) == 0 {
			issue.Edits = []Edit{{At: n.file.position(node), Text: near}}
		}
	}
	for _, p := range keyPlaces[:4] { // whose keys other tools have under other names
		if near := nearest(key, p.keys); near != "" && issue.Fix == "" {
			issue.Fix = fmt.Sprintf("did you mean %q? If so, %s", near, p.where)
		}
	}
	if issue.Fix == "" {
		issue.Fix = fmt.Sprintf("remove it, or write one of %s", strings.Join(known, ", "))
	}
	at := n.file.position(node)
	issue.File, issue.Line, issue.Column = at.File, at.Line, at.Column
	if slices.Equal(known, topKeys) {
		issue = issue.of(unreadMirrors(mapping, key))
	}
	n.report(at, issue)
}

// unreadMirrors are the registries whose mirrors are ignored with a key at the beginning of a line:
// the key itself, or what stands below it.
func unreadMirrors(mapping *yaml.Node, key string) (names []string) {
	_, value := lookUp(mapping, key)
	if len(children(value, "endpoint")) > 0 {
		return []string{key}
	}
	for _, mirrors := range append(children(value, "mirrors"), value) {
		for _, p := range pairs(mirrors) {
			if len(children(p.value, "endpoint")) > 0 {
				names = append(names, p.key.Value)
			}
		}
	}
	return names
}

// keyPlaces are where the keys of K3s belong.
var keyPlaces = []struct {
	keys  []string
	where string
}{
	{tlsKeys, "it belongs into configs, under tls of the entry for the endpoint's host"},
	{[]string{"tls"}, "it belongs into configs, in the entry for the endpoint's host and port"},
	{authKeys, "it belongs into configs, under auth of the entry for the endpoint's host"},
	{mirrorKeys, "it belongs into mirrors, under the registry's name"},
	{topKeys, "it belongs to the beginning of a line"},
	{agentFlags, "it belongs into config.yaml, beside this file"},
	{[]string{"override_path"}, "remove it: K3s writes override_path by itself where an endpoint has a path"},
}

// misplacedKey says where a key belongs that K3s knows under another name or in another
// place; "" where it does not.
func misplacedKey(key string, known []string) string {
	top := slices.Equal(known, topKeys)
	switch {
	case key == "auths":
		return "write the credentials into configs, under auth of the entry for the endpoint's host"
	case key == "token" && slices.Equal(known, authKeys):
		return "write username and password, or identity_token for an OAuth2 refresh token"
	case top && strings.ContainsAny(key, ".:"):
		return "indent it, below mirrors or configs"
	}
	for _, p := range keyPlaces {
		if slices.Contains(p.keys, key) {
			return p.where
		}
	}
	return ""
}

// nearest is the known key that was probably meant: the same but for case, separators,
// plural and stray characters, what other tools call it, or at most two letters away.
func nearest(key string, known []string) string {
	if len(key) > 2*len("insecure_skip_verify") {
		return ""
	}
	plain := plainKey(key)
	if plain == "" {
		return ""
	}
	for _, k := range known {
		if p := plainKey(k); p == plain || p+"s" == plain || p == plain+"s" {
			return k
		}
	}
	for other, k := range otherNames {
		if slices.Contains(known, k) && plainKey(other) == plain {
			return k
		}
	}
	for _, k := range known {
		if len(k) > 4 && levenshtein.Distance(plain, plainKey(k), nil) <= 2 {
			return k
		}
	}
	return ""
}

func plainKey(key string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToLower(key))
}
