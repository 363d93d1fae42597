package probe_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
)

// Nothing that is for the registry alone goes to where it redirects.
func TestRedirectWithoutCredentials(t *testing.T) {
	n := newNode(t)
	var mu sync.Mutex
	seen := http.Header{}
	reg := probetest.NewRegistry(image)
	target := n.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		seen = r.Header.Clone()
		reg.ServeHTTP(w, r)
	}))
	away := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+third+":"+target.Port+r.URL.Path, http.StatusTemporaryRedirect)
	})
	ep := endpoint(n.serve(probetest.Basic(away, "user", "pass-phrase").ServeHTTP))
	ep.Auth = basicAuth("user", "pass-phrase")
	ep.Headers = http.Header{"X-Key": {"value"}}
	r := n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep)})[0]
	if r.Status != probe.OK {
		t.Fatalf("%s: %s", r.Cause, r.Error)
	}
	mu.Lock()
	defer mu.Unlock()
	if seen.Get("Authorization") != "" || seen.Get("X-Key") != "" || !strings.HasPrefix(seen.Get("User-Agent"), "containerd/") {
		t.Errorf("redirect target got %v", seen)
	}
	var hosts []string
	for _, s := range r.Steps {
		if s.Host != "" {
			hosts = append(hosts, s.Name+" "+s.Host)
		}
	}
	at := third + ":" + target.Port
	if want := []string{"dns " + at, "tcp " + at, "tls " + at}; fmt.Sprint(hosts) != fmt.Sprint(want) {
		t.Errorf("steps of other hosts %v, want %v", hosts, want)
	}
}

// Nothing that is for the registry alone goes to the same host in clear, though its
// registry redirects there.
func TestRedirectToPlainHTTP(t *testing.T) {
	n := newNode(t)
	reg := probetest.NewRegistry(image)
	down := n.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "http://"+host+r.URL.Path, http.StatusTemporaryRedirect)
	}))
	var seen atomic.Int64
	proxy := n.plain(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodConnect {
			(&probetest.Proxy{To: down.Addr}).ServeHTTP(w, r)
			return
		}
		seen.Add(1)
		if r.Header.Get("X-Key") != "" {
			t.Errorf("%s %s came with the endpoint's header", r.Method, r.URL)
		}
		probetest.Basic(reg, "user", "pass-phrase").ServeHTTP(w, r)
	})
	n.env["HTTPS_PROXY"], n.env["HTTP_PROXY"] = "http://"+proxy, "http://"+proxy
	ep := endpoint(host)
	ep.Auth = basicAuth("user", "pass-phrase")
	ep.Headers = http.Header{"X-Key": {"value"}}
	for _, r := range n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep), {Endpoint: ep}}) {
		if r.Status != probe.Failed || r.Target != "http://"+host {
			t.Errorf("%s at %q: %s", r.Status, r.Target, r.Error)
		}
	}
	if seen.Load() == 0 {
		t.Error("the redirect was not followed")
	}
}

// What is for a registry in plain http goes to the same host over https, where that
// registry redirects there, as net/http has it.
func TestRedirectToHTTPS(t *testing.T) {
	n := newNode(t)
	secure := n.server(probetest.Basic(probetest.NewRegistry(image), "user", "pass-phrase"))
	up := probetest.Serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+host+r.URL.Path, http.StatusTemporaryRedirect)
	}), nil)
	defer up.Close()
	n.env["HTTPS_PROXY"] = "http://" + n.plain((&probetest.Proxy{To: secure.Addr}).ServeHTTP)
	n.env["HTTP_PROXY"] = "http://" + up.Addr
	ep := endpoint(host)
	ep.Scheme, ep.Auth = "http", basicAuth("user", "pass-phrase")
	for _, r := range n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep), {Endpoint: ep}}) {
		if r.Status != probe.OK {
			t.Errorf("%s at %q: %s", r.Status, r.Target, r.Error)
		}
	}
}
