package probe

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"net/netip"
	"time"

	"github.com/pullwhy/pullwhy/cause"
)

type ip = netip.Addr

const (
	// fallbackDelay is how long the preferred family has before the other one is tried
	// beside it (net.Dialer's FallbackDelay, RFC 6555).
	fallbackDelay = 300 * time.Millisecond

	// leastDial is what one address gets of the remaining time, if there is so much
	// (net dial.go, partialDeadline).
	leastDial = 2 * time.Second
)

// A dialled is what became of dialling one family's addresses, or those of both.
type dialled struct {
	conn      net.Conn
	address   string // that answered, or was tried last
	err       error  // of the first address; nil where one answered
	unreached []Unreached
	first     bool // the preferred family
}

// dialAny connects to the first address that answers, as net.Dialer does: one after the
// other, both families side by side if the first one's is slow or fails.
func dialAny(ctx context.Context, addrs []ip, port string) dialled {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	mine, others := families(addrs)
	if len(others) == 0 {
		return dialEach(ctx, mine, port)
	}
	results, done := make(chan dialled), make(chan struct{})
	defer close(done)
	race := func(addrs []ip, first bool) {
		d := dialEach(ctx, addrs, port)
		d.first = first
		select {
		case results <- d:
		case <-done:
			d.close()
		}
	}
	go race(mine, true)
	timer := time.NewTimer(fallbackDelay)
	defer timer.Stop()
	var failed []dialled
	for {
		select {
		case <-timer.C:
			go race(others, false)
		case d := <-results:
			if d.err == nil {
				return d.after(failed, net.JoinHostPort(mine[0].String(), port))
			}
			if d.first && timer.Stop() {
				timer.Reset(0)
			}
			if failed = append(failed, d); len(failed) == 2 {
				return bothFailed(failed)
			}
		}
	}
}

// after is d with what had failed before. Where the other family won without that, the
// preferred one, whose first address is given, had been silent.
func (d dialled) after(failed []dialled, preferred string) dialled {
	for _, f := range failed {
		d.unreached = append(f.unreached, d.unreached...)
	}
	if !d.first && len(failed) == 0 {
		silent := Unreached{preferred, cause.ConnectTimeout, fmt.Sprintf("no answer in %s, when the other family was tried", fallbackDelay)}
		d.unreached = append([]Unreached{silent}, d.unreached...)
	}
	return d
}

// bothFailed has the error of the preferred family and the address that was tried last.
func bothFailed(failed []dialled) dialled {
	d, last := failed[0], failed[1]
	if !d.first {
		d = last
	}
	d.address = last.address
	d.unreached = append(failed[0].unreached, last.unreached...)
	return d
}

func (d dialled) close() {
	if d.conn != nil {
		d.conn.Close()
	}
}

// families splits addrs by the family of the first.
func families(addrs []ip) (mine, others []ip) {
	for _, a := range addrs {
		if a.Is4() == addrs[0].Is4() {
			mine = append(mine, a)
		} else {
			others = append(others, a)
		}
	}
	return mine, others
}

// dialEach dials one address after the other; each gets its share of the time.
func dialEach(ctx context.Context, addrs []ip, port string) dialled {
	var d dialled
	for i, a := range addrs {
		d.address = net.JoinHostPort(a.String(), port)
		conn, err := dialOne(ctx, d.address, len(addrs)-i)
		if err == nil {
			d.conn, d.err = conn, nil
			return d
		}
		d.err = cmp.Or(d.err, err)
		d.unreached = append(d.unreached, Unreached{d.address, cause.Of(err), err.Error()})
	}
	return d
}

func dialOne(ctx context.Context, address string, remaining int) (net.Conn, error) {
	if until, ok := ctx.Deadline(); ok && remaining > 1 {
		share := max(time.Until(until)/time.Duration(remaining), leastDial)
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, share)
		defer cancel()
	}
	var dialer net.Dialer
	return dialer.DialContext(ctx, "tcp", address)
}
