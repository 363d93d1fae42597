package probe

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"time"

	"github.com/pullwhy/pullwhy/registry"
	"golang.org/x/net/http/httpproxy"
)

// A run is one call of Probe: what its walks share.
type run struct {
	ctx         context.Context // set once, before the first walk
	timeout     time.Duration
	concurrency int
	userAgent   string
	store       *store
	names       *resolver
	proxy       func(*url.URL) (*url.URL, error)

	mu     sync.Mutex
	sites  map[siteKey]*site
	trusts map[trustKey]*trust
	links  map[linkKey]*link
	gates  map[string]*gate

	settings map[string]map[string]bool // by host:port, the distinct ones under which endpoints are asked there
}

type linkKey struct {
	scheme, host string
	trust        *trust
}

func newRun(p *Prober, asks []Ask) *run {
	r := &run{
		timeout:     cmp.Or(max(p.Timeout, 0), defaultTimeout),
		concurrency: cmp.Or(max(p.Concurrency, 0), defaultConcurrency),
		userAgent:   cmp.Or(p.UserAgent, defaultUserAgent),
		store:       &store{root: p.Root, env: p.Env},
		proxy:       proxyFunc(p.Env),
		sites:       map[siteKey]*site{},
		trusts:      map[trustKey]*trust{},
		links:       map[linkKey]*link{},
		gates:       map[string]*gate{},
		settings:    map[string]map[string]bool{},
	}
	for _, ask := range asks {
		r.count(ask.Endpoint)
	}
	r.names = newResolver(p.Root, cmp.Or(p.dnsPort, "53"), r.timeout)
	return r
}

// proxyFunc chooses proxies as net/http does from the environment of a process; the
// variables in upper case win.
func proxyFunc(env map[string]string) func(*url.URL) (*url.URL, error) {
	either := func(upper, lower string) string { return cmp.Or(env[upper], env[lower]) }
	cfg := httpproxy.Config{
		HTTPProxy:  either("HTTP_PROXY", "http_proxy"),
		HTTPSProxy: either("HTTPS_PROXY", "https_proxy"),
		NoProxy:    either("NO_PROXY", "no_proxy"),
	}
	return cfg.ProxyFunc()
}

func (r *run) count(ep registry.Endpoint) {
	u := url.URL{Scheme: ep.Scheme, Host: ep.Host}
	addr := net.JoinHostPort(u.Hostname(), portOf(&u))
	if r.settings[addr] == nil {
		r.settings[addr] = map[string]bool{}
	}
	r.settings[addr][fmt.Sprint(ep.Scheme, trustKeyOf(ep))] = true
}

// site returns the one walk that ep shares with endpoints of the same settings.
func (r *run) site(ep registry.Endpoint) *site {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := keyOf(ep)
	s := r.sites[key]
	if s == nil {
		s = newSite(r, ep)
		r.sites[key] = s
	}
	return s
}

// trust returns the TLS settings of ep, read once.
func (r *run) trust(ep registry.Endpoint) *trust {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := trustKeyOf(ep)
	t := r.trusts[key]
	if t == nil {
		t = &trust{store: r.store, endpoint: ep}
		r.trusts[key] = t
	}
	return t
}

// link returns the connections to scheme://host, made with the TLS settings t.
func (r *run) link(scheme, host string, t *trust, timeout time.Duration) *link {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := linkKey{scheme, host, t}
	l := r.links[key]
	if l == nil {
		l = newLink(r, scheme, host, t, timeout)
		r.links[key] = l
	}
	return l
}

func (r *run) gateOf(l *link) *gate {
	addr := net.JoinHostPort(l.name, l.port)
	g := r.gates[addr]
	if g == nil {
		g = newGate(r.concurrency, len(r.settings[addr]))
		r.gates[addr] = g
	}
	return g
}

func (r *run) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.links {
		l.close()
	}
}
