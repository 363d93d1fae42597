package main

import (
	"sync/atomic"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/report"
)

// TestMetricsOfBrokenNames keeps an endpoint whose name is no UTF-8, which a URL may spell as
// %ff, from hiding all metrics.
func TestMetricsOfBrokenNames(t *testing.T) {
	var present atomic.Pointer[presence]
	m := newMetrics(&present)
	present.Store(&presence{report: &report.Report{Endpoints: []diagnose.Endpoint{
		{URL: "https://a\xff.example.com", Registries: []string{"registry.example.com"}, Status: probe.Failed},
		{URL: "https://mirror.example.com", Registries: []string{"registry.example.com"}, Status: probe.OK, Reachable: true},
	}}})
	if n, err := testutil.GatherAndCount(m.registry, "pullwhy_endpoint_up"); n != 2 || err != nil {
		t.Errorf("%d series of pullwhy_endpoint_up, %v", n, err)
	}
}
