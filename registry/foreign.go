package registry

import (
	"bytes"
	"regexp"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// foreign are files that are taken for a registries.yaml, by what tells them.
var foreign = []struct {
	sign, without func() *regexp.Regexp
	what, fix     string
}{
	{lazyregexp.New(`^\$ANSIBLE_VAULT;`), nil, "encrypted by ansible-vault", "decrypt it first: ansible-vault view FILE | pullwhy lint -"},
	{lazyregexp.New(`^\s*-----BEGIN `), nil, "a certificate or key", "name it in a registries.yaml, as ca_file, cert_file or key_file"},
	{lazyregexp.New(`^\s*(?i:<!doctype|<html|<\?xml)`), nil, "a web page", "fetch the file itself, such as its raw form"},
	{lazyregexp.New(`(?m)^\s*[\w."'-]+\s*=\s*(?:["'\[{\d]|true|false)`), lazyregexp.New(`(?m)^(?:mirrors|configs)\s*:`),
		"TOML, as containerd's config.toml and hosts.toml are", "give the registries.yaml, from which K3s renders it; what you write for containerd itself is judged in a tree with its config.toml: pullwhy lint --host-root DIR"},
}

// foreignText says what a text is that is no YAML, and what to do; "" for one that was meant to
// be some.
func foreignText(text []byte) (what, fix string) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return "", "" // UTF-16
	}
	control := 0
	for _, c := range text {
		if c < ' ' && c != '\t' && c != '\n' && c != '\r' {
			control++
		}
	}
	if control > len(text)/20 { // more than a slip
		return "no text", "give the registries.yaml"
	}
	for _, f := range foreign {
		if f.sign().Match(text) && (f.without == nil || !f.without().Match(text)) {
			return f.what, f.fix
		}
	}
	return "", ""
}
