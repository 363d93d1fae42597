package registry

import (
	"fmt"
	"maps"
	"net"
	"net/url"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// k3sHosts is one directory of certs.d as K3s would write it.
// (k3s pkg/agent/templates.HostConfig)
type k3sHosts struct {
	key       *yaml.Node   // in mirrors, else in configs; nil where K3s adds the entry
	fallback  *k3sEndpoint // the default endpoint; nil for none
	endpoints []k3sEndpoint
}

type k3sEndpoint struct {
	url      *url.URL // nil: the registry's built-in default; empty: likewise, but written
	override bool
	settings settings
	rewrites []rewriteRule
	item     *yaml.Node // in the list of endpoints; nil for one that K3s adds
}

// hosts merges mirrors and configs into directories of certs.d.
// (k3s pkg/agent/containerd/config.go, getHostConfigs)
func (f *registriesFile) hosts(noDefault bool, embedded string) map[string]*k3sHosts {
	all := map[string]*k3sHosts{}
	for name, s := range f.configs {
		if h, err := newK3sHosts(name, embedded, s); err == nil {
			h.key = s.key
			all[directory(name)] = h
		}
	}
	fresh := map[string]*k3sHosts{}
	for name, m := range f.mirrors {
		h := all[name]
		if h == nil {
			var err error
			if h, err = newK3sHosts(name, embedded, f.settingsFor(name)); err != nil {
				continue
			}
			switch {
			case noDefault:
				h.fallback = nil
			case name == wildcard:
				h.fallback = &k3sEndpoint{url: &url.URL{}}
			}
		}
		h.key = m.key
		f.addEndpoints(h, m, embedded)
		fresh[directory(name)] = h
	}
	maps.Copy(all, fresh)
	maps.DeleteFunc(all, func(_ string, h *k3sHosts) bool {
		return len(h.endpoints) == 0 && !h.fallback.configured()
	})
	return all
}

// Rendered returns the text of hosts.toml for each directory of certs.d that K3s would
// write at its next start, by the directory's name. It may hold credentials where the
// user wrote them into an endpoint.
func (c *Config) Rendered() map[string]string {
	all := map[string]string{}
	for dir, h := range c.state().rendered {
		all[dir] = h.toml(c.state().node.program())
	}
	return all
}

func directory(name string) string {
	if name == wildcard {
		return wildcardDir
	}
	return name
}

func newK3sHosts(name, embedded string, s settings) (*k3sHosts, error) {
	ep, err := parseEndpoint(name, embedded)
	if err != nil {
		return nil, err
	}
	fallback := &k3sEndpoint{url: ep.url, settings: s}
	if name == wildcard {
		fallback.url = nil
	}
	return &k3sHosts{fallback: fallback}, nil
}

func (f *registriesFile) addEndpoints(h *k3sHosts, m mirror, embedded string) {
	seen := map[string]bool{}
	for i, item := range m.endpoints {
		ep, err := parseEndpoint(item.value, embedded)
		if err != nil || seen[ep.url.String()] {
			continue
		}
		seen[ep.url.String()] = true
		e := k3sEndpoint{url: ep.url, override: ep.override, settings: f.settingsFor(ep.registry), item: item.node}
		if ep.url.Host != embedded {
			e.rewrites = m.rules()
		}
		if i == len(m.endpoints)-1 && h.fallback.text() == ep.url.String() {
			h.fallback = &e
		} else {
			h.endpoints = append(h.endpoints, e)
		}
	}
}

// settingsFor are the settings of the endpoint at a host, those of Docker Hub under
// either of its names. (configForHost)
func (f *registriesFile) settingsFor(host string) settings {
	if s, ok := f.configs[defaultHost(host)]; ok {
		return s
	}
	return f.configs[host]
}

// text is the URL as written, "" for none.
func (e *k3sEndpoint) text() string {
	if e == nil || e.url == nil {
		return ""
	}
	return e.url.String()
}

func (e *k3sEndpoint) configured() bool {
	return e != nil && (e.override || e.settings.auth != nil || e.settings.tls != nil || len(e.rewrites) > 0)
}

type parsedEndpoint struct {
	registry string // the name that settings are looked up under
	url      *url.URL
	override bool
}

// parseEndpoint completes an endpoint of registries.yaml. (normalizeEndpointAddress)
func parseEndpoint(text, embedded string) (parsedEndpoint, error) {
	if !strings.Contains(text, "://") {
		text = "//" + text
	}
	u, err := url.Parse(text)
	if err != nil {
		return parsedEndpoint{}, err
	}
	if u.Scheme == "" {
		u.Scheme = "https"
		if port := u.Port(); isLocalhost(u.Host) && port != "" && port != "443" && u.Host != embedded {
			u.Scheme = "http"
		}
	}
	p := parsedEndpoint{registry: u.Host, url: u}
	u.Host = defaultHost(u.Host)
	if u.Host == hubHost {
		p.registry = hub
	}
	switch u.Path {
	case "", "/", "/v2":
		u.Path = "/v2"
	default:
		p.override = true
	}
	return p, nil
}

// embed adds the distributed registry mirror to what the file says, as the agent does
// after reading it. (k3s pkg/spegel/registry.go, InjectMirror)
func (f *registriesFile) embed(n *Node) {
	addr, data, program := n.embeddedAddress(), n.dataDir(), n.program()
	own := field{value: "https://" + addr + "/v2"}
	configs := maps.Clone(f.configs)
	if configs == nil {
		configs = map[string]settings{}
	}
	configs[addr] = settings{tls: &tlsSettings{
		ca:   field{value: data + "/agent/server-ca.crt"},
		cert: field{value: fmt.Sprintf("%s/agent/client-%s-controller.crt", data, program)},
		pkey: field{value: fmt.Sprintf("%s/agent/client-%s-controller.key", data, program)},
	}}
	mirrors := map[string]mirror{}
	for name, m := range f.mirrors {
		if !isLocalhost(name) {
			m.endpoints = append([]field{own}, m.endpoints...)
		}
		mirrors[name] = m
	}
	mirrors[addr] = mirror{endpoints: []field{own}}
	f.mirrors, f.configs = mirrors, configs
}

// program is what K3s and RKE2 call themselves in files and paths.
func (n *Node) program() string {
	if n.Distribution == RKE2 {
		return RKE2
	}
	return K3s
}

// embeddedAddress is where the distributed registry mirror of the node listens.
func (n *Node) embeddedAddress() string {
	port := n.Flags.SupervisorPort
	if port == 0 {
		port = 6443
		if n.Distribution == RKE2 {
			port = 9345
		}
	}
	host := "127.0.0.1"
	if n.Flags.IPv6Only {
		host = "::1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}
