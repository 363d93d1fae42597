package probe

import (
	"context"
	"io/fs"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"
)

// maxAddresses is how many addresses of a name are tried: an answer has room for thousands.
const maxAddresses = 100

// A resolver finds addresses as Go programs on the node do: first in its /etc/hosts, then
// from the nameservers of its /etc/resolv.conf.
type resolver struct {
	hosts    map[string][]ip // by lower-case name without the last dot
	servers  []string        // ip:port
	search   []string        // with the last dot
	ndots    int
	attempts int
	tcp      bool
	limit    time.Duration // of one exchange
	grace    time.Duration // for the other nameservers, once a name is resolved

	mu     sync.Mutex
	silent map[string]bool // servers that did not answer, asked last from then on
}

// newResolver reads the node's files. timeout is that of a whole lookup, which all
// servers share.
func newResolver(root fs.FS, port string, timeout time.Duration) *resolver {
	r := &resolver{hosts: map[string][]ip{}, ndots: 1, attempts: 2, silent: map[string]bool{}, grace: viewGrace}
	r.limit = 5 * time.Second
	if data, err := readFile(root, "/etc/hosts"); err == nil {
		r.readHosts(string(data))
	}
	if data, err := readFile(root, "/etc/resolv.conf"); err == nil {
		r.readConf(string(data), port)
	}
	if len(r.servers) == 0 {
		r.servers = []string{net.JoinHostPort("127.0.0.1", port), net.JoinHostPort("::1", port)}
	}
	if len(r.search) == 0 {
		r.searchOwnDomain(root)
	}
	r.limit = min(r.limit, timeout/time.Duration(r.attempts*len(r.servers)))
	return r
}

func (r *resolver) readHosts(text string) {
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		fields := strings.Fields(line)
		if len(fields) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(fields[0])
		if err != nil {
			continue
		}
		for _, name := range fields[1:] {
			name = strings.ToLower(strings.TrimSuffix(name, "."))
			r.hosts[name] = append(r.hosts[name], addr.Unmap())
		}
	}
}

// readConf reads a resolv.conf (resolv.conf(5); net dnsconfig_unix.go).
func (r *resolver) readConf(text, port string) {
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		if len(fields) < 2 || strings.HasPrefix(line, "#") || strings.HasPrefix(line, ";") {
			continue
		}
		switch fields[0] {
		case "nameserver":
			if _, err := netip.ParseAddr(fields[1]); err == nil && len(r.servers) < 3 {
				r.servers = append(r.servers, net.JoinHostPort(fields[1], port))
			}
		case "domain":
			r.search = []string{dns.Fqdn(fields[1])}
		case "search":
			r.search = nil
			for _, name := range fields[1:] {
				if name = dns.Fqdn(name); name != "." {
					r.search = append(r.search, name)
				}
			}
		case "options":
			r.readOptions(fields[1:])
		}
	}
}

func (r *resolver) readOptions(options []string) {
	for _, option := range options {
		name, value, _ := strings.Cut(option, ":")
		n, _ := strconv.Atoi(value)
		switch name {
		case "ndots":
			r.ndots = min(max(n, 0), 15)
		case "timeout":
			r.limit = time.Duration(min(max(n, 1), 30)) * time.Second
		case "attempts":
			r.attempts = min(max(n, 1), 5)
		case "use-vc", "usevc", "tcp":
			r.tcp = true
		}
	}
}

// searchOwnDomain is what the search list defaults to.
func (r *resolver) searchOwnDomain(root fs.FS) {
	name, err := readFile(root, "/etc/hostname")
	if err != nil {
		return
	}
	if _, domain, _ := strings.Cut(strings.TrimSpace(string(name)), "."); domain != "" {
		r.search = []string{dns.Fqdn(domain)}
	}
}

// lookup returns the addresses of host in the order in which they are to be tried, or a
// *net.OpError that holds a *net.DNSError. It notes in s what it found.
func (r *resolver) lookup(ctx context.Context, host string, s *Step) ([]ip, error) {
	if addr, err := netip.ParseAddr(host); err == nil {
		s.Addresses = []string{addr.Unmap().String()}
		return []ip{addr.Unmap()}, nil
	}
	found := slices.Clone(r.hosts[strings.ToLower(strings.TrimSuffix(host, "."))])
	if len(found) == 0 {
		others := r.survey(ctx, host)
		var err *net.DNSError
		found, err = r.ask(ctx, host)
		if s.Nameservers = others.disagreement(); err != nil {
			err.Name = host
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: err}
		}
	}
	sortAddrs(found)
	found = found[:min(len(found), maxAddresses)]
	for _, a := range found {
		s.Addresses = append(s.Addresses, a.String())
	}
	return found, nil
}

// ask tries the names that host may stand for, one after the other. Its error is that of
// host itself where that was asked.
func (r *resolver) ask(ctx context.Context, host string) ([]ip, *net.DNSError) {
	var failed *net.DNSError
	for _, name := range r.candidates(host) {
		found, err := r.both(ctx, name)
		if len(found) > 0 {
			return found, nil
		}
		if failed == nil || name == host+"." {
			failed = err
		}
		if ctx.Err() != nil {
			break
		}
	}
	if failed == nil {
		failed = notFound("")
	}
	return nil, failed
}

// candidates are the names that are asked for host (net dnsclient_unix.go, nameList).
func (r *resolver) candidates(host string) []string {
	if _, ok := dns.IsDomainName(host); !ok || host == "" {
		return nil
	}
	if strings.HasSuffix(host, ".") {
		return []string{host}
	}
	names := []string{host + "."}
	for _, domain := range r.search {
		if name := host + "." + domain; len(name) <= 254 {
			names = append(names, name)
		}
	}
	if strings.Count(host, ".") < r.ndots {
		names = append(names[1:], names[0])
	}
	return names
}

// both asks for the IPv4 and the IPv6 addresses of name at the same time. Either family
// is enough; without any, the error is IPv4's.
func (r *resolver) both(ctx context.Context, name string) ([]ip, *net.DNSError) {
	var found [2][]ip
	var errs [2]*net.DNSError
	var wg sync.WaitGroup
	for i, kind := range []uint16{dns.TypeA, dns.TypeAAAA} {
		wg.Go(func() { found[i], errs[i] = r.query(ctx, name, kind) })
	}
	wg.Wait()
	return append(found[0], found[1]...), errs[0]
}
