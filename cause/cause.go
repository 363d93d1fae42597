// Package cause names the ways in which an image pull fails.
//
// The same failure has the same name wherever it is met: [Of] names a Go error of a
// probe, [OfStatus] an HTTP answer, [Parse] the text that containerd or the kubelet
// logged of either.
package cause

// A Cause names one way in which a pull fails. The zero value means that nothing failed.
type Cause string

// The causes. A name never changes its meaning.
const (
	None Cause = ""

	DNSNotFound    Cause = "dns_not_found"   // the name does not exist
	DNSFailure     Cause = "dns_failure"     // the DNS server failed or did not answer
	ConnectRefused Cause = "connect_refused" // TCP connection refused
	ConnectTimeout Cause = "connect_timeout" // TCP connection timed out
	NoRoute        Cause = "no_route"        // no route to host, network unreachable

	TLSUnknownAuthority   Cause = "tls_unknown_authority"    // signed by an authority that the node does not trust
	TLSHostnameMismatch   Cause = "tls_hostname_mismatch"    // certificate for other names
	TLSLegacyCommonName   Cause = "tls_legacy_common_name"   // certificate has only a Common Name
	TLSExpired            Cause = "tls_expired"              // certificate expired
	TLSNotYetValid        Cause = "tls_not_yet_valid"        // certificate not valid yet, usually the node's clock
	TLSClientCertRequired Cause = "tls_client_cert_required" // server demands a client certificate
	TLSHandshake          Cause = "tls_handshake"            // any other handshake failure, or closed before any HTTP answer
	TLSHandshakeTimeout   Cause = "tls_handshake_timeout"    // TCP connected, TLS never completed

	HTTPResponseToHTTPSClient Cause = "http_response_to_https_client" // plain-HTTP server asked with https
	HTTPRequestToHTTPSServer  Cause = "http_request_to_https_server"  // TLS server asked with http

	AuthMissing      Cause = "auth_missing"       // credentials needed, none sent
	AuthRejected     Cause = "auth_rejected"      // credentials sent and refused, or lacking the scope
	AuthTokenService Cause = "auth_token_service" // the token service itself failed
	Forbidden        Cause = "forbidden"          // 403 from the registry
	RateLimited      Cause = "rate_limited"       // 429
	NotFound         Cause = "not_found"          // no such image or tag
	ServerError      Cause = "server_error"       // 5xx except the gateway's
	GatewayError     Cause = "gateway_error"      // 502, 503, 504
	ProxyError       Cause = "proxy_error"        // the HTTP(S) proxy is unreachable or refuses

	PlatformMismatch    Cause = "platform_mismatch"     // no entry for the node's platform
	Schema1Unsupported  Cause = "schema1_unsupported"   // manifest in Docker schema 1
	UnexpectedMediaType Cause = "unexpected_media_type" // 200 with something that is no manifest
	DigestMismatch      Cause = "digest_mismatch"       // bytes do not match the digest
	BlobTruncated       Cause = "blob_truncated"        // fewer bytes than announced
	BlobFetchFailed     Cause = "blob_fetch_failed"     // the tag resolved, then content could not be fetched
	DiskFull            Cause = "disk_full"             // no space left on the node
	UnpackFailed        Cause = "unpack_failed"         // layer fetched but not unpacked

	InvalidReference     Cause = "invalid_reference"      // image name does not parse
	NotARegistry         Cause = "not_a_registry"         // something answers, but not as a registry; met by probes only
	ImageNeverPull       Cause = "image_never_pull"       // imagePullPolicy Never and no image
	ConfigInvalid        Cause = "config_invalid"         // containerd's or the registry configuration is wrong or ignored
	ConfigFileUnreadable Cause = "config_file_unreadable" // a configured CA, certificate or key file is missing or unusable
	TimeoutDeadline      Cause = "timeout_deadline"       // the request or the pull ran into a deadline
	Cancelled            Cause = "cancelled"              // the pull was cancelled, the text does not say why
	Unknown              Cause = "unknown"                // it failed, and nothing decides why
)

// Fault reports whether c is a failure of an endpoint that was asked, other than
// answering that it does not have the image.
func (c Cause) Fault() bool { return c != None && c != NotFound }
