package registry

import (
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// lintFiles opens what the file names, as containerd would: below the node's root.
func (n *linter) lintFiles() {
	dir := n.node.certsD() + "/HOST"
	for _, key := range slices.Sorted(maps.Keys(n.file.configs)) {
		t := n.file.configs[key].tls
		if t == nil || t.key == nil {
			continue
		}
		for _, fault := range n.pem.faults(t.entry(dir), dir) {
			if at := n.tlsPosition(fault, dir); at.Line > 0 {
				n.report(at, n.faultIssue(fault, key, dir))
			}
		}
		if t.ca.value != "" {
			n.lintCA(key, join(dir, t.ca.value), n.file.position(t.ca.key))
		}
	}
}

var fileFixes = map[string]string{
	codeFileUnreadable: "put the file there, or correct its path",
	codeCAInvalid:      "name a file with PEM certificates: -----BEGIN CERTIFICATE-----",
	codeKeyPairInvalid: "give cert_file and key_file that belong together, or neither",
}

// entry is what K3s renders of the settings.
func (t *tlsSettings) entry(dir string) hostEntry {
	var e hostEntry
	if t.ca.value != "" {
		e.ca = []string{join(dir, t.ca.value)}
	}
	if t.cert.value != "" || t.pkey.value != "" {
		e.clients = []ClientPair{{Cert: join(dir, t.cert.value), Key: join(dir, t.pkey.value)}}
	}
	return e
}

// lintCA finds a file in which no certificate can verify the server: neither an authority's
// nor the server's own.
func (n *linter) lintCA(host, abs string, at Position) {
	data, err := n.pem.read(abs)
	if err != nil {
		return
	}
	issue := Issue{Code: codeCAInvalid, Registry: host}
	for block, rest := pem.Decode(data); block != nil; block, rest = pem.Decode(rest) {
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		if cert.IsCA || !cert.BasicConstraintsValid || cert.VerifyHostname(hostname(host)) == nil {
			return
		}
		issue.Detail = fmt.Sprintf("the certificate in %s (%s) is neither an authority's nor one for %s", abs, cert.Subject, hostname(host))
		issue.Fix = "name the certificate of the authority that signed the server's"
		if cert.Subject.CommonName == hostname(host) && len(cert.DNSNames)+len(cert.IPAddresses) == 0 {
			issue.Detail = fmt.Sprintf("the certificate in %s has %s as its common name only, which containerd does not look at", abs, hostname(host))
			issue.Fix = "issue the server's certificate anew, with the name as a subjectAltName, and name that"
		}
	}
	if issue.Detail != "" {
		n.report(at, issue)
	}
}

// lintShadowed finds directories that K3s leaves alone and that containerd takes instead of
// those that K3s renders.
func (n *linter) lintShadowed() {
	for _, root := range n.roots {
		for _, name := range slices.Sorted(maps.Keys(root)) {
			d := root[name]
			host := imageHost(name)
			_, generated := n.rendered[host]
			switch {
			case d.own || !n.node.isK3s() || n.judgedByFile && d.rendered != nil:
			case host != name && generated:
				n.shadow(d, host, fmt.Sprintf("containerd prefers the directory %s to %s, which K3s writes", name, host))
			case n.rendered[wildcardDir] == nil || name == wildcardDir || n.rendered[name] != nil:
			case d.source == "":
				n.shadow(d, host, fmt.Sprintf("this directory has no hosts.toml, and keeps %s from the wildcard mirror", host))
			case d.foreign:
				n.shadow(d, host, fmt.Sprintf("this directory was left here by another program, and keeps %s from the wildcard mirror", host))
			}
		}
	}
}

func (n *linter) shadow(d *hostDir, host, detail string) {
	n.report(Position{File: d.path}, Issue{Code: codeShadowed, Registry: host, Detail: detail,
		Fix: "if nobody needs the directory, remove it", Command: command("rm -r", d.path)})
}

// plainPath is a path that needs no quotation marks in a shell.
var plainPath = lazyregexp.New(`^/[\w./:@-]+$`)

// command is one to type, "" where a path in it would need care.
func command(words ...string) string {
	for _, word := range words[1:] {
		if !plainPath().MatchString(word) {
			return ""
		}
	}
	return strings.Join(words, " ")
}

var (
	templateBase     = lazyregexp.New(`\{\{-?\s*template\s+"base"`)
	templateAuth     = lazyregexp.New(`(?m)^[^#\n]*(\bauth\b|PrivateRegistryConfig)`)
	templateRegistry = lazyregexp.New(`(?m)^[^#\n]*(registry[^=\n]*\]|config_path|PrivateRegistryConfig)`)
)

// lintTemplates finds a template of config.toml that leaves the registries out.
func (n *linter) lintTemplates() {
	if !n.node.isK3s() {
		return
	}
	abs := path.Join(path.Dir(n.node.certsD()), "config-v3.toml.tmpl")
	text, err := n.files.readAny(abs, KindTemplate, maxConfigSize)
	if err != nil || n.version.before(2, 0, 0) { // which knows version 2 only
		abs = path.Join(path.Dir(abs), "config.toml.tmpl")
		text, err = n.files.readAny(abs, KindTemplate, maxConfigSize)
	}
	if err != nil || templateBase().Match(text) {
		return
	}
	issue := Issue{Code: codeTemplate, Fix: `begin it with {{ template "base" . }} and keep only what you add`}
	switch {
	case !templateRegistry().Match(text):
		issue.Detail = "this template has no registry section: mirrors and credentials of registries.yaml do not reach containerd"
	case len(n.file.credentials()) > 0 && !templateAuth().Match(text):
		issue.Detail = "this template has no place for credentials: those of registries.yaml do not reach containerd"
	default:
		return
	}
	if n.void == nil && len(n.file.mirrors)+len(n.file.configs) == 0 {
		issue.Severity = SeverityInfo // there is nothing to lose yet
	}
	n.report(Position{File: abs, Line: 1}, issue)
}

// lintMisplaced finds a registries.yaml in a place where the agent does not look.
func (n *linter) lintMisplaced() {
	if !n.node.isK3s() || n.assumed.Registries != nil {
		return
	}
	program, used := n.node.program(), n.node.RegistriesPath()
	for _, abs := range n.elsewhereCandidates() {
		text, err := readLimited(n.files.fs, abs, maxConfigSize)
		mirrors := mirrorsIn(abs, text)
		if abs == used || err != nil || len(mirrors) == 0 {
			continue
		}
		issue := Issue{Code: codeMisplaced, File: abs, Line: 1, Detail: fmt.Sprintf("this looks like a registries.yaml, and %s reads only %s", program, used)}
		issue.Fix, issue.Command = "move it there", command("mv", abs, used)
		if n.files.exists(used) {
			issue.Fix, issue.Command = "join the two, and remove this one", ""
		}
		n.report(Position{File: abs, Line: 1}, issue.of(mirrors))
	}
}

// elsewhereCandidates are where a registries.yaml is put by mistake.
func (n *linter) elsewhereCandidates() []string {
	dir, other := "/etc/rancher/"+n.node.program(), map[string]string{K3s: RKE2, RKE2: K3s}[n.node.program()]
	all := []string{"/etc/rancher/registries.yaml", "/etc/rancher/" + other + "/registries.yaml", "/etc/" + n.node.program() + "/registries.yaml"}
	for _, name := range []string{"registries.yaml", "registry.yaml", "registry.yml", "registries.yml", "registries.yaml.txt", "registries", "config.yaml.d/registries.yaml"} {
		all = append(all, path.Join(dir, name))
	}
	for _, sub := range []string{"", "server/manifests", "agent", "agent/etc", "agent/etc/containerd"} {
		all = append(all, path.Join(n.node.dataDir(), sub, "registries.yaml"))
	}
	return all
}

// mirrorsIn are the mirrors of a file that looks like a registries.yaml, "" for one of configs
// alone; nil where it does not.
func mirrorsIn(abs string, text []byte) []string {
	f, errs := readRegistries(abs, text)
	switch {
	case len(errs) > 0 || len(f.mirrors)+len(f.configs) == 0:
		return nil
	case len(f.mirrors) == 0:
		return []string{""}
	}
	return slices.Sorted(maps.Keys(f.mirrors))
}

// renderedAt is when a file was written and the running agent started, as far as the files
// tell.
func (n *linter) renderedAt(abs string) string {
	written := n.files.modified(abs)
	if written.IsZero() {
		return ""
	}
	text := "; rendered " + clock(written)
	if !n.node.Started.IsZero() {
		text += ", the agent started " + clock(n.node.Started)
	}
	return text
}
