package probe_test

import (
	"fmt"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// BenchmarkProbe asks healthy endpoints and very many that are broken in as many ways, in
// one run, which is to take one timeout and less than a second.
func BenchmarkProbe(b *testing.B) {
	n := newNode(b)
	var asks []probe.Ask
	for range 5 {
		asks = append(asks, ask(b, endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))))
	}
	_, broken := n.allBroken(1)
	asks = append(asks, broken...)
	p := n.prober()
	p.Timeout = 5 * time.Second
	for b.Loop() {
		p.Probe(b.Context(), asks)
	}
	b.ReportMetric(float64(len(asks)), "endpoints")
	b.ReportMetric((b.Elapsed()/time.Duration(b.N)).Seconds()-p.Timeout.Seconds(), "s-beyond-the-timeout/op")
}

func BenchmarkImages(b *testing.B) {
	ca := probetest.NewCA("test CA")
	reg := probetest.NewRegistry()
	server := probetest.Serve(reg, ca.Server(host))
	defer server.Close()
	n := &node{files: fstest.MapFS{}}
	n.file("/etc/hosts", "127.0.0.1 "+host+"\n")
	n.file("/etc/ssl/certs/ca-certificates.crt", string(ca.PEM()))
	var asks []probe.Ask
	for i := range 500 {
		ref, err := registry.ParseReference(fmt.Sprintf("%s/team/app%d:1.0", host, i))
		if err != nil {
			b.Fatal(err)
		}
		asks = append(asks, probe.Ask{Endpoint: endpoint(host + ":" + server.Port), Image: ref})
	}
	p := &probe.Prober{Root: n.files}
	b.ReportAllocs()
	for b.Loop() {
		p.Probe(b.Context(), asks)
	}
	b.ReportMetric(float64(server.Connections())/float64(b.N), "connections/op")
}
