// Package probe asks a registry endpoint what containerd would ask it, step by step, and
// tells which step failed and why.
package probe

import (
	"context"
	"io/fs"
	"sync"
	"time"
)

const (
	defaultTimeout     = 5 * time.Second
	defaultConcurrency = 4
	defaultUserAgent   = "containerd/v2.1.5"

	// imagesPerTimeout is how many images at one endpoint lengthen the whole run by one
	// Timeout.
	imagesPerTimeout = 50
)

// A Prober asks endpoints as containerd on one node would. The zero value works: it
// knows no files of a node, so only addresses can be asked and no certificate is trusted.
type Prober struct {
	// Timeout bounds each step. 0: 5 s. Where every endpoint has one fault, Probe ends
	// within Timeout and 2 s; whatever servers do, within 3 times Timeout and 5 s, to
	// which each 50 images at one endpoint add one Timeout.
	Timeout time.Duration

	// Concurrency is how many connections at a time an endpoint gets. 0: 4.
	Concurrency int

	// Root is the node's filesystem: /etc/hosts, /etc/resolv.conf, the CA store, and the
	// CA and client files that endpoints name. nil: there are no files.
	Root fs.FS

	// Env is the environment of the node's containerd, for HTTPS_PROXY, HTTP_PROXY,
	// NO_PROXY, SSL_CERT_FILE and SSL_CERT_DIR. The process' own is never looked at.
	Env map[string]string

	// UserAgent is sent with every request. "": that of a containerd release.
	UserAgent string

	// Progress is told, one call at a time, how many of all asks have been answered. nil:
	// nobody wants to know.
	Progress func(answered, all int)

	// Admit is asked before each connection, one call at a time; where it returns an error
	// the connection is not made, and fails with that error. nil: all are made.
	Admit func() error

	dnsPort string // "": 53
}

// Probe walks all asks, all endpoints at once, and returns the results in the order of
// asks. Endpoints of the same spelling and settings share one walk up to the ping, and
// their connections. What is not reached before ctx or the bound of the run ends is
// Skipped, with cause timeout_deadline.
func (p *Prober) Probe(ctx context.Context, asks []Ask) []Result {
	r := newRun(p, asks)
	ctx, cancel := context.WithTimeout(ctx, r.bound(asks))
	defer cancel()
	r.ctx = ctx
	defer r.close()

	results := make([]Result, len(asks))
	var wg sync.WaitGroup
	var mu sync.Mutex
	answered := 0
	for i, ask := range asks {
		s := r.site(ask.Endpoint)
		wg.Go(func() {
			results[i] = s.answer(ask)
			mu.Lock()
			defer mu.Unlock()
			if answered++; p.Progress != nil {
				p.Progress(answered, len(asks))
			}
		})
	}
	wg.Wait()
	return results
}

// bound is how long a run may take. The margin below the promised limit is for what
// stands between a deadline and the return.
func (r *run) bound(asks []Ask) time.Duration {
	images, most := map[siteKey]int{}, 0
	for _, ask := range asks {
		if ask.Image.Name != "" {
			key := keyOf(ask.Endpoint)
			images[key]++
			most = max(most, images[key])
		}
	}
	return 3*r.timeout + 4*time.Second + time.Duration(most/imagesPerTimeout)*r.timeout
}
