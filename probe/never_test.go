package probe_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// No secret that a walk uses or meets stands in what it tells, whether it passes or fails.
func TestNoSecrets(t *testing.T) {
	const password, identity, bearer, header, proxy, signature = "pass-phrase", "identity-token", "bearer-token", "header-value", "proxy-password", "signed-redirect"
	echo := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			_ = r.ParseForm()
			w.Header().Set("Retry-After", r.Header.Get("Authorization"))
			w.Header().Set("RateLimit-Remaining", r.Header.Get("X-Key"))
			w.Header().Set("Content-Type", "text/plain")
			w.WriteHeader(status)
			fmt.Fprintf(w, "%s %s %v %v", r.URL, r.Method, r.Header, r.Form)
		}
	}
	token := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"token":%q,"access_token":%[1]q}`, bearer)
	})
	tests := map[string]func(*node) registry.Endpoint{
		"refused with an echo":       func(n *node) registry.Endpoint { return endpoint(n.serve(echo(403))) },
		"token service with an echo": func(n *node) registry.Endpoint { return tokens("", service(echo(403)))(n) },
		"bearer token echoed": func(n *node) registry.Endpoint {
			realm := n.realm(token)
			return endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
				if r.Header.Get("Authorization") == "" {
					challenging(fmt.Sprintf(`Bearer realm="%s?sig=%s",service="x"`, realm, signature))(w, r)
					return
				}
				echo(500)(w, r)
			}))
		},
		"signed redirect that fails": stored(func(*node) string {
			return "https://user:" + signature + "@" + strings.Replace(probetest.Refused(), "127.0.0.1", third, 1) + "/" + "?x=" + signature
		}),
		"signed redirect with an echo": stored(func(n *node) string { return atThird + ":" + n.server(echo(403)).Port + "/?x=" + signature }),
		"signed redirect that works": func(n *node) registry.Endpoint {
			reg := probetest.NewRegistry(image)
			target := n.server(reg)
			return endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
				if aBlob(r) {
					http.Redirect(w, r, atThird+":"+target.Port+r.URL.Path+"?sig="+signature, http.StatusTemporaryRedirect)
					return
				}
				reg.ServeHTTP(w, r)
			}))
		},
		"plain http instead": func(n *node) registry.Endpoint { return endpoint(n.plain(echo(403))) },
	}
	auths := map[string]registry.Auth{
		"password":       basicAuth("user", password),
		"identity token": {Type: registry.AuthIdentityToken, Secret: registry.NewSecret(identity), From: host},
	}
	secrets := []string{password, identity, bearer, header, proxy, signature}
	for _, s := range secrets {
		secrets = append(secrets, base64.StdEncoding.EncodeToString([]byte(s)), base64.StdEncoding.EncodeToString([]byte("user:"+s)))
	}
	for name, setUp := range tests {
		for kind, auth := range auths {
			t.Run(name+", "+kind, func(t *testing.T) {
				t.Parallel()
				n := newNode(t)
				ep := setUp(n)
				ep.Auth = auth
				ep.Headers = http.Header{"X-Key": {header}}
				n.env["HTTPS_PROXY"] = "http://user:" + proxy + "@proxy.example.com:3128"
				n.env["NO_PROXY"] = "registry.example.com,auth.example.com"
				for _, r := range n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep), {Endpoint: ep}}) {
					told := tell(t, r)
					for _, secret := range secrets {
						if bytes.Contains(told, []byte(secret)) {
							t.Errorf("it tells %q: %s", secret, told)
						}
					}
				}
			})
		}
	}
}

// tell is all that a result says.
func tell(t *testing.T, r probe.Result) []byte {
	r.Ask = probe.Ask{} // is the caller's own
	told, err := json.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	return told
}

// What the process that runs the probe has around itself does not matter.
func TestOwnSurroundings(t *testing.T) {
	n := newNode(t)
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "ALL_PROXY"} {
		t.Setenv(name, "http://"+probetest.Refused())
	}
	t.Setenv("LOCALDOMAIN", "example.com")
	t.Setenv("RES_OPTIONS", "ndots:15")
	trusted := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))

	stranger := probetest.NewCA("other CA")
	file := t.TempDir() + "/ca.pem"
	if err := os.WriteFile(file, stranger.PEM(), 0o600); err != nil {
		t.Fatal(err)
	}
	t.Setenv("SSL_CERT_FILE", file)
	n.cert = stranger.Server(host)
	untrusted := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))

	n.file("/etc/hosts", "127.0.0.1 "+host+"\n") // no localhost, which every container knows
	n.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
	names := &probetest.DNS{}
	names.Start("")
	defer names.Close()
	n.dns = names.Port
	unknown := endpoint("localhost:" + names.Port)

	results := n.prober().Probe(t.Context(), []probe.Ask{ask(t, trusted), ask(t, untrusted), ask(t, unknown)})
	for i, want := range []cause.Cause{cause.None, cause.TLSUnknownAuthority, cause.DNSNotFound} {
		if results[i].Cause != want {
			t.Errorf("%s: cause %q, want %q: %s", results[i].Endpoint.Host, results[i].Cause, want, results[i].Error)
		}
	}
}

// All endpoints are asked at once: each of the healthy ones answers only when all of them
// have been asked. What is wrong with the others is told as if they were asked alone.
func TestAllAtOnce(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	const healthy = 17
	var arrived sync.WaitGroup
	arrived.Add(healthy)
	var asks []probe.Ask
	for range healthy {
		first := sync.OnceFunc(arrived.Done)
		reg := probetest.NewRegistry(image)
		asks = append(asks, ask(t, endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
			first()
			arrived.Wait()
			reg.ServeHTTP(w, r)
		}))))
	}
	faults, broken := n.allBroken(9)
	p := n.prober()
	p.Timeout = 10 * time.Second // the race detector makes all of them slow
	results := p.Probe(t.Context(), append(asks, broken...))
	for i, r := range results[:healthy] {
		if r.Status != probe.OK {
			t.Errorf("%d: %s %s: %s", i, r.Status, r.Cause, r.Error)
		}
	}
	for i, c := range faults {
		t.Run(c.name, func(t *testing.T) { c.check(t, results[healthy+i]) })
	}
}

// Nothing is asked again because it failed, and a limit that was reached is told.
func TestNoRetries(t *testing.T) {
	for _, status := range []int{408, 429, 500, 503} {
		n := newNode(t)
		reg := probetest.NewRegistry()
		server := n.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/" {
				reg.ServeHTTP(w, r)
				return
			}
			w.Header().Set("Retry-After", "120")
			w.Header().Set("RateLimit-Limit", "100;w=21600")
			w.Header().Set("RateLimit-Remaining", "0;w=21600")
			w.WriteHeader(status)
		}))
		r := n.prober().Probe(t.Context(), []probe.Ask{ask(t, endpoint(host+":"+server.Port))})[0]
		if r.RetryAfter != "120" || r.RateLimit != "0 of 100 left in 6h" {
			t.Errorf("%d: retry after %q, limit %q", status, r.RetryAfter, r.RateLimit)
		}
		asked := map[string]int{}
		for _, request := range server.Requests() {
			if asked[request]++; asked[request] > 1 {
				t.Errorf("%d: asked again: %s", status, request)
			}
		}
	}
}

// Docker Hub counts GETs of manifests, so that they are left to where they are needed.
func TestDockerHub(t *testing.T) {
	const hub = "registry-1.docker.io"
	n := newNode(t)
	n.file("/etc/hosts", "127.0.0.1 "+hub+"\n")
	n.cert = n.ca.Server(hub)
	reg := probetest.NewRegistry(image)
	server := n.server(reg)
	a := ask(t, endpoint(hub+":"+server.Port))
	counted := func() (n int) {
		for _, request := range server.Requests() {
			if strings.HasPrefix(request, "GET ") && strings.Contains(request, "/manifests/") {
				n++
			}
		}
		return n
	}
	r := n.prober().Probe(t.Context(), []probe.Ask{a})[0]
	if blob := r.Steps[len(r.Steps)-1]; r.Status != probe.OK || counted() != 0 || blob.Status != probe.Skipped || !strings.Contains(blob.Error, "Docker Hub") {
		t.Errorf("%s, %d counted: %+v", r.Status, counted(), blob)
	}
	a.Content = true
	if r = n.prober().Probe(t.Context(), []probe.Ask{a})[0]; r.Status != probe.OK || counted() != 2 {
		t.Errorf("%s, %d counted", r.Status, counted())
	}
	var many []probe.Ask
	for range 100 {
		many = append(many, a)
	}
	before := counted()
	n.prober().Probe(t.Context(), many)
	if got := counted() - before; got == 0 || got > 2*10 {
		t.Errorf("%d counted for 100 images", got)
	}
}

// An endpoint that lets all the images wait that are asked at a time is not asked for more.
func TestSilentForImages(t *testing.T) {
	n := newNode(t)
	reg := probetest.NewRegistry(image)
	server := n.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "/manifests/") {
			silence(w, r)
			return
		}
		reg.ServeHTTP(w, r)
	}))
	a := ask(t, endpoint(host+":"+server.Port))
	p := n.prober()
	p.Timeout = 300 * time.Millisecond
	failed := 0
	for _, r := range p.Probe(t.Context(), []probe.Ask{a, a, a, a, a, a, a, a, a, a}) {
		if r.Cause != cause.TimeoutDeadline || !r.Reachable {
			t.Errorf("%s, reachable %t: %s", r.Cause, r.Reachable, r.Error)
		}
		if r.Status == probe.Failed {
			failed++
		}
	}
	if asked := len(server.Requests()) - 1; failed < 4 || failed > 2*4 || asked != failed {
		t.Errorf("%d images failed, %d requests", failed, asked)
	}
}
