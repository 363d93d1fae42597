package probe

import (
	"cmp"
	"context"
	"net"
	"net/netip"
	"slices"
	"time"
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

// A dialled is what became of dialling one family's addresses.
type dialled struct {
	conn    net.Conn
	address string // that answered, or was tried last
	err     error  // of the first address
	first   bool   // the preferred family
}

// dialAny connects to the first address that answers, as net.Dialer does: one after the
// other, both families side by side if the first one's is slow or fails. The error is
// that of the first address; address is the one that answered, or was tried last.
func dialAny(ctx context.Context, addrs []ip, port string) (conn net.Conn, address string, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
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
	mine, others := families(addrs)
	go race(mine, true)
	if len(others) == 0 {
		d := <-results
		return d.conn, d.address, d.err
	}
	timer := time.NewTimer(fallbackDelay)
	defer timer.Stop()
	var failed []dialled
	for {
		select {
		case <-timer.C:
			go race(others, false)
		case d := <-results:
			if d.err == nil {
				return d.conn, d.address, nil
			}
			if d.first && timer.Stop() {
				timer.Reset(0)
			}
			if failed = append(failed, d); len(failed) == 2 {
				return nil, d.address, firstOf(failed).err
			}
		}
	}
}

func (d dialled) close() {
	if d.conn != nil {
		d.conn.Close()
	}
}

func firstOf(failed []dialled) dialled {
	return failed[max(slices.IndexFunc(failed, func(d dialled) bool { return d.first }), 0)]
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
			return dialled{conn: conn, address: d.address}
		}
		d.err = cmp.Or(d.err, err)
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
