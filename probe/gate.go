package probe

import (
	"context"
	"fmt"
	"net"
	"sync"
	"time"

	"github.com/pullwhy/pullwhy/cause"
)

// A gates limits the connections of a run to each host:port.
type gates struct {
	concurrency int
	admit       func() error // nil: always

	mu       sync.Mutex
	settings map[string]map[string]bool // by host:port, the distinct ones under which endpoints are asked there
	byAddr   map[string]*gate
}

func newGates(concurrency int, admit func() error, asks []Ask) *gates {
	g := &gates{concurrency: concurrency, admit: admit, settings: map[string]map[string]bool{}, byAddr: map[string]*gate{}}
	for _, ask := range asks {
		ep := ask.Endpoint
		addr := cause.HostPort(ep.Scheme, ep.Host)
		if g.settings[addr] == nil {
			g.settings[addr] = map[string]bool{}
		}
		g.settings[addr][fmt.Sprint(ep.Scheme, trustKeyOf(ep))] = true
	}
	return g
}

// of returns the gate of host:port.
func (g *gates) of(addr string) *gate {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.byAddr[addr] == nil {
		g.byAddr[addr] = newGate(g.concurrency, len(g.settings[addr]))
	}
	return g.byAddr[addr]
}

// admitted asks whether one more connection may be made at all.
func (g *gates) admitted() error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.admit == nil {
		return nil
	}
	return g.admit()
}

// A gate limits the connections to one host:port, whatever the settings under which it is
// asked.
type gate struct {
	share int // of each link
	conns chan struct{}

	mu    sync.Mutex
	links []*link
}

// idlePoll is how often a connection that waits for its turn looks whether another link
// to the same host keeps an idle one.
const idlePoll = 20 * time.Millisecond

// newGate makes a gate that so many links are known to share.
func newGate(concurrency, links int) *gate {
	return &gate{share: max(1, concurrency/max(1, links)), conns: make(chan struct{}, concurrency)}
}

func (g *gate) add(l *link) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.links = append(g.links, l)
}

// connect waits until one more connection is allowed; idle ones to the same host make
// room for it. The caller calls the returned function when its connection is closed.
func (g *gate) connect(ctx context.Context) (release func(), err error) {
	for {
		select {
		case g.conns <- struct{}{}:
			return sync.OnceFunc(func() { <-g.conns }), nil
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(idlePoll):
			g.closeIdle()
		}
	}
}

func (g *gate) closeIdle() {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, l := range g.links {
		l.transport.CloseIdleConnections()
	}
}

// A gatedConn gives its place back when it is closed.
type gatedConn struct {
	net.Conn
	release func()
}

func (c *gatedConn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
