package probetest

import (
	"net"
	"net/netip"

	"github.com/miekg/dns"
)

// A DNS is a nameserver on loopback, UDP and TCP.
type DNS struct {
	Addr string // ip:port
	Port string

	// Names holds addresses by name without the last dot; what is not in it does not exist.
	Names map[string][]string
	// Rcodes holds names that are answered with an error code of their own.
	Rcodes map[string]int
	// Silent holds names that are not answered.
	Silent map[string]bool
	// Truncate makes every answer over UDP come without records.
	Truncate bool

	servers []*dns.Server
}

// Start begins to answer at 127.0.0.1 and a free port, or at addr (ip:port).
func (d *DNS) Start(addr string) {
	if addr == "" {
		addr = "127.0.0.1:0"
	}
	l, err := net.Listen("tcp", addr)
	if err != nil {
		panic("probetest: " + err.Error())
	}
	d.Addr = l.Addr().String()
	_, d.Port, _ = net.SplitHostPort(d.Addr)
	packets, err := net.ListenPacket("udp", d.Addr)
	if err != nil {
		panic("probetest: " + err.Error())
	}
	d.servers = []*dns.Server{{Listener: l, Handler: d}, {PacketConn: packets, Handler: d}}
	for _, s := range d.servers {
		ready := make(chan struct{})
		s.NotifyStartedFunc = func() { close(ready) }
		go s.ActivateAndServe()
		<-ready
	}
}

// Close ends the nameserver.
func (d *DNS) Close() {
	for _, s := range d.servers {
		_ = s.Shutdown() // it may have ended already
	}
}

// ServeDNS implements [dns.Handler].
func (d *DNS) ServeDNS(w dns.ResponseWriter, r *dns.Msg) {
	question := r.Question[0]
	name := question.Name[:len(question.Name)-1]
	if d.Silent[name] {
		return
	}
	m := new(dns.Msg).SetReply(r)
	m.RecursionAvailable = true
	addrs, known := d.Names[name]
	if code, ok := d.Rcodes[name]; ok {
		m.Rcode = code
	} else if !known {
		m.Rcode = dns.RcodeNameError
	}
	for _, a := range addrs {
		if rr := record(question, netip.MustParseAddr(a)); rr != nil {
			m.Answer = append(m.Answer, rr)
		}
	}
	if _, udp := w.RemoteAddr().(*net.UDPAddr); udp && d.Truncate {
		m.Truncated, m.Answer = true, nil
	}
	_ = w.WriteMsg(m) // a client that went away is its own affair
}

func record(q dns.Question, addr netip.Addr) dns.RR {
	header := dns.RR_Header{Name: q.Name, Rrtype: q.Qtype, Class: dns.ClassINET, Ttl: 1}
	switch {
	case addr.Is4() && q.Qtype == dns.TypeA:
		return &dns.A{Hdr: header, A: addr.AsSlice()}
	case addr.Is6() && q.Qtype == dns.TypeAAAA:
		return &dns.AAAA{Hdr: header, AAAA: addr.AsSlice()}
	}
	return nil
}
