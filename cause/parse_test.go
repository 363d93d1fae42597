package cause

import (
	"bufio"
	"os"
	"strings"
	"testing"
)

func TestParse(t *testing.T) {
	f, err := os.Open("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var want Cause
	seen := map[Cause]bool{}
	for line := bufio.NewScanner(f); line.Scan(); {
		text := strings.ReplaceAll(line.Text(), `\n`, "\n")
		switch {
		case text == "" || strings.HasPrefix(text, "# "):
		case text[0] == '[' && !strings.Contains(text, " "):
			want = Cause(strings.Trim(text, "[]"))
			seen[want] = true
		default:
			if got := Parse(text); got != want {
				t.Errorf("Parse(%q) = %s, want %s", text, got, want)
			}
			// as the kubelet quotes it
			if got := Parse(strings.ReplaceAll(text, `"`, `\"`)); got != want && !strings.Contains(text, `\x15`) {
				t.Errorf("Parse of %q in quotes = %s, want %s", text, got, want)
			}
		}
	}
	for _, c := range all {
		if !seen[c] && c != NotARegistry {
			t.Errorf("no message for %s", c)
		}
	}
}

// What keeps a registry from answering keeps its name after the tag was resolved; at another
// host, where a redirect leads, it is content that could not be fetched.
func TestParseFetching(t *testing.T) {
	messages, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		t.Fatal(err)
	}
	const asked, fetching = `failed to do request: Head "https://`, "failed to copy: httpReadSeeker: failed open: "
	kept := map[Cause]bool{}
	for line := range strings.Lines(string(messages)) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, asked) {
			continue
		}
		c := Parse(line)
		if got := Parse(fetching + line); got != c && got != BlobFetchFailed {
			t.Errorf("Parse(%q) = %s", fetching+line, got)
		} else if got == c {
			kept[c] = true
		}
		away := fetching + strings.NewReplacer("/v2/", "/", "/manifests/", "/").Replace(line)
		if got := Parse(away); got != BlobFetchFailed && c != Cancelled && c != InvalidReference {
			t.Errorf("Parse(%q) = %s", away, got)
		}
	}
	for _, c := range []Cause{
		DNSNotFound, DNSFailure, ConnectRefused, ConnectTimeout, NoRoute, TLSUnknownAuthority, TLSHostnameMismatch, TLSLegacyCommonName, TLSExpired,
		TLSNotYetValid, TLSClientCertRequired, TLSHandshakeTimeout, HTTPResponseToHTTPSClient, ProxyError, TimeoutDeadline, Cancelled,
	} {
		if !kept[c] {
			t.Errorf("%s is lost", c)
		}
	}
}

func TestParseNothing(t *testing.T) {
	if got := Parse(""); got != None {
		t.Errorf(`Parse("") = %q`, got)
	}
}

// all causes but None.
var all = []Cause{
	DNSNotFound, DNSFailure, ConnectRefused, ConnectTimeout, NoRoute,
	TLSUnknownAuthority, TLSHostnameMismatch, TLSLegacyCommonName, TLSExpired, TLSNotYetValid, TLSClientCertRequired,
	TLSHandshake, TLSHandshakeTimeout, HTTPResponseToHTTPSClient, HTTPRequestToHTTPSServer,
	AuthMissing, AuthRejected, AuthTokenService, Forbidden, RateLimited, NotFound, ServerError, GatewayError, ProxyError,
	PlatformMismatch, Schema1Unsupported, UnexpectedMediaType, DigestMismatch, BlobTruncated, BlobFetchFailed, DiskFull, UnpackFailed,
	InvalidReference, NotARegistry, ImageNeverPull, ConfigInvalid, ConfigFileUnreadable, TimeoutDeadline, Cancelled, Unknown,
}

func TestOfStatus(t *testing.T) {
	for code, want := range map[int]Cause{
		0: None, 200: None, 206: None, 300: Unknown, 400: Unknown, 401: AuthRejected, 403: Forbidden, 404: NotFound, 405: Unknown,
		407: ProxyError, 429: RateLimited, 500: ServerError, 501: ServerError, 502: GatewayError, 503: GatewayError, 504: GatewayError,
		599: ServerError, 600: Unknown,
	} {
		if got := OfStatus(code); got != want {
			t.Errorf("OfStatus(%d) = %q, want %q", code, got, want)
		}
	}
}

func TestFindRequest(t *testing.T) {
	for text, want := range map[string]string{
		`failed to do request: Head "https://mirror.example.com:5000/v2/a/b/manifests/1?ns=docker.io": EOF`:  "https://mirror.example.com:5000",
		`failed to do request: Head https://mirror.example.com/v2/a/b/manifests/1: EOF`:                      "https://mirror.example.com",
		`failed to do request: Head \"https://mirror.example.com/v2/a/b/manifests/1\": EOF`:                  "https://mirror.example.com",
		`unexpected status code https://registry.example.com/v2/a/blobs/sha256:1: 500 Internal Server Error`: "https://registry.example.com",
		`unexpected status from HEAD request to http://[::1]:5000/v2/a/manifests/1: 500`:                     "http://[::1]:5000",
		`pulling from host mirror.example.com failed with status code [manifests 1]: 401`:                    "mirror.example.com",
		`pulling from host **** failed with status code [manifests 1]: 400`:                                  "",
		`Get "https://user:secret@registry.example.com/v2/": EOF`:                                            "https://registry.example.com",
		`unexpected status code [manifests 1.4.2]: 401 Unauthorized`:                                         "",
		`failed open: content at https://mirror.example.com/v2/a/manifests/sha256:1?ns=docker.io not found`:  "https://mirror.example.com",
		`failed open: content at v2/a/manifests/sha256:1?ns=docker.io not found`:                             "",
		`Head of the line`: "",
	} {
		r, ok := FindRequest(text)
		if r.Endpoint() != want || ok != (want != "") {
			t.Errorf("FindRequest(%q) = %q, %v, want %q", text, r.Endpoint(), ok, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	messages, err := os.ReadFile("testdata/messages.txt")
	if err != nil {
		f.Fatal(err)
	}
	for line := range strings.Lines(string(messages)) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if got := Parse(text); got == None && strings.Trim(text, " \n.") != "" {
			t.Errorf("Parse(%q) = None", text)
		}
	})
}

func TestHostPort(t *testing.T) {
	tests := []struct{ scheme, host, want string }{
		{"https", "m.example.com", "m.example.com:443"},
		{"http", "m.example.com", "m.example.com:80"},
		{"", "m.example.com", "m.example.com:443"},
		{"http", "m.example.com:5000", "m.example.com:5000"},
		{"http", "m.example.com:", "m.example.com:80"},
		{"https", "[2001:db8::1]", "[2001:db8::1]:443"},
		{"https", "2001:db8::1", "[2001:db8::1]:443"},
		{"https", "[2001:db8::1]:5000", "[2001:db8::1]:5000"},
	}
	for _, tt := range tests {
		if got := HostPort(tt.scheme, tt.host); got != tt.want {
			t.Errorf("HostPort(%q, %q) = %q, want %q", tt.scheme, tt.host, got, tt.want)
		}
	}
}
