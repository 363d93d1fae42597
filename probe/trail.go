package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/pullwhy/pullwhy/cause"
)

// A fault is a failed step's error where more is known than the error itself tells.
type fault struct {
	err    error
	cause  cause.Cause // None: that of err
	status int         // HTTP status; 0 where there was no answer
	retry  string      // Retry-After of the answer
	target string      // scheme://host[:port] that failed, where it is not the endpoint
}

func (f *fault) Error() string { return f.err.Error() }
func (f *fault) Unwrap() error { return f.err }

func faultf(c cause.Cause, format string, args ...any) *fault {
	return &fault{cause: c, err: fmt.Errorf(format, args...)}
}

// blame returns err as a fault, with its cause.
func blame(err error) fault {
	f := fault{err: err}
	if inner, ok := errors.AsType[*fault](err); ok {
		f.cause, f.status, f.retry, f.target = inner.cause, inner.status, inner.retry, inner.target
	}
	f.cause = cmp.Or(f.cause, causeOf(err))
	return f
}

// A trail is the steps that were walked, and where it ended.
type trail struct {
	timeout time.Duration // of each step
	steps   []Step
	fault   *fault // nil: no step failed

	deadline time.Time // of the step that failed
}

// step does one step within the trail's timeout and notes what became of it.
func (t *trail) step(ctx context.Context, name string, do func(context.Context, *Step) error) error {
	ctx, cancel := context.WithTimeout(ctx, t.timeout)
	defer cancel()
	s := Step{Name: name, Status: OK}
	begin := time.Now()
	err := do(ctx, &s)
	s.DurationMS = time.Since(begin).Milliseconds()
	if err != nil {
		t.fail(&s, err)
		t.deadline, _ = ctx.Deadline()
	}
	t.steps = append(t.steps, s)
	return err
}

// fail marks s as the step that ended the walk.
func (t *trail) fail(s *Step, err error) {
	f := blame(err)
	t.fault = &f
	s.Status, s.Cause, s.Error = Failed, f.cause, err.Error()
	s.StatusCode = cmp.Or(s.StatusCode, f.status)
	s.RetryAfter = cmp.Or(s.RetryAfter, f.retry)
}

// skip notes a step that was not walked, and why where that is worth telling.
func (t *trail) skip(name, why string) {
	t.steps = append(t.steps, Step{Name: name, Status: Skipped, Error: why})
}

// own returns the walk's own step of that name, nil where it was not reached. The steps
// by which another host was reached are not the walk's own; an auth step is, whatever
// host it was about.
func (t *trail) own(name string) *Step {
	for i := range t.steps {
		if s := &t.steps[i]; s.Name == name && (s.Host == "" || !connecting(name)) {
			return s
		}
	}
	return nil
}

func connecting(name string) bool {
	return name == StepDNS || name == StepProxy || name == StepTCP || name == StepTLS
}

// revise makes the step of that name, which seemed to pass, the one that failed.
func (t *trail) revise(name string, err error) {
	if t.own(name) == nil {
		t.skip(name, "")
	}
	t.fail(t.own(name), err)
}
