package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

const maxRedirects = 10 // as net/http

// A client sends a site's requests and remembers which other hosts they led to.
type client struct {
	*site
	visited []*link
	long    bool // has one of the run's places for long bodies
}

// A request is what a client sends. Where it is redirected to another host, nothing that
// the endpoint alone may see goes with it.
type request struct {
	method        string
	url           *url.URL
	accept        string
	authorization string     // for the host of url only
	form          url.Values // POST's body, for the host of url only
	limit         int64      // of the body, in bytes; 0: maxText
}

// An answer is what a server said.
type answer struct {
	url     *url.URL // that answered, after redirects
	method  string
	status  int
	header  http.Header
	length  int64     // as announced; -1 unknown
	arrived time.Time // of its header
	body    []byte
	bodyErr error // why the body is not whole; errTooLong at the limit
}

var (
	errTooLong   = errors.New("body is longer than allowed")
	errRedirects = fmt.Errorf("stopped after %d redirects", maxRedirects)

	// errTLSAnswer is an answer in TLS to a request in plain HTTP.
	errTLSAnswer = errors.New("server answered in TLS to a plain http request")
)

// send sends req and follows redirects, which net/http would follow for containerd.
func (c *client) send(ctx context.Context, req request) (*answer, error) {
	for hop := 0; ; hop++ {
		a, err := c.roundTrip(ctx, req)
		if err != nil {
			return nil, c.blameHost(err, req.url)
		}
		to := a.redirect()
		if to == nil {
			return a, nil
		}
		if hop == maxRedirects {
			return nil, c.blameHost(wrap(req, errRedirects), req.url)
		}
		if req, err = req.follow(to, a.status); err != nil {
			return nil, err
		}
	}
}

// follow is the request that a redirect to u leads to (net/http client.go, redirectBehavior).
func (r request) follow(u *url.URL, status int) (request, error) {
	same := sameOrigin(r.url, u)
	if r.method == http.MethodPost {
		if status != http.StatusTemporaryRedirect && status != http.StatusPermanentRedirect {
			r.method, r.form = http.MethodGet, nil
		} else if !same {
			return r, wrap(r, fmt.Errorf("redirected to %s, where the credentials are not for", origin(u)))
		}
	}
	if !same {
		r.authorization = ""
	}
	r.url = u
	return r, nil
}

// redirect is where the answer sends its client, nil for nowhere.
func (a *answer) redirect() *url.URL {
	switch a.status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther,
		http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
	default:
		return nil
	}
	location := a.header.Get("Location")
	to, err := a.url.Parse(location)
	if err != nil || location == "" || to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return nil
	}
	return to
}

// roundTrip sends one request over the link to its host and reads the answer.
func (c *client) roundTrip(ctx context.Context, req request) (*answer, error) {
	l, err := c.visit(req.url)
	if err != nil {
		return nil, wrap(req, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel() // closes a connection whose body was not read to its end
	out, err := c.prepare(ctx, req)
	if err != nil {
		return nil, wrap(req, err)
	}
	resp, err := l.transport.RoundTrip(out)
	if err != nil {
		return nil, wrap(req, explain(err))
	}
	defer resp.Body.Close()
	if err := ctx.Err(); err != nil {
		// what a server says when it sees its client give up can still arrive
		return nil, wrap(req, err)
	}
	a := &answer{url: req.url, method: req.method, status: resp.StatusCode, header: kept(resp.Header), length: resp.ContentLength, arrived: time.Now()}
	c.read(ctx, a, resp.Body, req.limit)
	if a.bodyErr == nil {
		a.bodyErr = ctx.Err()
	}
	return a, nil
}

// visit returns the opened link to u's host.
func (c *client) visit(u *url.URL) (*link, error) {
	l := c.run.link(u.Scheme, u.Host, c.trust, c.timeout)
	if l != c.link && !slices.Contains(c.visited, l) {
		c.visited = append(c.visited, l)
	}
	return l, l.open().err
}

func (c *client) prepare(ctx context.Context, req request) (*http.Request, error) {
	var body io.Reader
	if req.form != nil {
		body = strings.NewReader(req.form.Encode())
	}
	out, err := http.NewRequestWithContext(ctx, req.method, req.url.String(), body)
	if err != nil {
		return nil, err
	}
	out.Header.Set("User-Agent", c.run.userAgent)
	if sameOrigin(c.root, req.url) {
		for name, values := range c.endpoint.Headers {
			out.Header[http.CanonicalHeaderKey(name)] = slices.Clone(values)
		}
	}
	if req.form != nil {
		out.Header.Set("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")
	}
	if req.accept != "" {
		out.Header.Set("Accept", req.accept)
	}
	if req.authorization != "" {
		out.Header.Set("Authorization", req.authorization)
	}
	return out, nil
}

// errUnasked is of a server that speaks first, where net/http read it before it had asked.
var errUnasked = errors.New("malformed HTTP response, sent before anything was asked")

// explain recognises the TLS alert that a TLS server may send to a plain request, and leaves
// out the name of a function of net/http's own. (net/http/transport.go, readLoop)
func explain(err error) error {
	if strings.HasPrefix(err.Error(), "readLoopPeekFailLocked: ") {
		if err = errors.Unwrap(err); err == nil {
			return errUnasked
		}
	}
	if strings.Contains(err.Error(), `malformed HTTP response "\x15\x03`) {
		return errTLSAnswer
	}
	return err
}

// wrap tells which request err befell, in net/http's words.
func wrap(req request, err error) error {
	op := req.method[:1] + strings.ToLower(req.method[1:])
	return &url.Error{Op: op, URL: req.url.Redacted(), Err: err}
}

// blameHost notes u's host as the one that failed, where it is not the endpoint.
func (c *client) blameHost(err error, u *url.URL) error {
	f := blame(err)
	f.target = c.target(u)
	return &f
}

// target is u's host where that is not the endpoint, else "".
func (s *site) target(u *url.URL) string {
	if sameOrigin(s.root, u) {
		return ""
	}
	return origin(u)
}

func origin(u *url.URL) string { return u.Scheme + "://" + u.Host }

// sameOrigin reports whether what is meant for a may be sent to b: the same host and port,
// and not from https to http. The step from http to https on the default ports stays with
// the same server.
func sameOrigin(a, b *url.URL) bool {
	if !strings.EqualFold(a.Hostname(), b.Hostname()) {
		return false
	}
	if a.Scheme != b.Scheme {
		return a.Scheme == "http" && b.Scheme == "https" && a.Port() == "" && b.Port() == ""
	}
	return portOf(a) == portOf(b)
}

func portOf(u *url.URL) string { return cmp.Or(u.Port(), defaultPorts[u.Scheme]) }

func (a *answer) ok() bool { return a.status >= 200 && a.status < 300 }

func (a *answer) media() string {
	media, _, _ := strings.Cut(a.header.Get("Content-Type"), ";")
	return strings.ToLower(strings.TrimSpace(media))
}

// markup reports whether the answer is a page or a document rather than an API's.
func (a *answer) markup() bool {
	return a.html() || bytes.HasPrefix(bytes.TrimSpace(a.body), []byte("<"))
}

func (a *answer) html() bool {
	switch a.media() {
	case "text/html", "application/xhtml+xml":
		return true
	}
	body := bytes.ToLower(bytes.TrimSpace(a.body[:min(len(a.body), 100)]))
	return bytes.HasPrefix(body, []byte("<html")) || bytes.HasPrefix(body, []byte("<!doctype html"))
}

// registry reports whether the answer says of itself that it is a registry's.
func (a *answer) registry() bool { return a.header.Get("Docker-Distribution-Api-Version") != "" }
