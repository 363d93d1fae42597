package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// A Counterfactual is one request that differs from containerd's in one thing, made where a
// failure calls for it: what it finds tells what would mend the endpoint.
type Counterfactual struct {
	Name   string `json:"name"`   // OverHTTP …
	Holds  bool   `json:"holds"`  // it works that way
	Detail string `json:"detail"` // what was asked and what answered, one clause
	File   string `json:"file"`   // OtherCA: path of the CA file on the node; else ""
}

// Names of counterfactuals.
const (
	OverHTTP         = "over_http"         // in plain http it answers as a registry does
	OverHTTPS        = "over_https"        // in https it answers as a registry does, with a certificate that verifies
	SystemCAs        = "system_cas"        // the certificate verifies by the node's own CAs, without the configured files
	OtherCA          = "other_ca"          // a CA file of another endpoint, or one that lies on the node, verifies the certificate
	WithoutProxy     = "without_proxy"     // connected to directly, it answers
	AtRoot           = "at_root"           // the registry API answers at /v2 of the host, not where the endpoint's path leads
	V2BeforePath     = "v2_before_path"    // the image is there with /v2 before the endpoint's path
	V2AfterPath      = "v2_after_path"     // the image is there with /v2 after the endpoint's path
	WithoutPath      = "without_path"      // the image is there below /v2 of the host
	WithoutNamespace = "without_namespace" // without ?ns= it has the image
	UnderLibrary     = "under_library"     // the image is there under library/
	WithoutRewrite   = "without_rewrite"   // the image is there under its own name
)

// An alternative is a row of the table of counterfactuals: what a failure must be like to
// call for it, and how it is tried.
type alternative struct {
	name  string
	calls func(w *walk) bool
	try   func(w *walk, ctx context.Context) Counterfactual
}

// endpointAlternatives concern the endpoint whatever the image. All that is sent for them
// goes without credentials, headers and client certificates.
var endpointAlternatives = []alternative{
	{OverHTTP, (*walk).mayBePlain, (*walk).overHTTP},
	{OverHTTPS, (*walk).mayBeTLS, (*walk).overHTTPS},
	{SystemCAs, (*walk).lacksFile, (*walk).withSystemCAs},
	{OtherCA, (*walk).hasOtherCAs, (*walk).withOtherCA},
	{WithoutProxy, (*walk).failsBehindProxy, (*walk).withoutProxy},
	{AtRoot, (*walk).answersElsewhere, (*walk).atRoot},
}

// leastLeft is how much time a counterfactual wants to have left; with less it would only
// tell of its own haste.
const leastLeft = 20 * time.Millisecond

// compare tries, within the deadline of the step that failed, what that failure calls for.
// A step that ran into its deadline leaves no time for it.
func (w *walk) compare(table []alternative) []Counterfactual {
	if w.fault == nil || time.Until(w.deadline) < leastLeft {
		return nil
	}
	ctx, cancel := context.WithDeadline(w.run.ctx, w.deadline)
	defer cancel()
	var found []Counterfactual
	for _, a := range table {
		if a.calls(w) && ctx.Err() == nil {
			if c := a.try(w, ctx); c.Detail != "" {
				c.Name = a.name
				found = append(found, c)
			}
		}
	}
	return found
}

// compareEndpoint is compare for what concerns the endpoint, once for all images. A
// certificate that fails by its validity makes it ask for the time too.
func (w *walk) compareEndpoint() {
	w.compared.Do(func() {
		w.site.tried = w.compare(w.alternatives(endpointAlternatives))
		w.site.skew = w.skewUnverified()
	})
	w.attach(w.site.tried)
	if s := w.own(StepTLS); s != nil && w.site.skew != 0 {
		s.ClockSkewMS = w.site.skew.Milliseconds()
	}
}

// alternatives are those of table, unless another host failed on the endpoint's behalf: of
// that nothing is configured but the CAs by which it is verified.
func (w *walk) alternatives(table []alternative) []alternative {
	if w.fault != nil && w.fault.target != "" {
		return []alternative{{OtherCA, (*walk).hasOtherCAs, (*walk).withOtherCA}}
	}
	return table
}

// attach notes at the step that failed what was tried for its sake.
func (w *walk) attach(tried []Counterfactual) {
	for i := range w.steps {
		if s := &w.steps[i]; s.Status == Failed && (s.Host == "" || !connecting(s.Name)) {
			s.Counterfactuals = append(s.Counterfactuals, tried...)
			return
		}
	}
}

// bare is an endpoint of which nothing but its address is used.
func (w *walk) bare() registry.Endpoint {
	ep := w.current()
	ep.HTTPFallback, ep.SkipVerify = false, false
	ep.Headers, ep.Clients, ep.Auth = nil, nil, registry.Auth{}
	return ep
}

// ask pings ep beside the walk. change, which may be nil, alters the run that it does so in.
func (w *walk) ask(ctx context.Context, ep registry.Endpoint, change func(*run)) *site {
	// a server that serves one connection at a time would let the second one wait
	w.link.transport.CloseIdleConnections()
	aside := w.run.aside(ctx, w.deadline)
	defer aside.close()
	if change != nil {
		change(aside)
	}
	s := newSite(aside, ep)
	s.open()
	return s
}

// answered is a counterfactual that holds where the ping of s passed; the zero one where
// it was not even tried, for Admit refused the connection.
func (s *site) answered() Counterfactual {
	if len(s.base.steps) == 0 {
		return Counterfactual{}
	}
	asked := "GET " + pingURL(s.current())
	if s.base.fault == nil {
		return Counterfactual{Holds: true, Detail: asked + " answers " + statusLine(s.base.own(StepPing).StatusCode)}
	}
	return fails(asked, s.base.fault.err)
}

// fails is a counterfactual that does not hold.
func fails(asked string, err error) Counterfactual {
	if exchange, ok := errors.AsType[*url.Error](err); ok {
		err = exchange.Err // asked tells the rest
	}
	return Counterfactual{Detail: fmt.Sprintf("%s fails: %v", asked, err)}
}

// portless reports whether the endpoint gives no port, so that another scheme means
// another port.
func (w *walk) portless() bool { return w.root.Port() == "" }

func (w *walk) unconnected() bool {
	return w.fault.cause == cause.ConnectRefused || w.fault.cause == cause.NoRoute
}

// mayBePlain includes servers of plain http that answer a TLS handshake with a page that
// has no status line, as some do, or that close the connection.
func (w *walk) mayBePlain() bool {
	if w.root.Scheme != "https" {
		return false
	}
	_, noTLS := errors.AsType[tls.RecordHeaderError](w.fault.err)
	cut := w.fault.cause == cause.TLSHandshake && !strings.Contains(w.fault.err.Error(), "tls: ")
	return w.fault.cause == cause.HTTPResponseToHTTPSClient || noTLS || cut || w.portless() && w.unconnected()
}

func (w *walk) overHTTP(ctx context.Context) Counterfactual {
	ep := w.bare()
	ep.Scheme = "http"
	s := w.ask(ctx, ep, nil)
	c := s.answered()
	if a := s.base.challenged; a != nil && a.url.Scheme != "http" {
		c.Holds, c.Detail = false, fmt.Sprintf("GET %s redirects to %s", pingURL(ep), a.url.Redacted())
	}
	return c
}

func (w *walk) mayBeTLS() bool {
	return w.root.Scheme == "http" &&
		(w.fault.cause == cause.HTTPRequestToHTTPSServer || w.fault.cause == cause.TLSHandshake || w.portless() && w.unconnected())
}

func (w *walk) overHTTPS(ctx context.Context) Counterfactual {
	ep := w.bare()
	ep.Scheme = "https"
	return w.ask(ctx, ep, nil).answered()
}

func (w *walk) failsBehindProxy() bool {
	if !w.link.proxied() {
		return false
	}
	for _, name := range []string{StepProxy, StepTLS, StepPing} {
		if s := w.own(name); s != nil && s.Status == Failed {
			return w.fault.status < http.StatusBadRequest || w.fault.cause == cause.ProxyError || w.fault.cause == cause.GatewayError || w.fault.cause == cause.Forbidden
		}
	}
	return false
}

func (w *walk) withoutProxy(ctx context.Context) Counterfactual {
	c := w.ask(ctx, w.bare(), func(r *run) {
		r.proxy = func(*url.URL) (*url.URL, error) { return nil, nil }
	}).answered()
	if c.Detail != "" {
		c.Detail = "without the proxy, " + c.Detail
	}
	return c
}

func (w *walk) answersElsewhere() bool {
	return w.fault.cause == cause.NotARegistry && !strings.HasSuffix(pingURL(w.current()), w.endpoint.Host+registry.APIRoot+"/")
}

func (w *walk) atRoot(ctx context.Context) Counterfactual {
	ep := w.bare()
	ep.Path, ep.OverridePath = registry.APIRoot, false
	return w.ask(ctx, ep, nil).answered()
}
