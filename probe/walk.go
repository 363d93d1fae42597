package probe

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// A walk is the steps at one endpoint for one ask, and what they found.
type walk struct {
	client
	trail
	asked         registry.Endpoint  // with the image's repository; zero before an image is asked for
	image         registry.Reference // zero: none
	authorization string             // that answered the challenge; "" for none
	spent         time.Duration      // on HEAD requests for the manifest
	until         time.Time          // the deadline of the last of them
	unasked       bool               // containerd does not ask this endpoint for tags
	began         time.Time
	noted         int     // how many of visited have their steps in the trail
	pinged        bool    // the ping was answered as a registry would
	undecided     bool    // the ping was answered badly, which an image may yet disprove
	authorized    bool    // auth passed, or was only asked for
	late          string  // why it was not judged in time; "" where it was
	registry      bool    // an answer for the image was a registry's, whatever the ping
	challenged    *answer // to the ping; nil where that failed
}

// do walks one step; what was walked at other hosts for its sake is noted before it.
func (w *walk) do(name string, f func(context.Context, *Step) error) error {
	steps := w.steps
	w.steps = nil
	err := w.step(w.run.ctx, name, f)
	w.leavePlace()
	own := w.steps
	w.steps = steps
	w.noteVisited()
	w.steps = append(w.steps, own...)
	return err
}

// noteVisited adds the steps by which other hosts were reached.
func (w *walk) noteVisited() {
	for _, l := range w.visited[w.noted:] {
		for _, s := range l.open().steps {
			s.Host = l.host
			w.steps = append(w.steps, s)
		}
	}
	w.noted = len(w.visited)
}

// cutShort reports, and notes, whether the walk failed only for the time of the whole run was over.
func (w *walk) cutShort() bool {
	if w.fault != nil && w.run.ctx.Err() != nil {
		w.late = whyLate
	}
	return w.late != ""
}

// result is what the walk found for ask. Nothing leaves the package but through it, so
// this is where text of servers is cleaned.
func (w *walk) result(ask Ask) Result {
	o := w.link.open()
	r := Result{
		Ask: ask, Status: OK, Address: o.address, Proxy: proxyName(w.link.proxy),
		Steps: w.complete(ask), Certificate: o.certificate, Time: w.began,
		Reachable: w.pinged && w.authorized,
	}
	if w.fault != nil {
		r.Status, r.Cause, r.Error = Failed, w.fault.cause, w.fault.err.Error()
		r.StatusCode, r.Target = w.fault.status, w.fault.target
	}
	if w.unasked && w.fault == nil {
		r.Status, r.Error = Skipped, "the endpoint is not asked to resolve tags"
	}
	if w.late != "" {
		r.Status, r.Cause, r.Error = Skipped, cause.TimeoutDeadline, w.late
	}
	w.secrets.cleanResult(&r)
	r.summarise()
	return r
}

// summarise tells of the whole walk what single steps found beside their outcome.
func (r *Result) summarise() {
	for _, s := range r.Steps {
		r.ClockSkew = cmp.Or(time.Duration(s.ClockSkewMS)*time.Millisecond, r.ClockSkew)
		r.RetryAfter = cmp.Or(s.RetryAfter, r.RetryAfter)
		r.RateLimit = cmp.Or(s.RateLimit, r.RateLimit)
		r.Counterfactuals = append(r.Counterfactuals, s.Counterfactuals...)
	}
}

// complete adds the steps that were not reached.
func (w *walk) complete(ask Ask) []Step {
	steps := slices.Clone(w.steps)
	names := []string{StepDNS, StepTCP, StepTLS, StepPing, StepAuth, StepManifest, StepBlob}
	for _, name := range names {
		switch {
		case w.own(name) != nil,
			name == StepTLS && w.root.Scheme == "http",
			(name == StepManifest || name == StepBlob) && ask.Image.Name == "":
			continue
		}
		steps = append(steps, Step{Name: name, Status: Skipped})
	}
	return steps
}
