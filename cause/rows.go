package cause

import "strings"

// A row names the cause of every text that holds one of its phrases. In a phrase "…"
// stands for any text, and "$" at its end for the end of the text. Phrases hold a space
// or a colon where they can, so that no image name or URL matches them by accident.
type row struct {
	cause   Cause
	phrases []string
}

// before are the failures that need no network to explain them. They come first, for
// their texts end in words such as "not found", or tell of a fault of the node that the
// network's troubles merely accompany. Among them what is decided before a request comes
// before what is decided after one, and the particular before the general: an unpacking
// that failed for want of space is a full disk.
var before = []row{
	{DiskFull, []string{"no space left on device", "disk quota exceeded"}},
	{Unknown, []string{"dial unix ", "error reading from server: ", "ref … locked for "}}, // the runtime itself: no registry was asked, or in vain
	{ImageNeverPull, []string{"is not present with pull policy of Never", "ErrImageNeverPull"}},

	// remotes/docker/config/hosts.go; CRI's image_pull.go for the settings before certs.d
	{ConfigFileUnreadable, []string{
		"unable to read CA cert", "unable to load CA cert", "unable to read CERT file", "unable to load CERT",
		"failed to load X509 key pair", "failed to load CA file", "failed to load cert file", "get TLSConfig for registry",
	}},
	{ConfigInvalid, []string{
		"failed to decode hosts.toml", "failed to decode /", "invalid `host` tree", "unknown capability ",
		"unable to parse server ", "unable to parse host ", "no resolve hosts", "unsupported protocol scheme",
		"cannot be set when `config_path`", "unknown service runtime.v1", "unknown service runtime.v1alpha2",
		"illegal base64 data at input byte", "invalid decoded auth", // image_pull.go, ParseAuth: credentials that cannot be decoded
	}},
	{InvalidReference, []string{
		"invalid reference format", "couldn't parse image name", "couldn't parse image reference", "failed to parse image reference",
		"could not parse reference", "InvalidImageName", "cannot specify 64-byte hexadecimal strings", "dial tcp: address …: invalid port",
		`parse "dummy://`, ": object required", ": hostname required", // containerd pkg/reference, as ctr has it
	}},

	{Schema1Unsupported, []string{
		"schema 1 image manifests are no longer supported", "is no longer supported since containerd", "manifest.v1+prettyjws",
		"Schema 1 images have been deprecated and disabled", "schema 1 support is disabled", // containerd 2.0; Docker
	}},
	{UnexpectedMediaType, []string{
		"unexpected media type ", "unsupported manifest media type", "unsupported media type ", "unexpected mediatype ",
	}},
	{PlatformMismatch, []string{"no match for platform", "no matching manifest for ", "image does not match platform"}},
	{DigestMismatch, []string{
		"unexpected commit digest ", "digest mismatch", "wrong diff id calculated on extraction", "failed to verify digest", "invalid checksum digest",
	}},
	{BlobTruncated, []string{
		"short read: ", "bad record MAC", "failed to copy: unexpected EOF", "failed to copy: read tcp ",
		"failed to copy: stream error", "failed to copy: http2: ",
	}},
	{UnpackFailed, []string{
		"read-only file system", ": input/output error", "number of layers and diffIDs don't match",
		"failed to open writer: ", "content digest …: not found", "failed to extract layer", "failed to apply layer", "failed to unpack", "failed to prepare extraction snapshot",
		"mount callback failed", "invalid tar header", "gzip: invalid ", "no unpack platforms defined",
		"unpacker does not support", "snapshotter not loaded", "unable to initialize unpacker", "failed to stat snapshot", "no diff processor",
	}},
}

// network are the failures of an exchange with a server, as far as no HTTP status is in
// view. A proxy's fault explains what it wraps; then come names, certificates and
// connections, each from the particular to the general; then what any of them may end in.
var network = []row{
	{ProxyError, []string{"proxyconnect tcp", "Proxy Authentication Required", "socks connect tcp"}},
	{RateLimited, []string{"toomanyrequests: ", "TOOMANYREQUESTS: ", "Too Many Requests"}},
	{UnexpectedMediaType, []string{"invalid character '<' looking for beginning of value"}},

	{HTTPResponseToHTTPSClient, []string{"server gave HTTP response to HTTPS client"}},
	{HTTPRequestToHTTPSServer, sentPlainHTTP},

	{TLSLegacyCommonName, []string{"relies on legacy Common Name"}},
	{TLSHostnameMismatch, []string{
		"certificate is valid for ", "certificate is not valid for any names", "cannot validate certificate for ", "doesn't contain any IP SANs",
	}},
	{TLSNotYetValid, []string{"has expired or is not yet valid: … is before "}},
	{TLSExpired, []string{"x509: certificate has expired"}},
	{TLSUnknownAuthority, []string{
		"signed by unknown authority", "certificate is not trusted", "not authorized to sign other certificates",
		"too many intermediates for path length", "failed to load system roots",
	}},
	{TLSClientCertRequired, []string{
		"tls: certificate required", noClientCert,
		// an alert about a certificate can only mean the client's
		"remote error: tls: bad certificate", "remote error: tls: unknown certificate", "remote error: tls: expired certificate",
		"remote error: tls: revoked certificate", "remote error: tls: unsupported certificate",
	}},
	{TLSHandshakeTimeout, []string{"TLS handshake timeout"}},
	{TLSHandshake, []string{"tls: ", "x509: ", "first record does not look like a TLS handshake"}},

	{DNSNotFound, []string{"no such host", "Name or service not known", "Name does not resolve", "No address associated with hostname"}},
	{DNSFailure, []string{
		"dial tcp: lookup ", "server misbehaving", "Temporary failure in name resolution", "lookup …: Try again", "lookup …: i/o timeout",
	}},
	{ConnectRefused, []string{"connection refused", "actively refused it"}},
	{TimeoutDeadline, []string{"read: connection timed out", "write: connection timed out"}}, // TCP's own, long after it connected
	{ConnectTimeout, []string{
		"dial tcp …: i/o timeout", "connection timed out", "dial tcp …: operation timed out", "did not properly respond after a period of time",
	}},
	{NoRoute, []string{
		"no route to host", "network is unreachable", "host is down", "network is down", "unreachable network", "unreachable host", "cannot assign requested address",
		"address family not supported by protocol", "connect: operation not permitted", "connect: permission denied", "connect: invalid argument",
		"connect: protocol not available", "forbidden by its access permissions",
	}},

	{AuthMissing, []string{
		"no basic auth credentials", "insufficient_scope", "authentication required", "requested access to the resource is denied",
		"pull access denied, repository does not exist or may require authorization$", "may require 'docker login'",
	}},
	{AuthRejected, []string{
		"authorization failed", "pull access denied", "incorrect username or password", "invalid_token",
		"unauthorized: ", "denied: Your authorization token has expired", // distribution's code for 401; Amazon ECR
	}},
	{Forbidden, []string{ // in the words of GitHub, GitLab, Google and Amazon
		"denied: denied", `": denied$`, "denied: access forbidden", "denied: Permission ", "denied: User: ",
	}},

	{Cancelled, []string{"context canceled", "operation was canceled", "request canceled$"}},
	{TimeoutDeadline, []string{
		"context deadline exceeded", "Client.Timeout", "timeout awaiting response headers", "because of no progress in ",
		"i/o timeout", "code = DeadlineExceeded", "code=DeadlineExceeded",
	}},
	{TLSHandshake, []string{
		": EOF$", "connection reset by peer", "broken pipe", "software caused connection abort", "network dropped connection on reset",
		"endpoint is not connected", "server closed idle connection", "transport connection broken",
		"http2: server sent GOAWAY", "http2: client connection lost",
	}},
	{NotFound, []string{
		": not found$", ": not found: ", "http.StatusNotFound", "code = NotFound", "code=NotFound", "manifest unknown", "name unknown",
		"MANIFEST_UNKNOWN: ", "NAME_UNKNOWN: ", "daemon: manifest for … not found", // Docker
	}},
	{Cancelled, []string{"code = Canceled", "code=Canceled"}},
}

// How servers word it in an error body that a request lacked TLS, or a client certificate.
var sentPlainHTTP = []string{
	"Client sent an HTTP request to an HTTPS server", "plain HTTP request was sent to HTTPS port", // net/http, nginx
	`malformed HTTP response "\x15\x03`, // no body at all: a TLS alert
}

const noClientCert = "No required SSL certificate was sent" // nginx

// What tells in which phase of a pull, after a request was made, the failure came.
var (
	tokenPhrases = []string{
		"failed to authorize", "failed to fetch anonymous token", "failed to fetch oauth token", "unable to decode token response",
		"authorization server did not include a token",
	}
	fetchPhrases = []string{"failed to copy", "httpReadSeeker", "failed open: ", "could not fetch content descriptor", "unable to fetch descriptor", "/blobs/sha"}
)

func first(rows []row, text string) Cause {
	for _, r := range rows {
		if containsAny(text, r.phrases) {
			return r.cause
		}
	}
	return None
}

func containsAny(text string, phrases []string) bool {
	for _, p := range phrases {
		if containsPhrase(text, p) {
			return true
		}
	}
	return false
}

func containsPhrase(text, phrase string) bool {
	if end, ok := strings.CutSuffix(phrase, "$"); ok {
		return strings.HasSuffix(text, end)
	}
	for {
		head, tail, more := strings.Cut(phrase, "…")
		i := strings.Index(text, head)
		if i < 0 {
			return false
		}
		if !more {
			return true
		}
		text, phrase = text[i+len(head):], tail
	}
}
