package registry

import (
	"fmt"
	"strings"
	"unique"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// A Secret holds a password or token read from configuration. It cannot print or
// marshal itself: every formatting verb and encoder gives "REDACTED", and a dump of a
// struct around it an address. Equal ones compare equal, for endpoints are told apart by
// theirs. The zero value is no secret.
type Secret struct{ value unique.Handle[string] }

const redacted = "REDACTED"

// NewSecret wraps text that must not leave the process except to the host it is for.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{unique.Make(text)}
}

// Reveal returns the text, for the one place that sends it.
func (s Secret) Reveal() string {
	if s.Empty() {
		return ""
	}
	return s.value.Value()
}

// Empty reports whether there is no secret.
func (s Secret) Empty() bool { return s == Secret{} }

// String implements [fmt.Stringer].
func (Secret) String() string { return redacted }

// Format implements [fmt.Formatter], so that no verb reaches the field.
func (Secret) Format(f fmt.State, _ rune) { _, _ = f.Write([]byte(redacted)) }

// MarshalText implements [encoding.TextMarshaler].
func (Secret) MarshalText() ([]byte, error) { return []byte(redacted), nil }

// userinfo is what stands before the host of an address, with its scheme or without, and
// what stands before a digest.
var userinfo = lazyregexp.New(`(?://[^\s"/]*|(?://)?[^\s"/:@]+:(?:[^\s"/][^\s"]*)?)@(?:sha\d+:)?`)

// WithoutUserinfo is text without user and password of the addresses in it, such as
// https://user:password@registry.example.com, which people write where a name should stand.
func WithoutUserinfo(text string) string {
	if !strings.Contains(text, "@") {
		return text
	}
	return userinfo().ReplaceAllStringFunc(text, func(found string) string {
		switch {
		case strings.HasSuffix(found, ":"): // a digest
			return found
		case strings.HasPrefix(found, "//"):
			return "//" + redacted + "@"
		}
		return redacted + "@"
	})
}
