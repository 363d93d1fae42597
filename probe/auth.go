package probe

import (
	"cmp"
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// errOnlyAsked ends an auth step that cannot pass nor fail without an image.
var errOnlyAsked = errors.New("credentials are asked for and none are configured")

// hasCredentials reports whether the configuration has something to answer a 401 with.
func (s *site) hasCredentials() bool {
	return !s.endpoint.Auth.None()
}

// refusedCause is what a 401 or a denied token means here.
func (s *site) refusedCause() cause.Cause {
	if s.hasCredentials() {
		return cause.AuthRejected
	}
	return cause.AuthMissing
}

// authorizePing answers the ping's challenge for a walk without an image. Where no
// credentials are configured that the registry asks for some is no failure: images may be
// public, or pods bring credentials of their own.
func (w *walk) authorizePing() {
	a := w.challenged
	if a == nil || w.fault != nil {
		return
	}
	if a.status != http.StatusUnauthorized {
		w.steps = append(w.steps, Step{Name: StepAuth, Status: OK})
		return
	}
	var verdict error
	w.do(StepAuth, func(ctx context.Context, s *Step) error {
		header, err := w.authorize(ctx, s, a, nil)
		if err == nil && w.hasCredentials() {
			err = w.pingAgain(ctx, s, a.url, header)
		}
		if verdict = err; w.onlyAsked(err) {
			s.Status, s.Error = Skipped, errOnlyAsked.Error()
			return nil
		}
		return err
	})
	w.authorized = verdict == nil || w.onlyAsked(verdict)
}

// onlyAsked reports whether err says no more than that an image has to be asked for.
func (w *walk) onlyAsked(err error) bool {
	if err == nil {
		return false
	}
	if errors.Is(err, errNoScope) {
		return true
	}
	return !w.hasCredentials() && blame(err).cause == cause.AuthMissing
}

// pingAgain repeats the ping with credentials.
func (w *walk) pingAgain(ctx context.Context, s *Step, u *url.URL, authorization string) error {
	a, err := w.send(ctx, request{method: http.MethodGet, url: u, authorization: authorization})
	if err != nil {
		return err
	}
	s.note(a)
	if a.status == http.StatusUnauthorized {
		return w.stillUnauthorized(a)
	}
	return nil
}

// authorize answers the challenge of a, which has status 401, as containerd would
// (core/remotes/docker/authorizer.go): with a token for scopes and those of the
// challenge, or with user and password.
func (w *walk) authorize(ctx context.Context, s *Step, a *answer, scopes []string) (authorization string, err error) {
	s.URL = a.url.String()
	s.note(a)
	if w.hasCredentials() {
		s.AuthFrom = w.endpoint.Auth.From
	}
	if target := w.target(a.url); target != "" {
		return "", &fault{
			err:   fmt.Errorf("%s from %s, where the credentials are not for", a.unexpected(), target),
			cause: cause.AuthMissing, status: a.status, target: target,
		}
	}
	offered := challenges(a.header)
	if len(offered) == 0 {
		return "", &fault{
			err:   fmt.Errorf("%s without a challenge that containerd can answer", a.unexpected()),
			cause: w.refusedCause(), status: a.status,
		}
	}
	c := offered[0]
	s.Challenge, s.Realm, s.Service = c.scheme, c.params["realm"], c.params["service"]
	if err := w.usable(); err != nil {
		return "", err
	}
	if c.scheme == basic {
		return w.basicAuth()
	}
	return w.bearerAuth(ctx, s, c, scopes)
}

// usable refuses credentials that are configured and cannot be decoded: containerd gives
// the host up at its first 401. (internal/cri/server/images/image_pull.go, ParseAuth)
func (s *site) usable() error {
	if a := s.endpoint.Auth; a.Type == registry.AuthError {
		return faultf(cause.ConfigInvalid, "reading the credentials%s: %s", from(a), cmp.Or(a.Problem, "not decodable"))
	}
	return nil
}

func from(a registry.Auth) string {
	if a.From == "" {
		return ""
	}
	return fmt.Sprintf(" of %q", a.From)
}

func (s *site) basicAuth() (string, error) {
	a := s.endpoint.Auth
	if a.Username == "" || a.Secret.Empty() {
		return "", &fault{
			err:   errors.New("authorization failed: no basic auth credentials"),
			cause: cause.AuthMissing, status: http.StatusUnauthorized,
		}
	}
	return basicHeader(a), nil
}

func basicHeader(a registry.Auth) string {
	return "Basic " + base64.StdEncoding.EncodeToString([]byte(a.Username+":"+a.Secret.Reveal()))
}

// stillUnauthorized is a second 401, after the first one's challenge was answered.
func (w *walk) stillUnauthorized(a *answer) error {
	why := ""
	for _, c := range challenges(a.header) {
		why = cmp.Or(why, c.params["error"])
	}
	err := errors.New(a.unexpected() + w.message(a))
	if why != "" {
		err = fmt.Errorf("server message: %s: authorization failed%s", w.secrets.told(why), w.message(a))
	}
	return &fault{err: err, cause: w.refusedCause(), status: a.status, target: w.target(a.url)}
}
