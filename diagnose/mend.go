package diagnose

import (
	"cmp"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// patch is what mends all findings that a patch can mend.
func (j *joined) patch(findings []Finding) string {
	var mistakes [][]registry.Edit
	for _, f := range findings {
		if f.Severity != Info && len(f.Edits) > 0 {
			mistakes = append(mistakes, f.Edits)
		}
	}
	return j.Config.PatchAll(mistakes)
}

// tie adds to an observation the mistake of registries.yaml behind it, and the edits that
// mend it where they follow from what is known.
func (j *joined) tie(o observation) observation {
	if o.flags = j.Flags; j.known {
		o.config = j.Config
	}
	switch o = j.repeated(o); {
	case o.endpoint == nil, o.passes:
		return o
	case o.target != "": // of whose settings only the CA file matters, which is the registry's
		if other := o.would(probe.OtherCA); other != nil && rendered(j.Node) && len(o.endpoint.CAFiles) == 0 {
			o.edits = o.caFile(other.File)
		}
	default:
		if o = j.tieIssue(o); o.behind == nil {
			o = j.tiePath(o)
		}
		if o.behind == nil && rendered(j.Node) {
			o = j.tieEntry(o)
		}
	}
	return j.patched(o)
}

// patched writes the observation's edits as a patch; edits that do not go together are none.
func (j *joined) patched(o observation) observation {
	if patch, err := j.Config.Patch(o.edits); err == nil {
		o.patch = patch
	} else {
		o.edits = nil
	}
	return o
}

// caFile gives the endpoint a CA file.
func (o observation) caFile(path string) []registry.Edit {
	return []registry.Edit{{Path: []string{"configs", credentialsKey(o.endpointHost()), "tls", "ca_file"}, Text: path}}
}

// tieEntry looks for the entry of configs that was meant, and for the edits that mend the
// endpoint's own.
func (j *joined) tieEntry(o observation) observation {
	switch o.cause {
	case cause.AuthMissing, cause.AuthRejected, cause.Forbidden, cause.RateLimited:
		if anonymous(*o.endpoint) {
			o = j.tieKey(o, func(k registry.ConfigsKey) bool { return k.Type != registry.AuthNone }, true)
		}
	case cause.TLSUnknownAuthority, cause.TLSClientCertRequired:
		o = j.tieKey(o, func(k registry.ConfigsKey) bool { return k.TLS.Line > 0 }, false)
		if other := o.would(probe.OtherCA); other != nil && o.meant == nil {
			o.edits = o.caFile(other.File)
		}
	case cause.ConnectRefused:
		o = j.tiePort(o)
	case cause.HTTPResponseToHTTPSClient:
		o.edits = j.otherScheme(o, "http")
	case cause.TLSHandshake:
		switch {
		case o.would(probe.OverHTTP) != nil:
			o.edits, o.issue = j.otherScheme(o, "http"), cmp.Or(o.issue, j.issueOf(codeHTTPWithTLS, o.configured()))
		case o.would(probe.OverHTTPS) != nil:
			o.edits = j.otherScheme(o, "https")
		}
	case cause.HTTPRequestToHTTPSServer:
		o.edits = j.otherScheme(o, "https")
	}
	return o
}

// tiePath has the endpoint's path written otherwise, where what is looked for is below another one.
func (j *joined) tiePath(o observation) observation {
	if o.otherPath() != "" || o.would(probe.AtRoot) != nil {
		o.edits, o.issue = o.editPath(), cmp.Or(o.issue, j.issueOf(codeEndpointPath, o.configured()))
	}
	return o
}

// tieKey looks for the configs entry that was meant for the endpoint and that containerd
// does not find, for it looks for exactly the host and port that it asks.
func (j *joined) tieKey(o observation, holds func(registry.ConfigsKey) bool, wildcard bool) observation {
	keys := j.Config.ConfigsKeys()
	host := credentialsKey(o.endpointHost())
	own := slices.IndexFunc(keys, func(k registry.ConfigsKey) bool { return k.Name == host })
	if own >= 0 && holds(keys[own]) {
		return o
	}
	for _, means := range []func(string, string) bool{sameName, dockerHub, anyHost} {
		for _, k := range keys {
			if !means(k.Name, host) || !holds(k) || k.Name == "*" && !wildcard || sameName(k.Name, host) && j.asked(k.Name) {
				continue
			}
			o = j.mean(o, k)
			if own < 0 && !registry.OwnPort(k.Name) {
				o.edits = []registry.Edit{{At: k.At, Text: host}}
			}
			return o
		}
	}
	// Under the mirrored registry's own name the entry may be meant for either: to rename it
	// could send one's credentials to the other.
	mirrored := slices.IndexFunc(keys, func(k registry.ConfigsKey) bool { return k.Name == o.endpoint.Registry && k.Name != host && holds(k) })
	if mirrored >= 0 && !o.endpoint.Default {
		o = j.mean(o, keys[mirrored])
	}
	return o
}

func (j *joined) mean(o observation, k registry.ConfigsKey) observation {
	o.meant, o.issue = &k, cmp.Or(o.issue, j.issueAt(k.At))
	return o
}

// sameName reports whether a configs key names the host but for port, scheme or path.
func sameName(key, host string) bool {
	_, rest, ok := strings.Cut(key, "://")
	if !ok {
		rest = key
	}
	rest, _, _ = strings.Cut(rest, "/")
	return bareName(rest) == bareName(host)
}

// bareName is a host without its port.
func bareName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return strings.Trim(host, "[]")
}

func dockerHub(key, host string) bool {
	return host == "registry-1.docker.io" && (key == "docker.io" || key == "index.docker.io" || strings.HasPrefix(key, "https://index.docker.io"))
}

func anyHost(key, _ string) bool { return key == "*" }

// asked reports whether the name is that of a mirror's endpoint or of a registry that is
// mirrored or pulled from, which needs its entry.
func (j *joined) asked(key string) bool {
	for _, m := range j.Config.Mirrors() {
		if m.Name == key || slices.ContainsFunc(m.Endpoints, func(e registry.MirrorEndpoint) bool { return e.Host == key }) {
			return true
		}
	}
	return slices.ContainsFunc(j.Routes, func(r Route) bool { return strings.HasPrefix(r.Image, key+"/") })
}

// issueAt is the mistake found in a line, nil for none.
func (j *joined) issueAt(at registry.Position) *registry.Issue { return j.issueOf("", at) }

// issueOf is the same of one code, "" for any.
func (j *joined) issueOf(code string, at registry.Position) *registry.Issue {
	for i, issue := range j.Config.Issues {
		if issue.File == at.File && issue.Line == at.Line && (code == "" || issue.Code == code) {
			return &j.Config.Issues[i]
		}
	}
	return nil
}

// otherScheme writes the endpoint with another scheme wherever it is listed. What says http
// loses its tls settings too: with them containerd asks https first, and stays with a server
// that cuts TLS off. (core/remotes/docker/resolver.go, NewHTTPFallback)
func (j *joined) otherScheme(o observation, scheme string) []registry.Edit {
	var edits []registry.Edit
	for _, m := range j.Config.Mirrors() {
		for _, e := range m.Endpoints {
			if e.Host != o.endpoint.Host || e.Scheme == "" || e.Scheme == scheme {
				continue
			}
			_, rest, ok := strings.Cut(e.Text, "://")
			if !ok {
				rest = e.Text
			}
			edits = append(edits, registry.Edit{At: e.At, Text: scheme + "://" + rest})
		}
	}
	if scheme != "http" || len(edits) == 0 && !o.endpoint.HTTPFallback || !encrypted(*o.endpoint) {
		return edits
	}
	off := registry.Edit{Path: []string{"configs", credentialsKey(o.endpointHost()), "tls"}, Remove: true}
	if all := append(slices.Clone(edits), off); j.fits(all) {
		return all
	}
	return edits
}

// fits reports whether edits can be made in the file as it is written.
func (j *joined) fits(edits []registry.Edit) bool {
	_, err := j.Config.Patch(edits)
	return err == nil
}

// encrypted reports whether the endpoint has settings for TLS.
func encrypted(ep registry.Endpoint) bool {
	return len(ep.CAFiles) > 0 || len(ep.Clients) > 0 || ep.SkipVerify || ep.HTTPFallback
}

// mended is the first step of a fix that can be made by patching registries.yaml; nil where
// it cannot.
func (o observation) mended() []Note {
	if o.patch == "" || o.supposed() == "-" { // what stood on standard input cannot be patched
		return nil
	}
	_, hunks, _ := strings.Cut(o.patch, "\n@@")
	correct := Note{Text: "correct registries.yaml:\n@@" + strings.TrimSuffix(hunks, "\n"), File: o.settings(), Command: o.patchCommand()}
	if apply := o.apply(correct); len(apply) == 1 && apply[0].Command != "" && o.here() {
		correct.Command += " && " + apply[0].Command
		return []Note{correct}
	}
	return o.change(correct)
}

// here reports whether the tool runs on the node that it looks at.
func (o observation) here() bool { return o.node.Root == "" || o.node.Root == "/" }

// patchCommand applies what --fix-diff prints, where pullwhy runs: below the node's root, or to
// the file that was judged in place of the node's. What no log tells must be asked for again.
func (o observation) patchCommand() string {
	tool, root := "pullwhy --fix-diff", "/"
	if !o.here() {
		root = quote(o.node.Root)
		tool = "pullwhy --host-root " + root + " --fix-diff"
	}
	for _, flag := range o.flags {
		tool += " " + quote(flag)
	}
	if o.pull == nil && o.image != "" {
		tool += " " + quote(o.image)
	}
	if file := o.supposed(); file != "" {
		return tool + " | patch " + quote(file)
	}
	return tool + " | patch -p1 -d " + root
}

// mirrored reports whether the entry that may have been meant is that of the registry for which
// the endpoint is a mirror: it may be for either.
func (o observation) mirrored() bool {
	return o.meant.Name == o.endpoint.Registry && o.meant.Name != "*"
}

// overlooked names the entry of configs that was meant, for the rules' details.
func (o observation) overlooked() string {
	if o.mirrored() {
		return fmt.Sprintf("the configs of %s are not its mirror's", o.meant.Name)
	}
	return fmt.Sprintf("the entry %q of configs is not for it: its key must be %q", o.meant.Name, credentialsKey(o.endpointHost()))
}

// misplaced says which entry of configs is not found, as evidence.
func (o observation) misplaced() Note {
	if o.meant == nil {
		return Note{}
	}
	return Note{
		Text: fmt.Sprintf("the entry %q of configs is not used for this endpoint: containerd looks for %q", o.meant.Name, credentialsKey(o.endpointHost())),
		File: o.meant.At.File, Line: o.meant.At.Line,
	}
}
