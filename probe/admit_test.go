package probe_test

import (
	"errors"
	"testing"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
)

// TestAdmit makes as many connections as are admitted, and asks before each.
func TestAdmit(t *testing.T) {
	n := newNode(t)
	s := n.server(probetest.NewRegistry(image))
	refused := errors.New("no more connections")
	for left := range 2 {
		asked, before := 0, s.Connections()
		p := n.prober()
		p.Admit = func() error {
			if asked++; asked > left {
				return refused
			}
			return nil
		}
		got := p.Probe(t.Context(), []probe.Ask{ask(t, endpoint(host+":"+s.Port))})[0]
		if made := s.Connections() - before; made != left || asked == 0 {
			t.Errorf("%d connections for %d admitted, asked %d times", made, left, asked)
		}
		if (got.Status == probe.OK) != (left > 0) {
			t.Errorf("%d admitted: %+v", left, got)
		}
	}
}

// TestAdmitAside tells nothing of what was not tried, for want of one more connection.
func TestAdmitAside(t *testing.T) {
	n := newNode(t)
	ep := endpoint(n.plain(probetest.NewRegistry(image).ServeHTTP))
	left := 1
	p := n.prober()
	p.Admit = func() error {
		if left--; left < 0 {
			return errors.New("no more connections")
		}
		return nil
	}
	got := p.Probe(t.Context(), []probe.Ask{ask(t, ep)})[0]
	if left >= 0 || got.Cause != cause.HTTPResponseToHTTPSClient || len(got.Counterfactuals) != 0 {
		t.Errorf("%s with counterfactuals %+v", got.Cause, got.Counterfactuals)
	}
}
