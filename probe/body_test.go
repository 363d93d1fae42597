package probe

import (
	"context"
	"errors"
	"strings"
	"testing"
)

// A long body waits for a place, which is kept until the step ends; a short one does not.
func TestPlaces(t *testing.T) {
	s := &site{run: &run{places: make(chan struct{}, 1)}}
	read := func(ctx context.Context, c *client, size int) error {
		var a answer
		c.read(ctx, &a, strings.NewReader(strings.Repeat("x", size)), 4*maxText)
		if a.bodyErr == nil && len(a.body) != size {
			t.Errorf("%d bytes of %d", len(a.body), size)
		}
		return a.bodyErr
	}
	over, cancel := context.WithCancel(t.Context())
	cancel()
	first, second := &client{site: s}, &client{site: s}
	for _, step := range []struct {
		what string
		err  error
		want error
	}{
		{"short", read(over, second, maxText), nil},
		{"long", read(t.Context(), first, 2*maxText), nil},
		{"long again in the same step", read(t.Context(), first, 3*maxText), nil},
		{"long elsewhere", read(over, second, 2*maxText), context.Canceled},
		{"too long", read(t.Context(), first, 4*maxText+1), errTooLong},
	} {
		if !errors.Is(step.err, step.want) {
			t.Errorf("%s: %v, want %v", step.what, step.err, step.want)
		}
	}
	first.leavePlace()
	if err := read(t.Context(), second, 2*maxText); err != nil {
		t.Errorf("long elsewhere, after the step: %v", err)
	}
}
