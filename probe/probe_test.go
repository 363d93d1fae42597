package probe_test

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
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

// An endpoint whose turn never came, for others at its host took all the time, has not failed.
func TestTurnNeverCame(t *testing.T) {
	t.Parallel()
	n := newNode(t)
	hung := endpoint(n.raw(hang))
	var asks []probe.Ask
	for range 6 {
		hung.CAFiles = append(hung.CAFiles, "/etc/ssl/certs/ca-certificates.crt") // settings of its own
		asks = append(asks, probe.Ask{Endpoint: hung})
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Second)
	defer cancel()
	p := n.prober()
	p.Timeout, p.Concurrency = 300*time.Millisecond, 1
	statuses := map[string]int{}
	for _, r := range p.Probe(ctx, asks) {
		statuses[r.Status+" "+string(r.Cause)]++
		if reached := slices.ContainsFunc(r.Steps, func(s probe.Step) bool { return s.Status != probe.Skipped }); !reached && r.Status != probe.Skipped {
			t.Errorf("%s %s without a step: %s", r.Status, r.Cause, r.Error)
		}
	}
	if statuses["failed tls_handshake_timeout"] == 0 || statuses["skipped timeout_deadline"] == 0 {
		t.Errorf("%v", statuses)
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
