package probe

import (
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe/probetest"
)

func nodeFiles(files map[string]string) fstest.MapFS {
	root := fstest.MapFS{}
	for name, text := range files {
		root[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return root
}

func texts(addrs []ip) []string {
	var all []string
	for _, a := range addrs {
		all = append(all, a.String())
	}
	return all
}

func TestCandidates(t *testing.T) {
	tests := []struct {
		conf, host string
		want       []string
	}{
		{"", "mirror.example.com", []string{"mirror.example.com."}},
		{"search a.example b.example.", "mirror", []string{"mirror.a.example.", "mirror.b.example.", "mirror."}},
		{"search a.example", "mirror.example.com", []string{"mirror.example.com.", "mirror.example.com.a.example."}},
		{"search a.example\noptions ndots:5", "mirror.example.com", []string{"mirror.example.com.a.example.", "mirror.example.com."}},
		{"domain a.example", "mirror", []string{"mirror.a.example.", "mirror."}},
		{"search a.example\noptions ndots:0", "mirror", []string{"mirror.", "mirror.a.example."}},
		{"search .", "mirror.", []string{"mirror."}},
		{"# search a.example\n; domain b.example", "mirror", []string{"mirror.own.example.", "mirror."}},
	}
	for _, tt := range tests {
		root := nodeFiles(map[string]string{"etc/resolv.conf": tt.conf + "\n", "etc/hostname": "node\n"})
		if strings.Contains(tt.conf, "#") {
			root["etc/hostname"].Data = []byte("node.own.example\n")
		}
		got := newResolver(root, "53", time.Second).candidates(tt.host)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%q with %q (-want +got):\n%s", tt.host, tt.conf, diff)
		}
	}
}

func TestReadConf(t *testing.T) {
	root := nodeFiles(map[string]string{"etc/resolv.conf": "nameserver 192.0.2.1\nnameserver ns.example.com\nnameserver 2001:db8::1\n" +
		"nameserver 192.0.2.2\nnameserver 192.0.2.3\noptions timeout:2 attempts:4 use-vc ndots:99\n"})
	r := newResolver(root, "53", time.Minute)
	want := []string{"192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.2:53"}
	if diff := cmp.Diff(want, r.servers); diff != "" {
		t.Errorf("servers (-want +got):\n%s", diff)
	}
	if r.limit != 2*time.Second || r.attempts != 4 || !r.tcp || r.ndots != 15 {
		t.Errorf("timeout %s, attempts %d, tcp %t, ndots %d", r.limit, r.attempts, r.tcp, r.ndots)
	}
	if r = newResolver(nil, "53", time.Second); len(r.servers) != 2 || r.limit != 250*time.Millisecond {
		t.Errorf("without files: servers %v, each %s", r.servers, r.limit)
	}
}

func TestLookup(t *testing.T) {
	root := nodeFiles(map[string]string{
		"etc/hosts":       "192.0.2.1 Mirror.example.com alias # comment alias2\n192.0.2.2 alias\nnot-an-address other\n",
		"etc/resolv.conf": "nameserver 127.0.0.1\nsearch a.example\n",
	})
	tests := []struct {
		host string
		want []string
		err  cause.Cause
	}{
		{"192.0.2.9", []string{"192.0.2.9"}, ""},
		{"2001:db8::9", []string{"2001:db8::9"}, ""},
		{"mirror.EXAMPLE.com", []string{"192.0.2.1"}, ""},
		{"mirror.example.com.", []string{"192.0.2.1"}, ""},
		{"alias", []string{"192.0.2.1", "192.0.2.2"}, ""},
		{"alias2", nil, cause.DNSNotFound},
		{"other", nil, cause.DNSNotFound},
		{"v4.example.com", []string{"192.0.2.7"}, ""},
		{"v6.example.com", []string{"::1"}, ""},
		{"short", []string{"192.0.2.8"}, ""},
		{"broken.example.com", nil, cause.DNSFailure},
		{strings.Repeat("x", 300), nil, cause.DNSNotFound},
		{"", nil, cause.DNSNotFound},
	}
	var many []string
	for i := range 1000 {
		many = append(many, fmt.Sprintf("127.1.%d.%d", i/250, i%250))
	}
	for _, truncate := range []bool{false, true} {
		server := &probetest.DNS{
			Names: map[string][]string{
				"v4.example.com": {"192.0.2.7"}, "v6.example.com": {"::1"}, "both.example.com": {"127.0.0.1", "::1"},
				"short.a.example": {"192.0.2.8"}, "many.example.com": many,
			},
			Rcodes:   map[string]int{"broken.example.com": dns.RcodeServerFailure},
			Truncate: truncate,
		}
		server.Start("")
		defer server.Close()
		r := newResolver(root, server.Port, 2*time.Second)
		for _, tt := range tests {
			got, err := r.lookup(t.Context(), tt.host, &Step{})
			if diff := cmp.Diff(tt.want, texts(got)); diff != "" || cause.Of(err) != tt.err {
				t.Errorf("%.40q, truncated %t: error %v (-want +got):\n%s", tt.host, truncate, err, diff)
			}
		}
		if got, err := r.lookup(t.Context(), "many.example.com", &Step{}); truncate && len(got) != maxAddresses { // more than UDP holds
			t.Errorf("very many addresses: %d, %v", len(got), err)
		}
		if got, err := r.lookup(t.Context(), "both.example.com", &Step{}); len(got) != 2 {
			t.Errorf("both families: %v, %v", got, err)
		}
	}
}

// A dead first nameserver costs its share of the time once, not the lookup.
func TestSilentNameserver(t *testing.T) {
	alive := &probetest.DNS{Names: map[string][]string{host: {"192.0.2.1"}}}
	alive.Start("")
	defer alive.Close()
	dead, err := net.ListenPacket("udp", "127.0.0.2:"+alive.Port)
	if err != nil {
		t.Skipf("no second loopback address: %v", err)
	}
	defer dead.Close()
	root := nodeFiles(map[string]string{"etc/resolv.conf": "nameserver 127.0.0.2\nnameserver 127.0.0.1\n"})
	r := newResolver(root, alive.Port, time.Second)
	if got, err := r.lookup(t.Context(), host, &Step{}); err != nil || len(got) != 1 {
		t.Fatalf("%v, %v", got, err)
	}
	if first := r.inOrder()[0]; first != alive.Addr {
		t.Errorf("%s is asked first from then on, want %s", first, alive.Addr)
	}
}

const host = "registry.example.com"

func TestPolicies(t *testing.T) {
	tests := map[string]int{"127.0.0.1": 35, "192.0.2.1": 35, "::1": 50, "2001:db8::1": 40, "fd00::1": 3, "2002::1": 30, "fe80::1%eth0": 40}
	for text, want := range tests {
		if got := policyOf(netip.MustParseAddr(text)).precedence; got != want {
			t.Errorf("precedence of %s: %d, want %d", text, got, want)
		}
	}
}

func TestSortAddrs(t *testing.T) {
	// loopback is of the link, for which RFC 6724 prefers IPv6
	addrs := []ip{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")}
	if !sourceFor(addrs[1]).IsValid() {
		t.Skip("no IPv6 on loopback")
	}
	sortAddrs(addrs)
	if want := []string{"::1", "127.0.0.1"}; !slices.Equal(texts(addrs), want) {
		t.Errorf("order %v, want %v", texts(addrs), want)
	}
}

// The other family is tried where the preferred one fails, and the first failure is told.
func TestDialAny(t *testing.T) {
	server := probetest.ServeConn(func(net.Conn) {})
	defer server.Close()
	v4, v6 := netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("::1")
	d := dialAny(t.Context(), []ip{v6, v4}, server.Port)
	if d.err != nil || d.address != server.Addr {
		t.Fatalf("%s: %v", d.address, d.err)
	}
	d.close()
	if got, want := unreached(d), []string{"[::1]:" + server.Port}; !slices.Equal(got, want) {
		t.Errorf("unreached %v, want %v", got, want)
	}
	_, port, _ := net.SplitHostPort(probetest.Refused())
	d = dialAny(t.Context(), []ip{v4, v6}, port)
	if d.err == nil || !strings.Contains(d.err.Error(), "127.0.0.1:"+port) || d.address != "[::1]:"+port {
		t.Errorf("last tried %s: %v", d.address, d.err)
	}
	if cause.Of(d.err) != cause.ConnectRefused {
		t.Errorf("cause %q of %v", cause.Of(d.err), d.err)
	}
	if got, want := unreached(d), []string{"127.0.0.1:" + port, "[::1]:" + port}; !slices.Equal(got, want) {
		t.Errorf("unreached %v, want %v", got, want)
	}
}

func unreached(d dialled) []string {
	var all []string
	for _, u := range d.unreached {
		all = append(all, u.Address)
	}
	return all
}
