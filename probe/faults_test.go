package probe_test

import (
	"fmt"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// A faultCase is one broken endpoint and what a probe of it must say.
type faultCase struct {
	name  string
	setUp func(n *node) registry.Endpoint
	step  string
	cause cause.Cause
	says  string // part of the error
	at    string // beginning of the target; "": the endpoint itself

	bareOK bool // without an image nothing fails
	waits  bool // until a step's time is over, though another cause is named
}

// imageOnly are faults that only an image meets.
func imageOnly(list []faultCase) []faultCase {
	for i := range list {
		list[i].bareOK = true
	}
	return list
}

// slow is how long a server that never answers waits: longer than any step.
const slow = time.Minute

func TestFaults(t *testing.T) {
	for _, list := range [][]faultCase{nameFaults, connectFaults, certificateFaults, tlsFaults, proxyFaults, answerFaults, basicFaults, tokenFaults, manifestFaults, contentFaults, hostileFaults, rawFaults} {
		testFaults(t, list)
	}
}

func testFaults(t *testing.T, list []faultCase) {
	for _, c := range list {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNode(t)
			ep := c.setUp(n)
			p := n.prober()
			p.Timeout = c.timeout()
			results := p.Probe(t.Context(), []probe.Ask{ask(t, ep), {Endpoint: ep}})
			c.check(t, results[0])
			if c.bareOK {
				if results[1].Status != probe.OK {
					t.Errorf("without an image: %s at %s: %s", results[1].Status, failing(results[1]).Name, results[1].Error)
				}
				return
			}
			c.check(t, results[1])
		})
	}
}

// timeout is short where the fault is that nothing comes, and else so long that a busy
// machine does not matter.
func (c faultCase) timeout() time.Duration {
	switch {
	case c.waits, c.cause == cause.TimeoutDeadline, c.cause == cause.ConnectTimeout, c.cause == cause.TLSHandshakeTimeout:
		return haste
	}
	return patience
}

// checkText wants no text of a result to steer a terminal, or to be without end.
func checkText(t *testing.T, r probe.Result) {
	t.Helper()
	const most = 64 << 10
	text := fmt.Sprintf("%s %s %+v %+v", r.Error, r.Target, r.Steps, r.Counterfactuals)
	if r.Certificate != nil {
		text += fmt.Sprintf("%+v", *r.Certificate) // all of it, not its String
	}
	if i := strings.IndexFunc(text, unicode.IsControl); i >= 0 || !utf8.ValidString(text) || len(text) > most {
		t.Errorf("%d bytes of text, with a control character at %d", len(text), i)
	}
}

// allBroken is each step-th of the faults that can stand side by side around one node, and
// what asks for them. The others want the node itself to be different.
func (n *node) allBroken(step int) (all []faultCase, asks []probe.Ask) {
	own, i := n.cert, 0
	for _, list := range [][]faultCase{connectFaults, certificateFaults, tlsFaults, answerFaults, basicFaults, manifestFaults, contentFaults, hostileFaults, rawFaults} {
		for _, c := range list {
			if i++; i%step != 0 || c.name == "no CA store" || c.name == "storage unknown" {
				continue
			}
			all, asks = append(all, c), append(asks, ask(n.t, c.setUp(n)))
			n.cert = own
		}
	}
	return all, asks
}

func (c faultCase) check(t *testing.T, r probe.Result) {
	t.Helper()
	s := failing(r)
	if r.Status != probe.Failed || s.Name != c.step || r.Cause != c.cause {
		t.Errorf("%s at %q with cause %q, want failed at %q with %q\nerror: %s\nsteps: %+v", r.Status, s.Name, r.Cause, c.step, c.cause, r.Error, r.Steps)
	}
	checkText(t, r)
	if !strings.Contains(r.Error, c.says) {
		t.Errorf("error %q does not say %q", r.Error, c.says)
	}
	if (c.at == "") != (r.Target == "") || !strings.HasPrefix(r.Target, c.at) {
		t.Errorf("target %q, want %q", r.Target, c.at)
	}
	if r.Reachable && s.Name != probe.StepManifest && s.Name != probe.StepBlob {
		t.Errorf("reachable, though it failed at %s", s.Name)
	}
}
