package probe_test

import (
	"crypto/tls"
	"testing"
	"time"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
)

// Which link of a chain is missing, and whether the server should have presented it.
func TestMissingIssuer(t *testing.T) {
	leafOnly := func(c *tls.Certificate) *tls.Certificate {
		c.Certificate = c.Certificate[:1]
		return c
	}
	other := probetest.NewCA("other CA")
	tests := []struct {
		name    string
		cert    func(n *node) *tls.Certificate
		issuer  string
		leftOut bool
	}{
		{"verified", func(n *node) *tls.Certificate { return n.ca.Server(host) }, "", false},
		{"verified through an intermediate", func(n *node) *tls.Certificate {
			return n.ca.Intermediate("test issuing CA", 0, 0).Server(host)
		}, "", false},
		{"intermediate left out", func(n *node) *tls.Certificate {
			return leafOnly(n.ca.Intermediate("test issuing CA", 0, 0).Server(host))
		}, "CN=test issuing CA", true},
		{"unknown root", func(*node) *tls.Certificate { return other.Server(host) }, "CN=other CA", false},
		{"unknown root behind an intermediate", func(*node) *tls.Certificate {
			return other.Intermediate("other issuing CA", 0, 0).Server(host)
		}, "CN=other CA", false},
		{"wrong name", func(n *node) *tls.Certificate { return n.ca.Server("other.example.com") }, "", false},
		{"expired", func(n *node) *tls.Certificate {
			return n.ca.Issue(probetest.Leaf{Names: []string{host}, Starts: -3 * time.Hour, Ends: -time.Hour})
		}, "", false},
		{"expired, unknown root", func(*node) *tls.Certificate {
			return other.Issue(probetest.Leaf{Names: []string{host}, Starts: -3 * time.Hour, Ends: -time.Hour})
		}, "CN=other CA", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := newNode(t)
			n.cert = tt.cert(n)
			ep := endpoint(n.serve(probetest.NewRegistry(image).ServeHTTP))
			c := n.prober().Probe(t.Context(), []probe.Ask{{Endpoint: ep}})[0].Certificate
			if c == nil {
				t.Fatal("no certificate")
			}
			if c.MissingIssuer != tt.issuer || c.IntermediateMissing != tt.leftOut {
				t.Errorf("missing issuer %q, intermediate %t; want %q, %t", c.MissingIssuer, c.IntermediateMissing, tt.issuer, tt.leftOut)
			}
		})
	}
}
