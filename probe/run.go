package probe

import (
	"cmp"
	"context"
	"net/url"
	"sync"
	"time"

	"github.com/pullwhy/pullwhy/registry"
	"golang.org/x/net/http/httpproxy"
)

// A run is one call of Probe: what its walks share.
type run struct {
	ctx       context.Context // set once, before the first walk
	timeout   time.Duration
	userAgent string
	store     *store
	names     *resolver
	proxy     func(*url.URL) (*url.URL, error)
	gates     *gates
	caFiles   []caFile      // of all endpoints
	places    chan struct{} // for bodies longer than maxText

	mu     sync.Mutex
	sites  map[siteKey]*site
	trusts map[trustKey]*trust
	links  map[linkKey]*link
}

type linkKey struct {
	scheme, host string
	trust        *trust
}

func newRun(p *Prober, asks []Ask) *run {
	r := &run{
		timeout:   cmp.Or(max(p.Timeout, 0), defaultTimeout),
		userAgent: cmp.Or(p.UserAgent, defaultUserAgent),
		store:     &store{root: p.Root, env: p.Env},
		proxy:     proxyFunc(p.Env),
		gates:     newGates(cmp.Or(max(p.Concurrency, 0), defaultConcurrency), p.Admit, asks),
		caFiles:   caFilesOf(asks),
		places:    make(chan struct{}, maxLong),
		sites:     map[siteKey]*site{},
		trusts:    map[trustKey]*trust{},
		links:     map[linkKey]*link{},
	}
	r.names = newResolver(p.Root, cmp.Or(p.dnsPort, "53"), r.timeout)
	return r
}

// aside is a run beside r that ends at until, with connections of its own, which count as
// those of r do. The caller closes it.
func (r *run) aside(ctx context.Context, until time.Time) *run {
	return &run{
		ctx: ctx, timeout: time.Until(until), userAgent: r.userAgent,
		store: r.store, names: r.names, proxy: r.proxy, gates: r.gates, places: r.places,
		sites: map[siteKey]*site{}, trusts: map[trustKey]*trust{}, links: map[linkKey]*link{},
	}
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

// ProxyOf is the proxy through which a process with that environment asks a URL, without its
// credentials, and whether it has some; "" where it asks without, or the setting cannot be used.
func ProxyOf(env map[string]string, address string) (proxy string, credentials bool) {
	u, err := url.Parse(address)
	if err != nil {
		return "", false
	}
	p, _ := proxyFunc(env)(u) // nil beside an error
	return proxyName(p), p != nil && p.User != nil
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

func (r *run) close() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, l := range r.links {
		l.close()
	}
}
