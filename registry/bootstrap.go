package registry

import (
	"cmp"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"
)

// hubBootstrap is the host of Docker Hub's images to go-containerregistry, by which RKE2
// pulls its runtime image. (google/go-containerregistry pkg/name, DefaultRegistry)
const hubBootstrap = "index.docker.io"

// BootstrapEndpoints returns the places that RKE2 itself would ask for ref, as it does for its
// runtime image before containerd exists: it looks settings up in registries.yaml by rules of
// its own. It is nil where the node is no RKE2 node, where its file is refused, and where the
// requests are those of the given endpoints of containerd.
// (rancher/wharfie pkg/registries/registries.go; rancher/rke2 pkg/bootstrap/bootstrap.go)
func (c *Config) BootstrapEndpoints(ref Reference, containerd []Endpoint) []Endpoint {
	l := c.state()
	if l.node.Distribution != RKE2 || l.void != nil {
		return nil
	}
	b := bootstrap{file: l.registries, host: ref.Host, ref: ref, own: "/etc/rancher/rke2"}
	if b.host == hub {
		b.host = hubBootstrap
	}
	all := b.endpoints()
	if slices.EqualFunc(all, containerd, sameRequest) {
		return nil
	}
	return all
}

// sameRequest compares what two resolvers ask for. Docker Hub has two names for one service.
func sameRequest(a, b Endpoint) bool {
	return strings.Replace(a.ManifestURL(""), hubBootstrap, hubHost, 1) == b.ManifestURL("") &&
		slices.Equal(a.CAFiles, b.CAFiles) && slices.Equal(a.Clients, b.Clients) && a.SkipVerify == b.SkipVerify &&
		cmp.Or(a.Auth.Type, AuthNone) == cmp.Or(b.Auth.Type, AuthNone) && a.Auth.Username == b.Auth.Username && a.Auth.Secret.Reveal() == b.Auth.Secret.Reveal()
}

// bootstrap resolves one image as RKE2 itself does.
type bootstrap struct {
	file *registriesFile
	host string // image host, as go-containerregistry names it
	ref  Reference
	own  string // the directory that relative paths begin at
}

// bootstrapKeys are the names that a host's settings are looked for under, first first.
func bootstrapKeys(host string) []string {
	keys := []string{host}
	if _, _, err := net.SplitHostPort(host); host == hubBootstrap {
		keys = append(keys, hub)
	} else if err != nil {
		keys = append(keys, host+":443", host+":80")
	}
	return append(keys, wildcard)
}

// lookUpFirst finds the entry of the first name that has one, be it empty.
func lookUpFirst[T any](entries map[string]T, host string) (key string, entry T) {
	for _, key := range bootstrapKeys(host) {
		if entry, ok := entries[key]; ok {
			return key, entry
		}
	}
	return "", entry
}

// endpoints are those of the first mirrors entry that matches, and always the default one.
func (b bootstrap) endpoints() []Endpoint {
	_, m := lookUpFirst(b.file.mirrors, b.host)
	var all []Endpoint
	for _, item := range m.endpoints {
		if item.node == nil { // the distributed registry mirror is containerd's only
			continue
		}
		if u, err := bootstrapURL(item.value); err == nil {
			e := b.endpoint(u, m)
			e.Source, e.Written = b.file.path, b.file.position(item.node)
			all = append(all, e)
		}
	}
	if u, err := bootstrapURL(b.host); err == nil {
		e := b.endpoint(u, m)
		e.Default = true
		all = append(all, e)
	}
	return all
}

// bootstrapURL completes an endpoint; unlike K3s' own reading, it leaves docker.io as it is.
// (normalizeEndpointAddress)
func bootstrapURL(text string) (*url.URL, error) {
	if !strings.Contains(text, "://") {
		text = "//" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil:
		return nil, err
	case u.Host == "":
		return nil, errNotHere
	case u.Scheme == "" && isLocalhost(u.Host) && u.Port() != "" && u.Port() != "443":
		u.Scheme = "http"
	case u.Scheme == "":
		u.Scheme = "https"
	}
	if u.Path = path.Clean("/" + u.Path); u.Path == "/" {
		u.Path = "/v2"
	}
	return u, nil
}

func (b bootstrap) endpoint(u *url.URL, m mirror) Endpoint {
	e := Endpoint{
		Scheme: u.Scheme, Host: u.Host, Path: u.Path, OverridePath: u.Path != "/v2", Registry: b.ref.Host, Repository: b.ref.Repository, Auth: Auth{Type: AuthNone},
	}
	if u.Host != b.host {
		e.Repository, e.Alternatives = rewrite(m.rules(), b.ref.Repository)
	}
	if ns := b.ref.Host; ns != u.Host && !(ns == hub && u.Host == hubBootstrap) {
		e.Namespace = ns
	}
	key, s := lookUpFirst(b.file.configs, u.Host)
	if s.auth != nil {
		e.Auth = s.auth.credentials.auth(key)
	}
	if s.tls != nil && u.Scheme == "https" {
		t := s.tls.entry(b.own)
		e.CAFiles, e.Clients, e.SkipVerify = t.ca, t.clients, s.tls.skipVerify
	}
	return e
}
