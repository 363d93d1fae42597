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

// The zone of an address is no part of what its certificate is for.
func TestZone(t *testing.T) {
	ca := probetest.NewCA("test CA")
	leaf, err := x509.ParseCertificate(ca.Server("fe80::1").Certificate[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := verify([]*x509.Certificate{leaf}, "fe80::1%eth0", ca.Pool()); err != nil {
		t.Error(err)
	}
	if got := (&trust{}).config("fe80::1%eth0", nil).ServerName; got != "fe80::1" {
		t.Errorf("name %q", got)
	}
}
