package probe

import (
	"bytes"
	"context"
	"io"
)

const (
	maxText = 64 << 10 // body of anything but a manifest or config, in bytes

	// maxLong is how many steps of a run may have longer bodies at a time, whatever the
	// number of endpoints: with what is decoded from one they take up to 30 MB each.
	maxLong = 4
)

// read takes the body of a. One longer than maxText waits for a place, which is kept until
// the step ends.
func (c *client) read(ctx context.Context, a *answer, body io.Reader, limit int64) {
	if limit == 0 {
		limit = maxText
	}
	a.body, a.bodyErr = io.ReadAll(io.LimitReader(body, min(limit, maxText)+1))
	if len(a.body) > maxText && limit > maxText {
		if a.bodyErr = c.takePlace(ctx); a.bodyErr == nil {
			rest := io.LimitReader(body, limit+1-int64(len(a.body)))
			a.body, a.bodyErr = io.ReadAll(io.MultiReader(bytes.NewReader(a.body), rest))
		}
	}
	if int64(len(a.body)) > limit {
		a.body, a.bodyErr = a.body[:limit], errTooLong
	}
}

func (c *client) takePlace(ctx context.Context) error {
	if c.long {
		return nil
	}
	select {
	case c.run.places <- struct{}{}:
		c.long = true
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (c *client) leavePlace() {
	if c.long {
		c.long = false
		<-c.run.places
	}
}
