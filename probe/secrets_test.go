package probe

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/registry"
)

func TestClean(t *testing.T) {
	ep := registry.Endpoint{
		Headers: http.Header{"Authorization": {"Basic aGVhZGVyLXNlY3JldA=="}},
		Auth:    registry.Auth{Username: "user", Secret: registry.NewSecret("pass phrase/1")},
	}
	s := newSecrets(ep, map[string]string{
		"HTTPS_PROXY": "http://p:proxy-secret@proxy.example.com", "http_proxy": "p:secret-without-scheme@proxy.example.com:3128",
	})
	s.add("token-value")
	tests := []struct{ text, want string }{
		{"plain text stays", "plain text stays"},
		{"got pass phrase/1", "got REDACTED"},
		{"got pass+phrase%2F1 and pass%20phrase%2F1", "got REDACTED and REDACTED"},
		{"dXNlcjpwYXNzIHBocmFzZS8x", "REDACTED"},
		{"token-value.", "REDACTED."},
		{"aGVhZGVyLXNlY3JldA==", "REDACTED"},
		{"proxy-secret", "REDACTED"},
		{"secret-without-scheme", "REDACTED"},
		{"https://a:b@x.example.com/p?ns=docker.io&X-Amz-Signature=1&flag", "https://REDACTED@x.example.com/p?ns=docker.io&X-Amz-Signature=REDACTED&flag=REDACTED"},
		{`Get "https://x.example.com/?sig=1#f": EOF`, `Get "https://x.example.com/?sig=REDACTED": EOF`},
		{"eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln here", "REDACTED here"},
		{"Authorization: Bearer abcdefghijkl", "Authorization: Bearer REDACTED"},
		{`{"password":"x1"}`, `{"password":REDACTED}`},
		{`{"x-id-token" : "abc"}`, `{"x-id-token" : REDACTED}`},
		{"token=abc", "token=REDACTED"},
		{"access_token=abc", "access_token=REDACTED"},
		{`Post "https://auth.example.com/token": dial tcp`, `Post "https://auth.example.com/token": dial tcp`},
		{"incorrect username or password", "incorrect username or password"},
		{"\x1b[31mred\x00 \u202ecode\n", "[31mred code"},
		{"bad \xff utf8", "bad ? utf8"},
	}
	for _, tt := range tests {
		if got := s.clean(tt.text); got != tt.want {
			t.Errorf("clean(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}

// A secret too short to be searched for silences the server altogether.
func TestTinySecret(t *testing.T) {
	s := newSecrets(registry.Endpoint{Auth: registry.Auth{Username: "u", Secret: registry.NewSecret("abc")}}, nil)
	if got := s.told("your password abc is wrong"); got != "" {
		t.Errorf("told %q", got)
	}
}

// A secret is removed before the text is cut, so that no half of it stays.
func TestToldCutsLast(t *testing.T) {
	s := &secrets{}
	s.add("a-long-secret")
	if got := s.told(strings.Repeat("x", maxMessage-5) + "a-long-secret"); strings.Contains(got, "a-lo") {
		t.Errorf("told %q", got[maxMessage-10:])
	}
}

func FuzzClean(f *testing.F) {
	for _, seed := range []string{"token-value", "https://a:b@c?d=token-value", "tok\x00en-value", "\xfftoken-value"} {
		f.Add(seed)
	}
	s := &secrets{}
	s.add("token-value")
	f.Fuzz(func(t *testing.T, text string) {
		got := s.told(text)
		if strings.Contains(got, "token-value") || strings.ContainsFunc(got, func(c rune) bool { return c < ' ' || c == 0x7f }) {
			t.Errorf("told(%q) = %q", text, got)
		}
	})
}
