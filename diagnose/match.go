package diagnose

import (
	"net/url"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/registry"
)

// matchOne is the index of the one endpoint that the attempt's text can mean, -1 where
// none or several match. A registry that is its own mirror is asked twice, and told apart by
// its spelling and by which of them is the default. Where one endpoint is all there is, a text that
// names none is its.
func matchOne(a logparse.Attempt, endpoints []registry.Endpoint) int {
	if a.Endpoint == "" && len(endpoints) == 1 {
		return 0
	}
	found := -1
	for i, ep := range endpoints {
		if !means(a.Endpoint, ep) {
			continue
		}
		if a.Endpoint == ep.Spelling() && a.Default == ep.Default {
			return i
		}
		if found >= 0 {
			if !endpoints[found].Default && ep.Default && a.Default {
				found = i
				continue
			}
			return -1
		}
		found = i
	}
	return found
}

// means reports whether text, a URL or host[:port] of a log line, can name ep.
func means(text string, ep registry.Endpoint) bool {
	if text == "" {
		return false
	}
	scheme, host, path := split(text)
	if scheme == "" {
		return host == ep.Host || cause.HostPort("", host) == cause.HostPort(ep.Scheme, ep.Host)
	}
	if scheme != ep.Scheme && !ep.HTTPFallback {
		return false
	}
	return cause.HostPort(scheme, host) == cause.HostPort(scheme, ep.Host) && (path == "" || path == ep.Path)
}

// respell gives the attempt the endpoint's spelling, and what only the endpoint tells: a
// bare 400 from a server that is asked with http is how TLS servers answer HEAD, and a bare
// 401, or a refused token, is a refusal where credentials are configured, which containerd
// then had sent.
func respell(a logparse.Attempt, ep registry.Endpoint) logparse.Attempt {
	a.Endpoint, a.Default = ep.Spelling(), ep.Default
	switch {
	case a.Cause == cause.Unknown && a.StatusCode == 400 && ep.Scheme == "http":
		a.Cause = cause.HTTPRequestToHTTPSServer
	case a.Cause == cause.AuthMissing && (a.StatusCode == 401 || strings.Contains(a.Error, tokenRefused)) && !anonymous(ep):
		a.Cause = cause.AuthRejected
	}
	return a
}

// tokenRefused is in containerd's text where a registry did not take the token that its
// token service had given. (core/remotes/docker/authorizer.go)
const tokenRefused = "server message: "

// sameHost compares two spellings by host and port, the scheme's default filled in.
func sameHost(a, b string) bool {
	as, ah, _ := split(a)
	bs, bh, _ := split(b)
	return cause.HostPort(as, ah) == cause.HostPort(bs, bh)
}

// hostname is the host of an endpoint's spelling, without its port.
func hostname(text string) string {
	_, host, _ := split(text)
	return bareName(host)
}

func split(text string) (scheme, host, path string) {
	if !strings.Contains(text, "://") {
		host, _, _ = strings.Cut(text, "/")
		return "", host, ""
	}
	u, err := url.Parse(text)
	if err != nil {
		scheme, host, _ = strings.Cut(text, "://")
		return scheme, host, ""
	}
	return u.Scheme, u.Host, strings.TrimSuffix(u.Path, "/")
}
