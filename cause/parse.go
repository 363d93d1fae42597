package cause

import (
	"net/http"
	"strconv"
	"strings"
)

// Parse names the failure that a piece of log text tells of, in the words of containerd
// 1.4 to 2.4, the kubelet, crictl, ctr and nerdctl. [Unknown] where the text does not
// decide it, [None] for an empty text.
//
// Faults of the node come first, then an HTTP status in view, for what a server says about
// its own troubles in an error body is not the node's, then the network's. A token service
// and the phase after the tag was resolved have readings of their own. Where the kubelet
// tried several credentials and quotes an error for each, one of them decides ([Outranking]).
func Parse(text string) Cause {
	text = strings.TrimRight(strings.ReplaceAll(text, `\"`, `"`), " \n.")
	if text == "" {
		return None
	}
	return parseOne(Decisive(text))
}

// Decisive is the part of text that decides its cause: where the kubelet quotes an error for
// each of several credentials, one of them; else all of it.
func Decisive(text string) string {
	parts := errorList(text)
	decisive := parts[0]
	for _, part := range parts[1:] {
		if found := parseOne(decisive); Outranking(found, parseOne(part)) != found {
			decisive = part
		}
	}
	return decisive
}

// Outranking is what an endpoint's answers to two credentials come to: of two, of which one
// is that it was refused, the one that got further; else the first. (A registry tells who
// may not read a repository less than who may.)
func Outranking(first, second Cause) Cause {
	switch first {
	case AuthMissing, AuthRejected, Forbidden:
		if second.admitted() {
			return second
		}
	}
	return first
}

// admitted reports whether c comes after a registry let the request in.
func (c Cause) admitted() bool {
	switch c {
	case NotFound, PlatformMismatch, Schema1Unsupported, UnexpectedMediaType, DigestMismatch, BlobTruncated, BlobFetchFailed, UnpackFailed, DiskFull:
		return true
	}
	return false
}

// errorList takes apart the list that the kubelet makes of the errors of several
// credentials: "[first, second]". (k8s.io/apimachinery/pkg/util/errors)
func errorList(text string) []string {
	start := strings.Index(text, "[rpc error: ")
	if start < 0 {
		start = strings.Index(text, "[failed to pull and unpack image ")
	}
	if start < 0 {
		return []string{text}
	}
	text = strings.TrimRight(text[start+1:], "]")
	for _, mark := range []string{", rpc error: code", ", failed to pull and unpack image "} {
		text = strings.ReplaceAll(text, mark, "\x00"+mark[2:])
	}
	return strings.Split(text, "\x00")
}

func parseOne(text string) Cause {
	text = sayingOnce(text)
	code, own := status(text)
	if c := first(before, text[:own]); c != None {
		return c
	}
	if c := sizes(text); c != None {
		return c
	}
	request, named := FindRequest(text)
	inner := first(network, text)
	switch {
	case code != 0:
		inner = ofAnswer(code, request, text)
	case named && refusedByProxy(text):
		inner = ProxyError
	case strings.Contains(text, "unexpected EOF"):
		inner = BlobTruncated
		if named {
			inner = TLSHandshake
		}
	}
	switch {
	case containsAny(text, tokenPhrases), request.Token():
		return inToken(text, request, code, inner)
	case containsAny(text, fetchPhrases):
		return inFetch(request, code, inner)
	case inner == None:
		return Unknown
	}
	return inner
}

// sayingOnce is text without the image's name before the words about it, whose tag may read like a
// part of those. (core/remotes/docker/resolver.go, Resolve)
func sayingOnce(text string) string {
	if name, _, ok := strings.Cut(afterImageMark(text), `"`); ok {
		return strings.Replace(text, ": "+name+": ", ": ", 1)
	}
	return text
}

// ofAnswer reads a status in its wording. Up to 1.6, 401 has words of its own that do not
// tell whether credentials were sent; mostly none were. A bare 400 to plain http is how
// TLS servers answer HEAD.
func ofAnswer(code int, request Request, text string) Cause {
	switch {
	case code == http.StatusUnauthorized && strings.Contains(text, "status code ["):
		return AuthMissing
	case code == http.StatusBadRequest && request.Scheme == "http",
		code == http.StatusBadRequest && containsAny(text, sentPlainHTTP):
		return HTTPRequestToHTTPSServer
	case code == http.StatusBadRequest && strings.Contains(text, noClientCert):
		return TLSClientCertRequired
	}
	return OfStatus(code)
}

// inToken reads a failure to get a token. A refusal is the repository's business: it is
// for want of credentials where none were sent. What a service of its own answers
// otherwise is its own fault.
func inToken(text string, request Request, code int, inner Cause) Cause {
	switch {
	case inner == Cancelled, inner == ProxyError, inner == RateLimited:
		return inner
	case code == http.StatusUnauthorized, code == http.StatusForbidden, code == http.StatusBadRequest:
		if strings.Contains(text, "anonymous token") {
			return AuthMissing
		}
		return AuthRejected
	case code == http.StatusNotFound && ownRegistry(text, request):
		return NotFound
	case inner == AuthMissing, inner == AuthRejected:
		return inner
	}
	return AuthTokenService
}

// ownRegistry reports whether the request went to the registry of the image that text names.
func ownRegistry(text string, request Request) bool {
	host, _, ok := strings.Cut(afterImageMark(text), "/")
	return ok && HostPort("", host) == HostPort(request.Scheme, request.Host)
}

// afterImageMark begins with the image's name and a quote, "" where text names none.
func afterImageMark(text string) string {
	for _, mark := range []string{`failed to resolve reference "`, `failed to pull and unpack image "`, `Failed to pull image "`} {
		if _, rest, ok := strings.Cut(text, mark); ok {
			return rest
		}
	}
	return ""
}

// inFetch reads a failure after the tag was resolved.
func inFetch(request Request, code int, inner Cause) Cause {
	_, _, api := request.Content()
	return Fetching(inner, api || request.Host == "" || code != 0 && strings.HasPrefix(request.Path, "/v2/"))
}

// Fetching is what a failure comes to after the tag was resolved; own says whether it is
// that of the registry's endpoint itself, rather than of a host that it redirects to. What
// keeps the endpoint from answering keeps its name; anything else, and anything at a
// redirect's target, is content that could not be fetched.
func Fetching(inner Cause, own bool) Cause {
	switch inner {
	case Cancelled, BlobTruncated, DigestMismatch:
		return inner
	case RateLimited, AuthMissing, AuthRejected, GatewayError, ProxyError, TimeoutDeadline,
		DNSNotFound, DNSFailure, ConnectRefused, ConnectTimeout, NoRoute, TLSHandshakeTimeout, TLSUnknownAuthority,
		TLSHostnameMismatch, TLSLegacyCommonName, TLSExpired, TLSNotYetValid, TLSClientCertRequired, HTTPResponseToHTTPSClient:
		if own {
			return inner
		}
	}
	return BlobFetchFailed
}

// sizes reads a complaint about the number of bytes: too few is a transfer that broke off,
// too many is other content. (core/content/helpers.go, plugins/content/local/writer.go)
func sizes(text string) Cause {
	var got, want int
	if _, rest, ok := strings.Cut(text, "failed size validation: "); ok {
		got, rest = leadingInt(rest)
		want, _ = leadingInt(strings.TrimPrefix(rest, " != "))
	} else if _, rest, ok := strings.Cut(text, "unexpected commit size "); ok {
		got, rest = leadingInt(rest)
		want, _ = leadingInt(strings.TrimPrefix(rest, ", expected "))
	} else {
		return None
	}
	if got < want {
		return BlobTruncated
	}
	return DigestMismatch
}

func leadingInt(text string) (int, string) {
	end := strings.IndexFunc(text, func(c rune) bool { return c < '0' || c > '9' })
	if end < 0 {
		end = len(text)
	}
	n, _ := strconv.Atoi(text[:end])
	return n, text[end:]
}

// StatusIn returns the HTTP status that text gives as an answer, such as "unexpected
// status from HEAD request to URL: 502 Bad Gateway"; 0 for none.
func StatusIn(text string) int {
	code, _ := status(text)
	return code
}

// status also returns how much of the text precedes the status: what follows it are the
// server's words. All of it where there is none.
func status(text string) (code, end int) {
	i := strings.Index(text, "status")
	if i < 0 {
		return abridged(text)
	}
	if digits, ok := strings.CutPrefix(text[i:], "status code "); ok { // of go-containerregistry
		if code, _ := leadingInt(digits); code >= 300 && code < 600 {
			return code, i
		}
	}
	for {
		next := strings.Index(text[i:], ": ")
		if next < 0 {
			return abridged(text)
		}
		i += next + 2
		code, after := leadingInt(text[i:])
		if code >= 300 && code < 600 && (after == "" || strings.ContainsRune(" *\n", rune(after[0]))) {
			return code, i
		}
	}
}

// abridged finds a status with its name after dots, by which somebody left out the rest.
func abridged(text string) (code, end int) {
	for _, dots := range []string{"... ", "… "} {
		_, rest, ok := strings.Cut(text, dots)
		if code, after := leadingInt(rest); ok && code >= 300 && code < 600 && strings.HasPrefix(after, " "+http.StatusText(code)) {
			return code, len(text) - len(rest)
		}
	}
	return 0, len(text)
}

// refusedByProxy reports whether the text ends in the words of a status without its
// number: so net/http words a proxy's answer to CONNECT other than 200 (transport.go,
// dialConn).
func refusedByProxy(text string) bool {
	i := strings.LastIndex(text, ": ")
	if i < 0 {
		return false
	}
	for code := 400; code < 600; code++ {
		if s := http.StatusText(code); s != "" && s == text[i+2:] {
			return true
		}
	}
	return false
}
