package main

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pullwhy/pullwhy/probe"
)

// A patrol probes endpoints when it is their turn, one at a time, within the budget, and
// keeps what it saw last.
type patrol struct {
	budget  budget
	observe func(probe.Result) // of each result; nil: nobody
	now     func() time.Time

	mu      sync.Mutex
	turns   turns
	prober  *probe.Prober // of the node as it is now; nil: not known yet
	results map[probe.Question]probe.Result
	seen    map[string]probe.Result // by endpoint: what was seen last of it, whatever the image
	news    bool                    // since results were taken
	wake    chan struct{}
}

func newPatrol(every time.Duration) *patrol {
	return &patrol{
		budget:  budget{most: connectionsPerMinute},
		now:     time.Now,
		turns:   turns{every: every, spread: atRandom},
		results: map[probe.Question]probe.Result{},
		seen:    map[string]probe.Result{},
		wake:    make(chan struct{}, 1),
	}
}

// plan sets what is asked from now on, and forgets what is not.
func (p *patrol) plan(prober *probe.Prober, asks []probe.Ask) {
	p.mu.Lock()
	defer p.mu.Unlock()
	wanted, asked := map[probe.Question]bool{}, map[string]bool{}
	for _, ask := range asks {
		wanted[ask.Question()], asked[ask.Endpoint.Spelling()] = true, true
	}
	maps.DeleteFunc(p.results, func(q probe.Question, _ probe.Result) bool { return !wanted[q] })
	maps.DeleteFunc(p.seen, func(endpoint string, _ probe.Result) bool { return !asked[endpoint] })
	p.prober = prober
	p.turns.plan(p.now(), asks, p.open)
	p.hurry()
}

func (p *patrol) hurry() {
	select {
	case p.wake <- struct{}{}:
	default:
	}
}

// mended drops what was seen at the endpoints of these asks: a pull has succeeded since.
func (p *patrol) mended(asks []probe.Ask) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, ask := range asks {
		host := hostOf(ask)
		maps.DeleteFunc(p.results, func(_ probe.Question, r probe.Result) bool { return hostOf(r.Ask) == host && r.Status == probe.Failed })
		maps.DeleteFunc(p.seen, func(_ string, r probe.Result) bool { return hostOf(r.Ask) == host && r.Status == probe.Failed })
		p.turns.mended(p.now(), host)
	}
	p.hurry()
}

// answers are what is known about asks.
func (p *patrol) answers(asks []probe.Ask) []probe.Result {
	p.mu.Lock()
	defer p.mu.Unlock()
	var known []probe.Result
	for _, ask := range asks {
		if r, ok := p.answer(ask); ok {
			known = append(known, r)
		}
	}
	return known
}

// fresh reports whether anything was seen since it was called last.
func (p *patrol) fresh() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	news := p.news
	p.news = false
	return news
}

// keep takes a result.
func (p *patrol) keep(r probe.Result) {
	p.news = true
	endpoint := r.Endpoint.Spelling()
	if ofEndpoint(r) {
		p.seen[endpoint] = r
		return
	}
	p.results[r.Question()] = r
	if r.Reachable {
		p.seen[endpoint] = withoutImage(r)
	}
}

// answer is what is known about ask: its own result, or what was seen of the endpoint
// where that decides.
func (p *patrol) answer(ask probe.Ask) (probe.Result, bool) {
	own, answered := p.results[ask.Question()]
	seen, known := p.seen[ask.Endpoint.Spelling()]
	if known && (seen.Status == probe.Failed && seen.Time.After(own.Time) || !answered && ask.Image.Name == "") {
		seen.Ask = ask
		return seen, true
	}
	return own, answered
}

// ofEndpoint reports whether a walk failed before anything was said of an image.
func ofEndpoint(r probe.Result) bool {
	failed := slices.IndexFunc(r.Steps, func(s probe.Step) bool { return s.Status == probe.Failed })
	if r.Status != probe.Failed || failed < 0 {
		return false
	}
	switch r.Steps[failed].Name {
	case probe.StepAuth, probe.StepManifest, probe.StepBlob:
		return false
	}
	return true
}

// withoutImage is what a walk that asked for an image says of the endpoint alone, which it
// found to be reachable.
func withoutImage(r probe.Result) probe.Result {
	steps := slices.IndexFunc(r.Steps, func(s probe.Step) bool { return s.Status == probe.Failed || s.Name == probe.StepManifest })
	if steps < 0 {
		steps = len(r.Steps)
	}
	return probe.Result{
		Ask: probe.Ask{Endpoint: r.Endpoint}, Status: probe.OK, Reachable: true, Address: r.Address, Proxy: r.Proxy,
		Steps: r.Steps[:steps:steps], Certificate: r.Certificate, Time: r.Time,
	}
}

// run probes until ctx ends.
func (p *patrol) run(ctx context.Context) {
	for {
		wait := p.step(ctx)
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		case <-p.wake:
			timer.Stop()
		}
	}
}

// step probes whose turn it is, and returns how long until the next one may be due.
func (p *patrol) step(ctx context.Context) time.Duration {
	now := p.now()
	p.mu.Lock()
	next, wait := p.turns.next(now)
	if next == nil || p.prober == nil {
		p.mu.Unlock()
		return max(wait, time.Second)
	}
	if wait := p.budget.wait(now, next.needs); wait > 0 {
		p.mu.Unlock()
		return wait
	}
	asks := p.pick(next.asks)
	prober := *p.prober
	p.mu.Unlock()
	p.probe(ctx, next.host, &prober, asks)
	return 0
}

// pick takes some of a turn's asks, those first that were not answered yet or whose answer
// is the oldest.
func (p *patrol) pick(asks []probe.Ask) []probe.Ask {
	asks = slices.SortedStableFunc(slices.Values(asks), func(a, b probe.Ask) int {
		return p.results[a.Question()].Time.Compare(p.results[b.Question()].Time)
	})
	return asks[:min(len(asks), imagesPerTurn)]
}

func (p *patrol) probe(ctx context.Context, host string, prober *probe.Prober, asks []probe.Ask) {
	var made, refused atomic.Int32
	prober.Concurrency = 1
	prober.Admit = func() error {
		err := p.budget.admit(p.now())
		if err != nil {
			refused.Add(1)
			return err
		}
		made.Add(1)
		return nil
	}
	results := prober.Probe(ctx, asks)
	if ctx.Err() != nil {
		return // half a walk tells nothing
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	broken, reached := false, false
	for _, r := range results {
		if r.Status == probe.Skipped || refused.Load() > 0 && r.Status == probe.Failed {
			continue
		}
		p.keep(r)
		broken, reached = broken || r.Status == probe.Failed, reached || r.Reachable
		if p.observe != nil {
			p.observe(r)
		}
	}
	left := p.turns.byHost[host] != nil && slices.ContainsFunc(p.turns.byHost[host].asks, p.open)
	p.turns.probed(p.now(), host, int(made.Load()+refused.Load()), broken && !(reached && left), left)
}

// open reports whether nothing is known about a question.
func (p *patrol) open(a probe.Ask) bool {
	_, known := p.answer(a)
	return !known
}
