package probe

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
)

const clientID = "containerd-client"

// errNoScope is a token service that answers 400 where no scope was asked for: without an
// image that decides nothing.
var errNoScope = errors.New("the token service wants a scope, which needs an image")

// A token is an answer of a token service, asked once for all images of one scope.
type token struct {
	done    chan struct{}
	header  string
	err     error
	visited []*link
}

// A tokenRequest is what a challenge and an image ask a token service for.
type tokenRequest struct {
	realm   *url.URL
	service string
	scopes  []string
}

// bearerAuth gets the token that c asks for.
func (w *walk) bearerAuth(ctx context.Context, s *Step, c challenge, scopes []string) (string, error) {
	req, err := newTokenRequest(c, scopes)
	s.Scope = strings.Join(req.scopes, " ")
	if err != nil {
		return "", &fault{err: err, cause: cause.AuthTokenService}
	}
	if target := w.target(req.realm); target != "" {
		s.Host = req.realm.Host
	}
	return w.cachedToken(ctx, req)
}

// newTokenRequest reads realm, service and scope of a challenge
// (core/remotes/docker/auth/fetch.go, GenerateTokenOptions).
func newTokenRequest(c challenge, scopes []string) (req tokenRequest, err error) {
	req = tokenRequest{service: c.params["service"], scopes: slices.Clone(scopes)}
	if scope := c.params["scope"]; scope != "" {
		req.scopes = append(req.scopes, strings.Split(scope, " ")...)
	}
	slices.Sort(req.scopes)
	req.scopes = slices.Compact(req.scopes)
	realm := c.params["realm"]
	if realm == "" {
		return req, errors.New("no realm specified for token auth challenge")
	}
	if req.realm, err = url.Parse(realm); err != nil {
		return req, fmt.Errorf("reading the challenge's realm: %w", err)
	}
	if req.realm.Scheme != "http" && req.realm.Scheme != "https" || req.realm.Host == "" {
		return req, fmt.Errorf("reading the challenge's realm: unsupported protocol scheme %q", req.realm.Scheme)
	}
	return req, nil
}

// cachedToken asks for a token, once for each scope.
func (w *walk) cachedToken(ctx context.Context, req tokenRequest) (string, error) {
	key := fmt.Sprintf("%q %q %q", req.realm, req.service, req.scopes)
	w.site.mu.Lock()
	t := w.tokens[key]
	mine := t == nil
	if mine {
		t = &token{done: make(chan struct{})}
		w.tokens[key] = t
	}
	w.site.mu.Unlock()
	if mine {
		c := client{site: w.site}
		t.header, t.err = c.fetchToken(ctx, req)
		t.visited = c.visited
		close(t.done)
	}
	<-t.done
	for _, l := range t.visited {
		if !slices.Contains(w.visited, l) {
			w.visited = append(w.visited, l)
		}
	}
	return t.header, t.err
}

// fetchToken asks the token service: with credentials by POST and, where it does not know
// that, by GET; without any by GET (core/remotes/docker/authorizer.go, doBearerAuth).
func (c *client) fetchToken(ctx context.Context, req tokenRequest) (string, error) {
	secret := c.endpoint.Auth.Secret
	if secret.Empty() {
		a, err := c.send(ctx, c.getToken(req, ""))
		return c.judgeToken(req, a, err, "failed to fetch anonymous token")
	}
	if req.realm.Scheme == "http" && c.root.Scheme == "https" {
		return "", &fault{
			err:   fmt.Errorf("the token service is at %s: credentials for a registry on https are not sent in clear", origin(req.realm)),
			cause: cause.AuthTokenService, target: c.target(req.realm),
		}
	}
	a, err := c.send(ctx, c.postToken(req))
	if err == nil && c.wantsGet(a.status) {
		a, err = c.send(ctx, c.getToken(req, basicHeader(c.endpoint.Auth)))
	}
	return c.judgeToken(req, a, err, "failed to fetch oauth token")
}

// wantsGet reports whether a token service that answers a POST so may know GET only.
func (c *client) wantsGet(status int) bool {
	switch status {
	case http.StatusNotFound, http.StatusUnauthorized, http.StatusBadRequest:
		return true
	case http.StatusMethodNotAllowed:
		return c.endpoint.Auth.Username != ""
	}
	return false
}

func (c *client) postToken(req tokenRequest) request {
	form := url.Values{"service": {req.service}, "client_id": {clientID}}
	if len(req.scopes) > 0 {
		form.Set("scope", strings.Join(req.scopes, " "))
	}
	auth := c.endpoint.Auth
	if auth.Username == "" {
		form.Set("grant_type", "refresh_token")
		form.Set("refresh_token", auth.Secret.Reveal())
	} else {
		form.Set("grant_type", "password")
		form.Set("username", auth.Username)
		form.Set("password", auth.Secret.Reveal())
	}
	return request{method: http.MethodPost, url: req.realm, form: form}
}

func (c *client) getToken(req tokenRequest, authorization string) request {
	u := *req.realm
	query := u.Query()
	if req.service != "" {
		query.Add("service", req.service)
	}
	for _, scope := range req.scopes {
		query.Add("scope", scope)
	}
	u.RawQuery = query.Encode()
	return request{method: http.MethodGet, url: &u, authorization: authorization}
}

// judgeToken takes the token from an answer, or says why there is none.
func (c *client) judgeToken(req tokenRequest, a *answer, err error, what string) (string, error) {
	if err != nil {
		f := blame(err)
		if f.cause != cause.ConfigFileUnreadable {
			f.cause = cause.AuthTokenService
		}
		f.err = fmt.Errorf("%s: %w", what, err)
		return "", &f
	}
	f := fault{cause: cause.AuthTokenService, target: c.target(a.url)}
	if a.status >= 400 {
		f.status, f.retry = a.status, a.header.Get("Retry-After")
		f.cause = c.deniedCause(req, a)
		f.err = fmt.Errorf("%s: unexpected status from %s request to %s: %s%s", what, a.method, a.url.Redacted(), statusLine(a.status), c.message(a))
		if a.status == http.StatusBadRequest && len(req.scopes) == 0 {
			f.err = fmt.Errorf("%w: %w", errNoScope, f.err)
		}
		return "", &f
	}
	value, err := readToken(a)
	if err != nil {
		f.err = fmt.Errorf("%s: %w", what, err)
		return "", &f
	}
	c.secrets.add(value)
	return "Bearer " + value, nil
}

// deniedCause names a token service's status: its own failure, or its word on the request.
func (c *client) deniedCause(req tokenRequest, a *answer) cause.Cause {
	switch {
	case a.status == http.StatusUnauthorized, a.status == http.StatusForbidden, a.status == http.StatusBadRequest && deniesGrant(a):
		return c.refusedCause()
	case a.status == http.StatusTooManyRequests:
		return cause.RateLimited
	case a.status == http.StatusNotFound && c.target(req.realm) == "" && len(req.scopes) > 0:
		return cause.NotFound // the registry's own way to say that there is no such repository
	}
	return cause.AuthTokenService
}

// deniesGrant reports whether a 400 is OAuth2's word for wrong credentials (RFC 6749,
// section 5.2).
func deniesGrant(a *answer) bool {
	var body struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(a.body, &body) != nil {
		return false
	}
	return body.Error == "invalid_grant" || body.Error == "invalid_client" || body.Error == "unauthorized_client"
}

func readToken(a *answer) (string, error) {
	var body struct {
		Token       string `json:"token"`
		AccessToken string `json:"access_token"`
	}
	if err := json.NewDecoder(bytes.NewReader(a.body)).Decode(&body); err != nil {
		return "", fmt.Errorf("unable to decode token response: %w", cmp.Or(a.bodyErr, err))
	}
	value := body.AccessToken
	if a.method == http.MethodGet && value == "" {
		value = body.Token
	}
	if value == "" {
		return "", errors.New("authorization server did not include a token in the response")
	}
	return value, nil
}
