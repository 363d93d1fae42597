package probe

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// plainAnswer is how much text that is neither JSON nor markup a registry may answer to a
// ping, in bytes: some say "ok" or "true".
const plainAnswer = 64

// ping asks for the root of the registry API, without credentials. A bad answer is not
// yet the end for an image: containerd does not ping, so what counts is the manifest.
func (w *walk) ping() {
	var a *answer
	err := w.do(StepPing, func(ctx context.Context, s *Step) (err error) {
		u, err := url.Parse(pingURL(w.current()))
		if err != nil {
			return faultf(cause.InvalidReference, "reading the endpoint's address: %w", err)
		}
		s.URL = u.String()
		if a, err = w.send(ctx, request{method: http.MethodGet, url: u}); errors.Is(err, errRedirects) {
			return &fault{err: err, cause: cause.NotARegistry}
		} else if err != nil {
			return err
		}
		s.note(a)
		return w.judgePing(a)
	})
	if err != nil {
		w.undecided = a != nil && a.bodyErr == nil
		w.suspectClientCert(err, a)
		return
	}
	w.pinged = true
	w.challenged = a
	w.authorized = a.status != http.StatusUnauthorized
}

// pingURL is the root of the registry API. A path that overrides it often continues into
// a part of a registry, such as a project, which has no root of its own to answer at:
// then it is the /v2 in that path.
func pingURL(ep registry.Endpoint) string {
	if i := strings.Index(ep.Path+"/", "/v2/"); i >= 0 {
		ep.Path = ep.Path[:i+len("/v2")]
	}
	return ep.PingURL()
}

// suspectClientCert makes the handshake the failed step where a server that wants a client
// certificate ended the connection.
func (w *walk) suspectClientCert(err error, a *answer) {
	if o := w.link.open(); a != nil || !o.clientAsked || !refused(err) {
		return
	}
	w.steps = w.steps[:len(w.steps)-1]
	w.revise(StepTLS, clientRefused(err))
}

func (w *walk) judgePing(a *answer) error {
	switch {
	case a.status == http.StatusUnauthorized:
		return nil
	case a.registry() && (a.ok() || a.status == http.StatusNotFound):
		return nil
	case a.ok():
		return w.judgeAnonymous(a)
	case a.status < 300:
		return w.notRegistry(a, fmt.Sprintf("status %s, which ends no request", statusLine(a.status)))
	case a.status < 400:
		return w.notRegistry(a, fmt.Sprintf("a redirect without a usable location (%s)", statusLine(a.status)))
	case a.status == http.StatusNotFound:
		return w.notRegistry(a, statusLine(a.status)+w.title(a))
	}
	return w.statusFault(a)
}

// judgeAnonymous decides whether an answer without the registry API's header is a registry's.
func (w *walk) judgeAnonymous(a *answer) error {
	body := strings.TrimSpace(string(a.body))
	switch {
	case a.bodyErr != nil && a.bodyErr != errTooLong:
		return &fault{err: fmt.Errorf("reading the answer: %w", a.bodyErr), target: w.target(a.url)}
	case body == "", json.Valid(a.body):
		return nil
	case a.html():
		return w.notRegistry(a, "a web page"+w.title(a))
	case a.markup():
		return w.notRegistry(a, "an XML document")
	case len(body) <= plainAnswer:
		return nil
	}
	return w.notRegistry(a, "something else than the registry API")
}

func (w *walk) notRegistry(a *answer, what string) error {
	err := fmt.Errorf("%s answers with %s", a.url.Redacted(), what)
	return &fault{err: err, cause: cause.NotARegistry, status: a.status}
}
