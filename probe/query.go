package probe

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"slices"

	"github.com/miekg/dns"
)

// udpSize is the answer's size that is asked for, the same as in Go's own resolver.
const udpSize = 1232

// query asks the nameservers for one kind of record until one of them decides.
func (r *resolver) query(ctx context.Context, name string, kind uint16) ([]ip, *net.DNSError) {
	msg := new(dns.Msg).SetQuestion(name, kind).SetEdns0(udpSize, false)
	var failed *net.DNSError
	for range r.attempts {
		for _, server := range r.inOrder() {
			found, err := r.queryOne(ctx, msg.Copy(), server, kind)
			if err == nil || err.IsNotFound || ctx.Err() != nil {
				return found, err
			}
			failed = err
		}
	}
	return nil, failed
}

// queryOne asks one nameserver, and remembers whether it stayed silent.
func (r *resolver) queryOne(ctx context.Context, msg *dns.Msg, server string, kind uint16) ([]ip, *net.DNSError) {
	answer, err := r.exchange(ctx, msg, server)
	if err != nil {
		failed := failure(err, server)
		r.note(server, failed.IsTimeout)
		return nil, failed
	}
	return read(answer, server, kind)
}

// inOrder lists the servers as configured, those that were silent last.
func (r *resolver) inOrder() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	servers := slices.Clone(r.servers)
	slices.SortStableFunc(servers, func(a, b string) int {
		switch {
		case r.silent[a] == r.silent[b]:
			return 0
		case r.silent[b]:
			return -1
		}
		return 1
	})
	return servers
}

func (r *resolver) note(server string, silent bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.silent[server] = silent
}

// exchange sends one query; an answer that was cut is asked for again over TCP.
func (r *resolver) exchange(ctx context.Context, msg *dns.Msg, server string) (*dns.Msg, error) {
	ctx, cancel := context.WithTimeout(ctx, r.limit)
	defer cancel()
	client := dns.Client{Net: "udp", UDPSize: udpSize, Timeout: r.limit}
	if r.tcp {
		client.Net = "tcp"
	}
	answer, _, err := client.ExchangeContext(ctx, msg, server)
	if err == nil && answer.Truncated && !r.tcp {
		client.Net = "tcp"
		answer, _, err = client.ExchangeContext(ctx, msg, server)
	}
	return answer, err
}

// read takes the addresses from an answer. A name without records of the kind does not
// exist for the caller, as in Go's own resolver.
func read(answer *dns.Msg, server string, kind uint16) ([]ip, *net.DNSError) {
	switch {
	case answer.Rcode == dns.RcodeNameError:
		return nil, notFound(server)
	case answer.Rcode != dns.RcodeSuccess:
		return nil, &net.DNSError{Err: "server misbehaving", Server: server, IsTemporary: true}
	}
	var found []ip
	for _, record := range answer.Answer {
		var raw net.IP
		switch rr := record.(type) {
		case *dns.A:
			raw = rr.A
		case *dns.AAAA:
			raw = rr.AAAA
		}
		if addr, ok := netip.AddrFromSlice(raw); ok && record.Header().Rrtype == kind {
			found = append(found, addr.Unmap())
		}
	}
	lame := !answer.Authoritative && !answer.RecursionAvailable && len(answer.Ns) > 0
	switch {
	case len(found) > 0:
		return found, nil
	case len(answer.Answer) == 0 && lame:
		return nil, &net.DNSError{Err: "lame referral", Server: server}
	}
	return nil, notFound(server)
}

func notFound(server string) *net.DNSError {
	return &net.DNSError{Err: "no such host", Server: server, IsNotFound: true}
}

// failure is a query that got no answer.
func failure(err error, server string) *net.DNSError {
	f := &net.DNSError{Err: err.Error(), Server: server, IsTemporary: true}
	netErr, ok := errors.AsType[net.Error](err)
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) || ok && netErr.Timeout() {
		f.Err, f.IsTimeout = "i/o timeout", true
	}
	return f
}
