package probe_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/opencontainers/go-digest"
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

func TestZeroValue(t *testing.T) {
	server := probetest.Serve(probetest.NewRegistry(), nil)
	defer server.Close()
	ep := registry.Endpoint{Scheme: "http", Host: server.Addr, Path: "/v2"}
	r := (&probe.Prober{}).Probe(t.Context(), []probe.Ask{{Endpoint: ep}})[0]
	if r.Status != probe.OK || r.Address != server.Addr {
		t.Errorf("%s at %q: %s", r.Status, r.Address, r.Error)
	}
	if got := (&probe.Prober{}).Probe(t.Context(), nil); len(got) != 0 {
		t.Errorf("results %v for nothing", got)
	}
}

func TestResultOrder(t *testing.T) {
	n := newNode(t)
	good := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	bad := endpoint(strings.Replace(probetest.Refused(), "127.0.0.1", host, 1))
	asks := []probe.Ask{{Endpoint: bad}, ask(t, good), ask(t, bad), {Endpoint: good}}
	for i, r := range n.prober().Probe(t.Context(), asks) {
		if r.Endpoint.Host != asks[i].Endpoint.Host || r.Image != asks[i].Image {
			t.Errorf("result %d is of %s, %q", i, r.Endpoint.Host, r.Image.Name)
		}
		if want := r.Endpoint.Host == good.Host; (r.Status == probe.OK) != want {
			t.Errorf("result %d: %s %s", i, r.Status, r.Error)
		}
	}
}

func TestCertificate(t *testing.T) {
	n := newNode(t)
	n.cert = probetest.NewCA("other CA").Issue(probetest.Leaf{Names: []string{"other.example.com", "192.0.2.1"}, CommonName: "leaf"})
	ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
	insecure := ep
	insecure.SkipVerify = true
	for _, r := range n.prober().Probe(t.Context(), []probe.Ask{{Endpoint: ep}, {Endpoint: insecure}}) {
		c := r.Certificate
		if c == nil {
			t.Fatalf("no certificate: %s", r.Error)
		}
		if c.Subject != "CN=leaf" || c.Issuer != "CN=other CA" || fmt.Sprint(c.DNSNames) != "[other.example.com 192.0.2.1]" ||
			len(c.Chain) != 1 || c.Verified || c.NotAfter.Before(time.Now()) {
			t.Errorf("certificate %+v", c)
		}
	}
}

// What was asked of whom for which scope is told, and whose credentials were sent.
func TestAuthTold(t *testing.T) {
	n := newNode(t)
	realm := n.realm(&probetest.TokenService{User: "user", Password: "pass-phrase"})
	ep := endpoint(n.serve(probetest.Bearer(probetest.NewRegistry(image), realm).ServeHTTP))
	ep.Auth = basicAuth("user", "pass-phrase")
	r := n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep)})[0]
	got := r.Steps[slices.IndexFunc(r.Steps, func(s probe.Step) bool { return s.Name == probe.StepAuth })]
	got.DurationMS, got.URL, got.Host = 0, "", ""
	want := probe.Step{
		Name: probe.StepAuth, Status: probe.OK, StatusCode: http.StatusUnauthorized, Challenge: "bearer",
		Realm: realm, Service: "registry", Scope: "repository:team/app:pull", AuthFrom: host,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("auth step (-want +got):\n%s", diff)
	}
}

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

// Images with long manifests are judged as others are, more than may be read at a time.
func TestLongManifests(t *testing.T) {
	n := newNode(t)
	config := []byte("{}")
	manifest := fmt.Appendf(nil, `{"config":{"digest":%q,"size":2},"x":%q}`, digest.FromBytes(config), strings.Repeat("x", 1<<20))
	var asks []probe.Ask
	for range 3 {
		ep := endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
			answer := config
			if strings.Contains(r.URL.Path, "/manifests/") {
				answer = manifest
				w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
				w.Header().Set("Content-Length", fmt.Sprint(len(manifest)))
			}
			if r.Method == http.MethodGet {
				w.Write(answer)
			}
		}))
		for range 5 {
			asks = append(asks, ask(t, ep))
		}
	}
	for _, r := range n.prober().Probe(t.Context(), asks) {
		if r.Status != probe.OK {
			t.Errorf("%s at %s: %s", r.Status, failing(r).Name, r.Error)
		}
	}
}

// Many images share few connections, also where two endpoints are one host.
func TestManyImages(t *testing.T) {
	n := newNode(t)
	const images = 100
	reg := probetest.NewRegistry()
	var asks []probe.Ask
	server := n.server(reg)
	ep := endpoint(host + ":" + server.Port)
	twin := ep
	twin.SkipVerify = true
	for i := range images {
		repository := fmt.Sprintf("team/app%d", i)
		if i%10 != 0 {
			reg.Push(repository, "1.0", "linux/amd64")
		}
		ref, err := registry.ParseReference(host + "/" + repository + ":1.0")
		if err != nil {
			t.Fatal(err)
		}
		asks = append(asks, probe.Ask{Endpoint: ep, Image: ref}, probe.Ask{Endpoint: twin, Image: ref})
	}
	for i, r := range n.prober().Probe(t.Context(), asks) {
		want := cause.None
		if i/2%10 == 0 {
			want = cause.NotFound
		}
		if r.Cause != want || !r.Reachable {
			t.Errorf("%s: %s %q %s", r.Image.Name, r.Status, r.Cause, r.Error)
		}
	}
	// on a busy machine net/http gives a connection up that it could use again
	if all := server.Connections(); all > 2*4 {
		t.Errorf("%d connections, want at most 4 that are used again", all)
	}
	const there, missing = images * 9 / 10, images / 10
	if got, want := len(server.Requests()), 2*(1+4*there+missing); got != want {
		t.Errorf("%d requests for %d asks, want %d", got, len(asks), want)
	}
}

// What is not reached in time is not judged.
func TestCancelled(t *testing.T) {
	n := newNode(t)
	ctx, cancel := context.WithCancel(t.Context())
	reg := probetest.NewRegistry(image)
	ep := endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/manifests/") {
			cancel()
			<-r.Context().Done()
			return
		}
		reg.ServeHTTP(w, r)
	}))
	hung := endpoint(n.raw(hang))
	for _, r := range n.prober().Probe(ctx, []probe.Ask{ask(t, ep), ask(t, ep), ask(t, hung)}) {
		if r.Status != probe.Skipped || r.Cause != cause.TimeoutDeadline || r.Reachable == (r.Endpoint.Host == hung.Host) {
			t.Errorf("%s %q reachable %t: %s", r.Status, r.Cause, r.Reachable, r.Error)
		}
	}
}

// A run leaves neither goroutines nor connections behind.
func TestNothingLeft(t *testing.T) {
	n := newNode(t)
	good := n.server(probetest.NewRegistry(image))
	before := runtime.NumGoroutine()
	asks := []probe.Ask{ask(t, endpoint(host+":"+good.Port)), {Endpoint: endpoint(n.raw(hang))}, {Endpoint: endpoint(n.raw(reset))}}
	p := n.prober()
	p.Timeout = 300 * time.Millisecond
	for range 3 {
		p.Probe(t.Context(), asks)
	}
	good.Close()
	for range 100 {
		if runtime.NumGoroutine() <= before+10 {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	t.Errorf("%d goroutines, %d before", runtime.NumGoroutine(), before)
}

// Without the capability to resolve, containerd asks for no tag.
func TestNoResolve(t *testing.T) {
	n := newNode(t)
	reg := probetest.NewRegistry(image)
	server := n.server(reg)
	ep := endpoint(host + ":" + server.Port)
	ep.NoResolve = true
	r := n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep)})[0]
	if r.Status != probe.Skipped || !r.Reachable || r.Cause != cause.None {
		t.Errorf("%s, reachable %t, cause %q: %s", r.Status, r.Reachable, r.Cause, r.Error)
	}
	if got := server.Requests(); len(got) != 1 {
		t.Errorf("requests %q, want the ping alone", got)
	}
}
