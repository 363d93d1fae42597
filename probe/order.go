package probe

import (
	"cmp"
	"net"
	"net/netip"
	"slices"
)

// A policy is one row of the table by which destination addresses are ordered.
type policy struct {
	prefix     netip.Prefix
	precedence int
	label      int
}

// policies is RFC 6724, section 2.1, the most specific prefix first.
var policies = []policy{
	{netip.MustParsePrefix("::1/128"), 50, 0},
	{netip.MustParsePrefix("::ffff:0:0/96"), 35, 4},
	{netip.MustParsePrefix("::/96"), 1, 3},
	{netip.MustParsePrefix("2001::/32"), 5, 5},
	{netip.MustParsePrefix("2002::/16"), 30, 2},
	{netip.MustParsePrefix("3ffe::/16"), 1, 12},
	{netip.MustParsePrefix("fec0::/10"), 1, 11},
	{netip.MustParsePrefix("fc00::/7"), 3, 13},
	{netip.MustParsePrefix("::/0"), 40, 1},
}

// A destination is an address and what decides its place.
type destination struct {
	addr   ip
	source ip // that the node would use; zero: there is no route
}

// sortAddrs orders addresses as Go's dialer tries them: by rules 1, 2, 5, 6 and 8 of RFC
// 6724, section 6. What those leave equal keeps its order.
func sortAddrs(addrs []ip) {
	if len(addrs) < 2 {
		return
	}
	all := make([]destination, len(addrs))
	for i, a := range addrs {
		all[i] = destination{a, sourceFor(a)}
	}
	slices.SortStableFunc(all, func(a, b destination) int {
		return cmp.Or(
			first(a.source.IsValid(), b.source.IsValid()),
			first(scope(a.addr) == scope(a.source), scope(b.addr) == scope(b.source)),
			first(policyOf(a.addr).label == policyOf(a.source).label, policyOf(b.addr).label == policyOf(b.source).label),
			cmp.Compare(policyOf(b.addr).precedence, policyOf(a.addr).precedence),
			cmp.Compare(scope(a.addr), scope(b.addr)),
		)
	})
	for i, d := range all {
		addrs[i] = d.addr
	}
}

// first orders what is true before what is not.
func first(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return -1
	}
	return 1
}

// sourceFor asks the routing table: connecting a UDP socket sends nothing.
func sourceFor(a ip) ip {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(a, 53)))
	if err != nil {
		return ip{}
	}
	defer conn.Close()
	local, _ := conn.LocalAddr().(*net.UDPAddr)
	return local.AddrPort().Addr().Unmap()
}

// scope is 2 for addresses of the link, 5 for those of the site, 14 for all others.
func scope(a ip) int {
	switch {
	case a.IsLoopback(), a.IsLinkLocalUnicast():
		return 2
	case a.Is6() && netip.MustParsePrefix("fec0::/10").Contains(a.WithZone("")):
		return 5
	}
	return 14
}

func policyOf(a ip) policy {
	if !a.IsValid() {
		return policy{}
	}
	mapped := netip.AddrFrom16(a.WithZone("").As16())
	for _, p := range policies {
		if p.prefix.Contains(mapped) {
			return p
		}
	}
	return policy{}
}
