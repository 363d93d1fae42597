//go:build unix

package probe_test

import (
	"testing"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

func TestNoAnswerToConnecting(t *testing.T) {
	testFaults(t, []faultCase{{name: "blackhole", setUp: func(n *node) registry.Endpoint {
		b := probetest.NewBlackhole()
		n.t.Cleanup(b.Close)
		return endpoint(host + ":" + b.Port)
	}, step: "tcp", cause: cause.ConnectTimeout, says: "i/o timeout"}})
}
