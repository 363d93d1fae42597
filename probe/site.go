package probe

import (
	"fmt"
	"net/url"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// A site is an endpoint whatever the image: the steps up to the ping are walked once, and
// all images share its connections and tokens.
type site struct {
	run      *run
	endpoint registry.Endpoint
	trust    *trust
	timeout  time.Duration
	secrets  *secrets

	once sync.Once
	root *url.URL // the endpoint as asked: after a fall back to http, with that scheme
	link *link
	base walk // up to the ping

	plain   sync.Once
	noImage walk // base and auth

	compared sync.Once
	tried    []Counterfactual // for the endpoint's sake, whatever the image
	skew     time.Duration    // found out beside the walk; 0: see the steps

	imagesCompared atomic.Int64
	counted        atomic.Int64 // images whose content was asked for where that counts

	mu     sync.Mutex
	tokens map[string]*token
}

// A siteKey tells endpoints apart that differ in more than the image.
type siteKey struct {
	scheme, host, path, headers string
	override, fallback          bool
	trust                       trustKey
	auth                        registry.Auth
}

func keyOf(ep registry.Endpoint) siteKey {
	return siteKey{
		scheme: ep.Scheme, host: ep.Host, path: ep.Path, headers: fmt.Sprint(ep.Headers),
		override: ep.OverridePath, fallback: ep.HTTPFallback, trust: trustKeyOf(ep), auth: ep.Auth,
	}
}

func newSite(r *run, ep registry.Endpoint) *site {
	s := &site{
		run: r, endpoint: ep, timeout: r.timeout, secrets: newSecrets(ep, r.store.env),
		tokens: map[string]*token{},
	}
	if !s.hasCredentials() || ep.Auth.Type == registry.AuthError {
		s.endpoint.Auth.Username, s.endpoint.Auth.Secret = "", registry.Secret{}
	}
	if ep.HTTPFallback {
		// https and then http have together the time of one
		s.timeout /= 2
	}
	return s
}

// answer walks the endpoint for one ask.
func (s *site) answer(ask Ask) Result {
	s.once.Do(func() {
		if s.open(); s.base.fault != nil && !s.base.undecided && !s.base.cutShort() {
			s.base.compareEndpoint()
		}
	})
	if s.base.fault != nil && !s.base.undecided {
		return s.base.result(ask)
	}
	if ask.Image.Name == "" {
		s.plain.Do(s.walkPlain)
		return s.noImage.result(ask)
	}
	select {
	case s.link.turns <- struct{}{}:
		defer func() { <-s.link.turns }()
	case <-s.run.ctx.Done():
	}
	w := s.base.clone()
	switch {
	case s.run.ctx.Err() != nil:
		w.late = whyLate
	case s.link.silent.Load() >= int64(s.link.gate.share):
		w.late = whySilent
	default:
		w.walkImage(ask)
		w.noteSilence()
	}
	return w.result(ask)
}

// Why an endpoint or an image was not judged.
const (
	whyLate   = "not asked before the time for all was over"
	whySilent = "not asked: the endpoint did not answer in time for other images"
)

// noteSilence counts the images on end for which a step ran into its deadline. When all
// that may be asked at a time have, no more are asked: each would cost as much again.
func (w *walk) noteSilence() {
	if w.fault != nil && !time.Now().Before(w.deadline) {
		w.link.silent.Add(1)
		return
	}
	w.link.silent.Store(0)
}

// walkPlain goes on from the ping without an image.
func (s *site) walkPlain() {
	s.noImage = s.base.clone()
	s.noImage.authorizePing()
	switch {
	case s.noImage.fault == nil || s.noImage.cutShort():
	case s.base.fault != nil:
		s.noImage.compareEndpoint()
	default:
		s.noImage.attach(s.noImage.compare(s.noImage.alternatives(nil)))
	}
}

// open walks the steps up to the ping.
func (s *site) open() {
	s.trust = s.run.trust(s.endpoint)
	s.base = walk{client: client{site: s}, trail: trail{timeout: s.timeout}, began: time.Now().UTC()}
	s.connect()
	o := s.link.open()
	s.base.steps = append(s.base.steps, o.steps...)
	if o.err != nil {
		f := blame(o.err)
		s.base.fault, s.base.deadline = &f, o.deadline
		return
	}
	s.base.ping()
}

// connect chooses and opens the link: https first where the endpoint allows to fall back.
func (s *site) connect() {
	scheme := s.endpoint.Scheme
	if s.endpoint.HTTPFallback {
		scheme = "https"
	}
	s.use(scheme)
	err := s.link.open().err
	if !s.endpoint.HTTPFallback || !fallsBack(err, s.root) {
		return
	}
	s.use("http")
	s.base.skip(StepTLS, err.Error())
	s.link.open()
}

// current is the endpoint as it is asked: in plain http after a fall back.
func (s *site) current() registry.Endpoint {
	ep := s.endpoint
	ep.Scheme = s.root.Scheme
	return ep
}

func (s *site) use(scheme string) {
	s.root = &url.URL{Scheme: scheme, Host: s.endpoint.Host}
	s.link = s.run.link(scheme, s.endpoint.Host, s.trust, s.timeout)
}

// fallsBack reports whether containerd would go on in plain http after err.
// (core/remotes/docker/resolver.go, NewHTTPFallback)
func fallsBack(err error, u *url.URL) bool {
	switch causeOf(err) {
	case cause.HTTPResponseToHTTPSClient, cause.TLSHandshakeTimeout:
		return true
	case cause.ConnectRefused, cause.ConnectTimeout, cause.NoRoute:
		return u.Port() == ""
	}
	return false
}

// clone is a walk that goes on from where w is.
func (w *walk) clone() walk {
	c := *w
	c.steps = slices.Clone(w.steps)
	c.visited = slices.Clone(w.visited)
	return c
}
