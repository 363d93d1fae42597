package cause

import (
	"net"
	"net/url"
	"strings"
)

// A Request is the HTTP request that an error text tells of.
type Request struct {
	Scheme string     // "" where the text gives none
	Host   string     // host[:port]
	Path   string     // "" where the text gives none
	Query  url.Values // values may be masked, as containerd masks them in final errors
}

// What stands before the URL or host of a request, in texts of net/http, of containerd's
// core/remotes/docker (resolver.go, fetcher.go, errors.go), of go-containerregistry
// (transport/error.go) and of CRI's registry TLS settings.
var requestMarks = []string{
	"Head ", "Get ", "Post ", "HEAD ", "GET ", "request to ", "unexpected status code ",
	"pulling from host ", "content at ", "get TLSConfig for registry ",
}

// FindRequest returns the first request that text names.
func FindRequest(text string) (found Request, ok bool) {
	first := len(text)
	for _, mark := range requestMarks {
		for at := 0; !ok || at < first; {
			i := strings.Index(text[at:first], mark)
			if i < 0 {
				break
			}
			at += i + len(mark)
			if r, named := parseTarget(text[at:]); named {
				found, ok, first = r, true, at-len(mark)
			}
		}
	}
	return found, ok
}

// parseTarget reads the URL, or host with a path, that text begins with, in quotes or not.
func parseTarget(text string) (Request, bool) {
	text = strings.TrimLeft(text, `\`)
	if quoted, ok := strings.CutPrefix(text, `"`); ok {
		var closed bool
		text, _, closed = strings.Cut(quoted, `"`)
		if _, host, _ := strings.Cut(text, "://"); !closed && !strings.Contains(host, "/") {
			return Request{}, false // the host may have been cut
		}
		text = strings.TrimRight(text, `\`)
	} else {
		text, _, _ = strings.Cut(text, " ")
		text = strings.TrimRight(text, `:,`)
	}
	return ParseRequest(text)
}

// ParseRequest reads a URL, or a host with a path where the scheme is missing.
func ParseRequest(text string) (Request, bool) {
	scheme, rest, ok := strings.Cut(text, "://")
	if !ok {
		scheme, rest = "", text
	}
	rest, query, _ := strings.Cut(rest, "?")
	host, path, slash := strings.Cut(rest, "/")
	if i := strings.LastIndexByte(host, '@'); i >= 0 {
		host = host[i+1:]
	}
	if !isHost(host) || scheme == "" && !strings.ContainsAny(host, ".:") { // a word, or a path such as v2/team/app
		return Request{}, false
	}
	r := Request{Scheme: scheme, Host: host}
	if slash {
		r.Path = "/" + path
	}
	r.Query, _ = url.ParseQuery(query) // what cannot be decoded is left out
	return r, true
}

func isHost(text string) bool {
	return text != "" && strings.IndexFunc(text, func(c rune) bool {
		return (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune(".:-_[]", c)
	}) < 0
}

// Endpoint is scheme://host[:port], or host[:port] where the text gives no scheme.
func (r Request) Endpoint() string {
	if r.Scheme == "" || r.Host == "" {
		return r.Host
	}
	return r.Scheme + "://" + r.Host
}

// Token reports whether a token was asked for: such a request names a scope of a
// repository. (core/remotes/docker/auth/fetch.go)
func (r Request) Token() bool {
	return r.Query.Has("scope") && (r.Query.Has("service") || strings.Contains(r.Path, "token"))
}

// Content returns the repository, with whatever path the endpoint has before it, and the
// tag or digest, of a request to the registry API for a manifest or blob.
func (r Request) Content() (repository, identifier string, ok bool) {
	for _, kind := range []string{"/manifests/", "/blobs/"} {
		if i := strings.LastIndex(r.Path, kind); i >= 0 && !strings.Contains(r.Path, "/registry/v2/blobs/") {
			repository = strings.TrimPrefix(strings.TrimPrefix(r.Path[:i], "/v2"), "/")
			return repository, r.Path[i+len(kind):], repository != ""
		}
	}
	return "", "", false
}

// HostPort is host:port of host[:port], an absent port being that of the scheme, https where
// there is none. An IPv6 address without a port may stand in brackets or not.
func HostPort(scheme, host string) string {
	name, port, err := net.SplitHostPort(host)
	switch {
	case err == nil && port != "":
		return host
	case err != nil:
		name = strings.Trim(host, "[]")
	}
	if scheme == "http" {
		return net.JoinHostPort(name, "80")
	}
	return net.JoinHostPort(name, "443")
}
