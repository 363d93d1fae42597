package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/registry"
)

// host is host[:port] of what failed, as a configs key or a URL has it.
func (o observation) host() string {
	_, host, _ := split(cmp.Or(o.target, o.url))
	return host
}

// name is the host without its port.
func (o observation) name() string { return bareName(o.host()) }

// dialled is host:port of what failed, the scheme's port filled in.
func (o observation) dialled() string {
	scheme, host, _ := split(cmp.Or(o.target, o.url))
	return cause.HostPort(scheme, host)
}

// api is the URL by which what failed can be asked by hand.
func (o observation) api() string {
	url := cmp.Or(o.target, o.url, "HOST:PORT")
	switch {
	case !strings.Contains(url, "://"):
		url = "https://" + url
	case o.endpoint != nil && o.target == "":
		return o.endpoint.PingURL()
	}
	if o.target != "" {
		return url + "/"
	}
	return url + "/v2/"
}

// rendered reports whether the agent of K3s or RKE2 writes containerd's files on this node,
// which is taken for granted where a log is all there is.
func rendered(n *registry.Node) bool {
	return n.Distribution != registry.Containerd
}

// embedded reports whether the endpoint is the registry that the agent itself runs.
func (o observation) embedded() bool { return o.endpoint != nil && o.endpoint.Embedded }

// settings is the file in which an endpoint is configured on this node.
func (o observation) settings() string {
	switch file := o.supposed(); {
	case file != "":
		return file
	case rendered(o.node):
		return registriesOf(o.node)
	case o.endpoint != nil && strings.HasSuffix(o.endpoint.Source, "hosts.toml"):
		return o.endpoint.Source
	}
	dir := defaultCertsDir
	if o.config != nil {
		dir = cmp.Or(o.config.CertsDir(), dir)
	}
	if o.endpoint == nil || o.endpoint.Registry == "" {
		return dir
	}
	return dir + "/" + o.endpoint.Registry + "/hosts.toml"
}

// registriesOf is the node's registries.yaml, the name alone where its distribution is unknown.
func registriesOf(n *registry.Node) string {
	if n.Distribution == registry.Unknown {
		return "registries.yaml"
	}
	return n.RegistriesPath()
}

// supposed is the file that is judged in place of the node's registries.yaml, "" for none.
func (o observation) supposed() string {
	if o.config == nil || o.config.Supposed() == registriesOf(o.node) {
		return ""
	}
	return o.config.Supposed()
}

// defaultCertsDir is where hosts.toml files stand unless config.toml names another directory.
const defaultCertsDir = "/etc/containerd/certs.d"

// mendEndpoint says where the endpoint itself is written, and what is to be done there.
func (o observation) mendEndpoint(text string) Note {
	file, line := o.settings(), 0
	if o.endpoint != nil && o.configured().File != "" {
		file, line = o.configured().File, o.configured().Line
	}
	return Note{Text: text, File: file, Line: line}
}

// mendName corrects the endpoint's name or port where it is written, for an image's own registry
// in the image's name, which needs no restart.
func (o observation) mendName(what, further string) Note {
	if o.asDefault() {
		return Note{Text: what + " in the image's name" + further}
	}
	return o.mendEndpoint(what + further + o.thenRestart())
}

// asDefault reports whether the endpoint is the image's own registry.
func (o observation) asDefault() bool {
	if o.endpoint != nil {
		return o.endpoint.Default && credentialsKey(o.endpoint.Registry) == credentialsKey(o.endpointHost())
	}
	return o.attempt != nil && o.attempt.Default
}

// withScheme is the endpoint with another scheme, in the place where it is written.
func (o observation) withScheme(scheme string) Note {
	_, rest, _ := strings.Cut(o.url, "://")
	return o.mendEndpoint(fmt.Sprintf("say %s: %q", scheme, scheme+"://"+cmp.Or(rest, o.host(), "HOST:PORT")))
}

// credentialsKey is the configs key by which settings for a host are found: those of Docker
// Hub by the host that is asked.
func credentialsKey(host string) string {
	if host == "docker.io" || host == "index.docker.io" {
		return "registry-1.docker.io"
	}
	return host
}

// apply says how a change of the settings takes effect on this node.
func (o observation) apply(changed ...Note) []Note {
	if !rendered(o.node) {
		if slices.ContainsFunc(changed, func(n Note) bool { return n.File == o.configTOML() }) {
			return []Note{{Text: "make it take effect", Command: "systemctl restart " + cmp.Or(o.node.Unit, registry.Containerd)}}
		}
		return nil // hosts.toml is read at every pull
	}
	if file := o.supposed(); file != "" && slices.ContainsFunc(changed, func(n Note) bool { return n.File == file }) {
		return []Note{{Text: fmt.Sprintf("make it take effect: put it in the place of %s and restart the agent", registriesOf(o.node))}}
	}
	if o.node.Unit != "" {
		return []Note{{Text: "make it take effect", Command: "systemctl restart " + o.node.Unit}}
	}
	units := "k3s or k3s-agent"
	switch o.node.Distribution {
	case registry.RKE2:
		units = "rke2-server or rke2-agent"
	case registry.Unknown:
		units += ", rke2-server or rke2-agent"
	}
	return []Note{{Text: "make it take effect: systemctl restart " + units}}
}

// thenRestart ends the one step of several that takes effect only with a restart.
func (o observation) thenRestart() string {
	switch {
	case !rendered(o.node):
		return ""
	case o.supposed() != "":
		return "; then put it in place and restart the agent"
	case o.node.Unit != "":
		return "; then systemctl restart " + o.node.Unit
	}
	return "; then restart the agent"
}

// change is how to make changes and let them take effect, and what to look at then.
func (o observation) change(notes ...Note) []Note {
	looks := slices.IndexFunc(notes, func(n Note) bool { return n.Command != "" && n.File == "" })
	if looks <= 0 {
		looks = len(notes)
	}
	return slices.Insert(slices.Clone(notes), looks, o.apply(notes...)...)
}

// look is a command that only shows something; nothing where there is no command.
func look(text, command string) Note {
	if command == "" {
		return Note{}
	}
	return Note{Text: text, Command: command}
}

// crictl is a command of it as this node's distribution has it.
func (o observation) crictl(arguments string) string {
	return o.tool("k3s crictl ", "DATA/bin/crictl --config DATA/agent/etc/crictl.yaml ", "crictl ") + arguments
}

// ctr is the same for images of Kubernetes.
func (o observation) ctr(arguments string) string {
	return o.tool("k3s ctr ", "DATA/bin/ctr -a /run/k3s/containerd/containerd.sock -n k8s.io ", "ctr -n k8s.io ") + arguments
}

// tool is how a tool of containerd is called on K3s, on RKE2, whose data directory DATA stands
// for, and elsewhere.
func (o observation) tool(k3s, rke2, other string) string {
	switch o.node.Distribution {
	case registry.K3s:
		return k3s
	case registry.RKE2:
		return strings.ReplaceAll(rke2, "DATA", o.dataDir())
	}
	return other
}

// byPath is o on the distribution whose data directory a path of the node lies in, where no more
// is known of the node.
func (o observation) byPath(path string) observation {
	for _, distribution := range []string{registry.K3s, registry.RKE2} {
		if o.node.Distribution == registry.Unknown && strings.HasPrefix(path, "/var/lib/rancher/"+distribution+"/") {
			o.node = &registry.Node{Distribution: distribution}
		}
	}
	return o
}

func (o observation) dataDir() string {
	return quote(cmp.Or(o.node.DataDir, "/var/lib/rancher/"+o.node.Distribution))
}

var plainWord = lazyregexp.New(`^[A-Za-z0-9._/:@%+=,-]+$`)

// quote makes one word of a shell command of text that a log or a server may have chosen.
func quote(text string) string {
	if plainWord().MatchString(text) {
		return text
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
