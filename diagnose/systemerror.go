package diagnose

import (
	"cmp"
	"net/netip"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/registry"
)

// A systemError is what the node's own kernel answered in place of a connection, where more is to
// be said than that there is no route. In its texts HOST stands for the name, PLACE for the address
// and UNIT for the node's unit.
type systemError struct {
	words string // of the error
	means string
	mend  string
	look  Note
}

var seeRoutes = look("see the routes", "ip route; ip -6 route")

// unreached are the answers of connect(2) that are named no_route.
var unreached = []systemError{
	{"no route to host", "PLACE: the host is down, or a firewall rejects", "start the host, or open the firewall that rejects", seeRoutes},
	{"host is down", "PLACE: the host is down", "start the host", seeRoutes},
	{"network is down", "the network interface on the way to PLACE is down", "bring the interface up", look("see which", "ip -br link")},
	{"cannot assign requested address", "this node has no local address or port left for a connection to PLACE",
		"take the address out of DNS or /etc/hosts, or end what holds the local ports", look("see the sockets", "ss -s; sysctl net.ipv4.ip_local_port_range")},
	{"address family not supported", "this node has no IPv6, and PLACE is an IPv6 address", "take the IPv6 address of HOST out of DNS or /etc/hosts", seeRoutes},
	{"connect: operation not permitted", "something on this node forbids to connect to PLACE: a network policy for hosts, or the sandbox of the unit",
		"allow it there", look("see the unit's sandbox", "systemctl show UNIT -p IPAddressDeny -p RestrictAddressFamilies -p SystemCallFilter")},
	{"connect: permission denied", "connecting to PLACE is forbidden: by a route that prohibits, a security module, or for IPv6 a firewall on the way",
		"take out the prohibiting route, or allow it in the security module or firewall", seeRoutes},
	{"connect: invalid argument", "the route to PLACE is a blackhole, or the address cannot be connected to", "correct the route, or the address in DNS or /etc/hosts", seeRoutes},
	{"connect: protocol not available", "PLACE: the host, or a firewall before it, says that it has no TCP", "open the firewall that rejects", seeRoutes},
}

// shortages are what the node, or a process on it, ran out of before a connection was tried.
var shortages = []systemError{
	{"too many open files in system", "the node has no file descriptor left", "find what holds so many", look("see how many are open, and the limit", "cat /proc/sys/fs/file-nr")},
	{"too many open files", "the process that asked has no file descriptor left", "raise LimitNOFILE of the unit, and restart it",
		look("see its limit", "grep 'open files' /proc/$(pgrep -xo containerd)/limits")},
	{"no buffer space available", "the kernel has no room for the connection: often its table of neighbours is full",
		"raise net.ipv4.neigh.default.gc_thresh3, and for IPv6 net.ipv6.neigh.default.gc_thresh3", look("see whether the kernel says so", "dmesg | grep -i 'neighbour\\|neighbor'")},
	{"cannot allocate memory", "the node has no memory left for the connection", "end what holds the memory", look("see how much is left", "free -m")},
}

// proxyFaults are what a proxy, or the way to it, answers in place of a connection to HOST.
// (net/http transport.go: dialConn; a proxy's refusal is its status line)
var proxyFaults = []systemError{
	{words: "first record does not look like a TLS handshake", means: "the proxy is asked with https, and speaks plain http", mend: "write http:// before the address of the proxy, in HTTPS_PROXY too"},
	{words: "unknown authority", means: "this node does not trust the certificate of the proxy itself", mend: "add its CA to the node's own CAs, or write http:// before the address of the proxy"},
	{words: "Proxy Authentication Required", means: "the proxy wants credentials", mend: "give the proxy its credentials: HTTPS_PROXY=http://USER:PASSWORD@PROXY:PORT"},
	{words: "no such host", means: "this node's DNS does not know the name of the proxy", mend: "correct the name of the proxy, or let DNS know it"},
	{words: "connection refused", means: "nothing listens at the address of the proxy", mend: "start the proxy, or correct its address"},
	{words: "i/o timeout", means: "no answer from the proxy: it is down, or a firewall drops", mend: "let this node reach the proxy"},
	{words: "Forbidden", means: "the proxy refuses to connect to HOST", mend: "allow HOST at the proxy"},
	{words: "Bad Gateway", means: "the proxy does not reach HOST", mend: "let the proxy reach HOST"},
	{words: "Service Unavailable", means: "the proxy does not reach HOST", mend: "let the proxy reach HOST"},
	{words: "Gateway Timeout", means: "the proxy does not reach HOST", mend: "let the proxy reach HOST"},
}

// systemError is the one of a table that the failure's text tells of; nil for none.
func (o observation) systemError(table []systemError) *systemError {
	if o.attempt == nil {
		return nil
	}
	for _, r := range table {
		if strings.Contains(o.attempt.Error, r.words) {
			fill := strings.NewReplacer("PLACE", o.address(), "HOST", o.name(), "UNIT", cmp.Or(o.node.Unit, registry.Containerd))
			r.means, r.mend, r.look.Command = fill.Replace(r.means), fill.Replace(r.mend), fill.Replace(r.look.Command)
			return &r
		}
	}
	return nil
}

// seeAddresses asks the node for those of the host, which is no address itself.
func (o observation) seeAddresses() Note {
	if _, err := netip.ParseAddr(o.name()); err == nil {
		return Note{}
	}
	return look("see the addresses", "getent ahosts "+quote(o.name()))
}

// dialTo is the address in an error of Go's. (net.OpError)
var dialTo = lazyregexp.New(`dial tcp (\[[0-9a-fA-F:.%]+\]:\d+|[0-9.]+:\d+): `)

// address is the one that was dialled, as far as the probe or the text tells.
func (o observation) address() string {
	if o.probe != nil && o.probe.Address != "" {
		return o.probe.Address
	}
	if m := dialTo().FindStringSubmatch(o.reason()); m != nil {
		return m[1]
	}
	return "its address"
}
