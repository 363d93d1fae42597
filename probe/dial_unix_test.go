//go:build unix

package probe

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// The preferred family that stays silent is named, though the other one answers.
func TestDialAnySilent(t *testing.T) {
	black := probetest.NewBlackhole()
	defer black.Close()
	l, err := net.Listen("tcp", "[::1]:"+black.Port)
	if err != nil {
		t.Skipf("no IPv6 on loopback: %v", err)
	}
	defer l.Close()
	d := dialAny(t.Context(), []ip{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}, black.Port)
	if d.err != nil {
		t.Fatal(d.err)
	}
	defer d.close()
	if got, want := unreached(d), []string{black.Addr}; !slices.Equal(got, want) {
		t.Errorf("unreached %v, want %v", got, want)
	}
}

// An address that stays silent leaves time for the next one of its family.
func TestDialEachShares(t *testing.T) {
	t.Parallel()
	black := probetest.NewBlackhole()
	defer black.Close()
	l, err := net.Listen("tcp", "127.0.0.2:"+black.Port)
	if err != nil {
		t.Skipf("no second address on loopback: %v", err)
	}
	defer l.Close()
	ctx, cancel := context.WithTimeout(t.Context(), leastDial+leastDial/2)
	defer cancel()
	d := dialEach(ctx, []ip{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("127.0.0.2")}, black.Port)
	if d.err != nil {
		t.Fatal(d.err)
	}
	defer d.close()
	if got, want := unreached(d), []string{black.Addr}; !slices.Equal(got, want) || d.address != l.Addr().String() {
		t.Errorf("at %s, unreached %v, want %v", d.address, got, want)
	}
}
