package probe

import (
	"context"
	"slices"
	"time"
)

// viewGrace bounds what a slow nameserver that nobody needs adds to a lookup.
const viewGrace = 200 * time.Millisecond

// A view is what one nameserver says of a name.
type view struct {
	Nameserver
	kind string // which of the ways in which answers can differ; "" while there is none
}

// A survey asks each nameserver on its own, beside the lookup that decides.
type survey struct {
	grace time.Duration
	views []view
	done  []chan struct{}
}

// survey begins to ask for host, where there is more than one nameserver.
func (r *resolver) survey(ctx context.Context, host string) *survey {
	s := &survey{grace: r.grace}
	if len(r.servers) < 2 {
		return s
	}
	s.views, s.done = make([]view, len(r.servers)), make([]chan struct{}, len(r.servers))
	for i, server := range r.servers {
		s.done[i] = make(chan struct{})
		go func() {
			defer close(s.done[i])
			s.views[i] = r.view(ctx, host, server)
		}()
	}
	return s
}

func (r *resolver) view(ctx context.Context, host, server string) view {
	alone := &resolver{
		servers: []string{server}, search: r.search, ndots: r.ndots, attempts: 1, tcp: r.tcp,
		limit: r.limit, silent: map[string]bool{},
	}
	v := view{Nameserver: Nameserver{Server: server, Addresses: []string{}}, kind: "addresses"}
	found, err := alone.ask(ctx, host)
	for _, a := range found {
		v.Addresses = append(v.Addresses, a.String())
	}
	switch {
	case err == nil:
	case err.IsNotFound:
		v.kind, v.Error = "none", err.Err
	default:
		v.kind, v.Error = "failure", err.Err
	}
	return v
}

// disagreement is what the nameservers said where they do not say the same, else nil. Those
// that have not answered within the grace are left out.
func (s *survey) disagreement() []Nameserver {
	over := time.After(s.grace)
	var answered []view
	for i, done := range s.done {
		select {
		case <-done:
		case <-over:
			over = closed
		}
		select {
		case <-done:
			answered = append(answered, s.views[i])
		default:
		}
	}
	if !slices.ContainsFunc(answered, func(v view) bool { return v.differs(answered[0]) }) {
		return nil
	}
	all := make([]Nameserver, len(answered))
	for i, v := range answered {
		all[i] = v.Nameserver
	}
	return all
}

// closed is a time that is over.
var closed = func() <-chan time.Time {
	c := make(chan time.Time)
	close(c)
	return c
}()

// differs reports whether v and other lead to different places. Addresses may be told in
// parts, in turn; only those that have nothing in common differ.
func (v view) differs(other view) bool {
	if v.kind != other.kind {
		return true
	}
	return v.kind == "addresses" && !slices.ContainsFunc(v.Addresses, func(a string) bool {
		return slices.Contains(other.Addresses, a)
	})
}
