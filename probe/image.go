package probe

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// maxManifest is the size up to which containerd takes a manifest, in bytes
// (core/remotes/docker/resolver.go, MaxManifestSize).
const maxManifest = 4 * 1048 * 1048

// accept is what containerd asks for when it resolves a reference.
// (core/remotes/docker/resolver.go, NewResolver)
var accept = strings.Join([]string{
	string(types.DockerManifestSchema2), string(types.DockerManifestList),
	string(types.OCIManifestSchema1), string(types.OCIImageIndex), "*/*",
}, ", ")

// walkImage asks for the image's manifest and, where that wants it, authorizes; then for
// what containerd would fetch with it, down to the config.
func (w *walk) walkImage(ask Ask) {
	if ask.Endpoint.NoResolve && ask.Image.Digest == "" {
		w.authorizePing()
		w.unasked = true
		return
	}
	w.asked, w.image = w.current(), ask.Image
	w.asked.Repository, w.asked.Namespace = cmp.Or(ask.Endpoint.Repository, ask.Image.Repository), ask.Endpoint.Namespace
	before := w.clone()
	w.fault = nil
	w.resolve(ask)
	if before.undecided {
		w.settlePing(before)
	}
	if w.fault == nil || w.cutShort() {
		return
	}
	if s := w.own(StepPing); s.Status == Failed {
		w.compareEndpoint()
		w.compareImage(pathAlternatives)
		return
	}
	w.compareImage(imageAlternatives)
}

// settlePing decides, once the image was asked for, what a badly answered ping was worth:
// nothing if the image tells more, everything if it does not.
func (w *walk) settlePing(before walk) {
	ping := before.fault
	if w.fault != nil && (w.fault.cause == ping.cause || w.fault.cause == cause.Unknown || decided(ping.cause) && !w.registry) {
		*w = before
		w.undecided = false
		return
	}
	if s := w.own(StepPing); s != nil {
		s.Status, s.Cause = Skipped, cause.None
	}
	w.pinged = w.fault == nil || w.registry
}

// decided are the answers to a ping that only the image itself can disprove.
func decided(c cause.Cause) bool {
	return c == cause.NotARegistry || c == cause.HTTPRequestToHTTPSServer || c == cause.TLSClientCertRequired
}

// resolve walks auth, manifest and blob.
func (w *walk) resolve(ask Ask) {
	u, err := url.Parse(w.asked.ManifestURL(ask.Image.Identifier()))
	if err != nil {
		w.do(StepManifest, func(context.Context, *Step) error { return err })
		return
	}
	req := request{method: http.MethodHead, url: u, accept: accept}
	a, err := w.head(req)
	if err == nil && a.status == http.StatusUnauthorized {
		if w.authorization, err = w.authorizeImage(a); err != nil {
			return
		}
		req.authorization = w.authorization
		if a, err = w.head(req); err == nil && a.status == http.StatusUnauthorized {
			w.revise(StepAuth, w.stillUnauthorized(a))
			w.authorized = false
			return
		}
	}
	if w.authorized = w.authorized || err == nil; w.own(StepAuth) == nil && w.authorized {
		w.steps = append(w.steps, Step{Name: StepAuth, Status: OK})
	}
	w.walkManifest(ask, req, a, err)
}

// walkManifest judges what answered the HEAD for the manifest, an answer or an error, and
// goes on from there.
func (w *walk) walkManifest(ask Ask, req request, a *answer, failed error) {
	var fetches bool
	var config ocispec.Descriptor
	err := w.do(StepManifest, func(ctx context.Context, s *Step) error {
		s.URL = req.url.String()
		if failed != nil {
			return failed
		}
		top, err := w.judgeManifest(ctx, s, req, a)
		if fetches = err == nil && w.fetches(ask); !fetches {
			return err
		}
		config, err = w.fetchConfigOf(ctx, s, top)
		return err
	})
	w.own(StepManifest).DurationMS += w.spent.Milliseconds()
	switch {
	case failed != nil:
		w.deadline = w.until
	case err == nil && fetches:
		w.walkBlob(config)
	case err == nil:
		w.skip(StepBlob, whyNotFetched)
	}
}

// head asks for the manifest; what it costs is counted in the manifest step.
func (w *walk) head(req request) (*answer, error) {
	ctx, cancel := context.WithTimeout(w.run.ctx, w.trail.timeout)
	defer cancel()
	begin := time.Now()
	w.until, _ = ctx.Deadline()
	a, err := w.send(ctx, req)
	w.spent += time.Since(begin)
	if err == nil && (a.registry() || a.status == http.StatusUnauthorized && len(challenges(a.header)) > 0) {
		w.registry = true
	}
	return a, err
}

func (w *walk) authorizeImage(a *answer) (authorization string, err error) {
	scope := scopeOf(w.asked)
	err = w.do(StepAuth, func(ctx context.Context, s *Step) (err error) {
		authorization, err = w.authorize(ctx, s, a, []string{scope})
		return err
	})
	w.authorized = err == nil
	return authorization, err
}

// scopeOf is what pulling from an endpoint's repository needs.
func scopeOf(ep registry.Endpoint) string { return "repository:" + ep.Repository + ":pull" }

// judgeManifest decides what a is worth, which answered a HEAD for the manifest, and asks
// by GET for what it lacks (core/remotes/docker/resolver.go, Resolve).
func (w *walk) judgeManifest(ctx context.Context, s *Step, req request, a *answer) (top content, err error) {
	req.method = http.MethodGet
	full := req
	full.limit = maxManifest
	switch {
	case a.status == http.StatusMethodNotAllowed:
		if a, err = w.send(ctx, full); err != nil {
			return top, err
		}
	case untold(a):
		if told, err := w.send(ctx, req); err == nil && told.status == a.status {
			a = told
		}
	}
	s.note(a)
	dg := a.header.Get("Docker-Content-Digest")
	s.MediaType, s.Digest = a.media(), dg
	switch {
	case !a.ok():
		return top, w.statusFault(a)
	case !a.markup() && a.method == http.MethodHead && (dg == "" || a.length < 0):
		if a, err = w.send(ctx, full); err != nil {
			return top, err
		}
		s.note(a)
		s.MediaType = a.media()
	}
	err = w.judgeContent(s, a)
	return describe(s.Digest, s.MediaType, a), err
}

// untold reports whether a refuses with a status whose reason only a body can tell.
func untold(a *answer) bool {
	switch a.status {
	case http.StatusUnauthorized, http.StatusNotFound, http.StatusTooManyRequests:
		return false
	}
	return a.status >= 400 && a.status < 500
}

// judgeContent decides whether what was answered is a manifest that can be pulled.
func (w *walk) judgeContent(s *Step, a *answer) error {
	at := w.target(a.url)
	switch {
	case !a.ok():
		return w.statusFault(a)
	case schema1(s.MediaType):
		return &fault{err: fmt.Errorf("media type %q is no longer supported", s.MediaType), cause: cause.Schema1Unsupported, target: at}
	case !manifestType(s.MediaType):
		return &fault{err: fmt.Errorf("unexpected media type %q%s", s.MediaType, w.title(a)), cause: cause.UnexpectedMediaType, target: at}
	case a.bodyErr != nil:
		return &fault{err: fmt.Errorf("reading the manifest: %w", a.bodyErr), target: at}
	case a.length > maxManifest:
		return &fault{err: fmt.Errorf("rejecting %d byte manifest", a.length), target: at}
	case s.Digest == "":
		s.Digest = digest.FromBytes(a.body).String()
	}
	if err := digest.Digest(s.Digest).Validate(); err != nil {
		return &fault{err: fmt.Errorf("%q in header not a valid digest: %w", s.Digest, err), target: at}
	}
	return nil
}

func manifestType(media string) bool {
	t := types.MediaType(media)
	return t.IsImage() || t.IsIndex()
}

// schema1 reports whether containerd takes media for Docker's first manifest format, which
// it also does for plain text (core/remotes/docker/resolver.go, getManifestMediaType).
func schema1(media string) bool {
	return types.MediaType(media).IsSchema1() || media == "text/plain"
}

// statusFault is an answer whose status says that it failed.
func (w *walk) statusFault(a *answer) error {
	f := &fault{
		err:    errors.New(a.unexpected() + w.message(a) + w.retryAfter(a)),
		cause:  cause.OfStatus(a.status),
		status: a.status,
		retry:  a.header.Get("Retry-After"),
		target: w.target(a.url),
	}
	switch {
	case a.status == http.StatusUnauthorized:
		f.cause = w.refusedCause()
	case a.status == http.StatusBadRequest:
		if c := cause.Parse(string(a.body)); decided(c) {
			f.cause = c
		}
	}
	return f
}
