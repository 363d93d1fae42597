package probe

import (
	"crypto/x509"
	"slices"
	"testing"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// A chain is followed to its end in any order, and given up where that would want very
// many signatures to be looked at.
func TestEndOf(t *testing.T) {
	tests := []struct {
		name     string
		length   int
		reversed bool
		whole    bool
	}{
		{"in order", 50, false, true},
		{"out of order", 10, true, true},
		{"out of order, very long", 50, true, false},
	}
	for _, tt := range tests {
		ca := probetest.NewCA("one name")
		for range tt.length {
			ca = ca.Intermediate("one name", 0, 0)
		}
		var chain []*x509.Certificate
		for _, der := range ca.Server(host).Certificate {
			c, err := x509.ParseCertificate(der)
			if err != nil {
				t.Fatal(err)
			}
			chain = append(chain, c)
		}
		top := chain[len(chain)-1]
		if tt.reversed {
			slices.Reverse(chain[1:])
		}
		if got := endOf(chain) == top; got != tt.whole {
			t.Errorf("%s: reached the end %t, want %t", tt.name, got, tt.whole)
		}
	}
}
