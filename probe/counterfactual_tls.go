package probe

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

func (w *walk) lacksFile() bool {
	return w.root.Scheme == "https" && w.fault.cause == cause.ConfigFileUnreadable
}

func (w *walk) withSystemCAs(ctx context.Context) Counterfactual {
	ep := w.bare()
	ep.CAFiles = nil
	return w.ask(ctx, ep, nil).answered()
}

// A caFile is a CA file and the endpoint that it is configured for, "" for one that only
// lies on the node.
type caFile struct{ path, endpoint string }

func caFilesOf(asks []Ask) []caFile {
	var all []caFile
	for _, ask := range asks {
		for _, path := range ask.Endpoint.CAFiles {
			if !slices.ContainsFunc(all, func(f caFile) bool { return f.path == path }) {
				all = append(all, caFile{path, ask.Endpoint.Spelling()})
			}
		}
	}
	return all
}

// otherCAs are the CA files that other endpoints have and this one has not, and then those
// that lie where people put them before they name them.
func (w *walk) otherCAs() []caFile {
	all := slices.Clone(w.run.caFiles)
	for _, path := range w.run.store.lying() {
		if !slices.ContainsFunc(all, func(f caFile) bool { return f.path == path }) {
			all = append(all, caFile{path: path})
		}
	}
	return slices.DeleteFunc(all, func(f caFile) bool { return slices.Contains(w.endpoint.CAFiles, f.path) })
}

// untrusted is the link, to the endpoint or to a host that it led to, whose certificate no
// known authority signed; nil for none.
func (w *walk) untrusted() *link {
	for _, l := range append([]*link{w.link}, w.visited...) {
		if o := l.open(); o.err != nil && len(o.chain) > 0 && blame(o.err).cause == cause.TLSUnknownAuthority {
			return l
		}
	}
	return nil
}

func (w *walk) hasOtherCAs() bool { return w.untrusted() != nil && len(w.otherCAs()) > 0 }

// withOtherCA needs no request: the chain is at hand.
func (w *walk) withOtherCA(ctx context.Context) Counterfactual {
	others, l := w.otherCAs(), w.untrusted()
	for _, f := range others {
		if ctx.Err() != nil {
			return Counterfactual{} // a file that was not tried may be the one
		}
		t := &trust{store: w.run.store, endpoint: registry.Endpoint{CAFiles: []string{f.path}}}
		if t.load() == nil && verify(l.open().chain, l.name, t.roots) == nil {
			configured := cmp.Or(f.endpoint, "no endpoint")
			return Counterfactual{Holds: true, File: f.path, Detail: fmt.Sprintf("%q, configured for %s, verifies the certificate of %s", f.path, configured, l.origin())}
		}
	}
	return Counterfactual{Detail: fmt.Sprintf("none of the %d other CA files verifies the certificate of %s", len(others), l.origin())}
}

// skewUnverified asks a server whose certificate fails by its validity for the time, which
// tells whose clock is wrong. Nothing secret goes with that.
func (w *walk) skewUnverified() time.Duration {
	if w.fault.cause != cause.TLSExpired && w.fault.cause != cause.TLSNotYetValid || time.Until(w.deadline) < leastLeft {
		return 0
	}
	ctx, cancel := context.WithDeadline(w.run.ctx, w.deadline)
	defer cancel()
	ep := w.bare()
	ep.SkipVerify = true
	if ping := w.ask(ctx, ep, nil).base.own(StepPing); ping != nil {
		return time.Duration(ping.ClockSkewMS) * time.Millisecond
	}
	return 0
}
