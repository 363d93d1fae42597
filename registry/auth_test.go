package registry

import (
	"encoding/base64"
	"testing"
)

// What containerd makes of the fields of an auth table, in its order.
func TestAuth(t *testing.T) {
	encoded := func(text string) Secret { return NewSecret(base64.StdEncoding.EncodeToString([]byte(text))) }
	tests := []struct {
		name       string
		c          credentials
		kind       AuthType
		user, pass string
	}{
		{"nothing", credentials{}, AuthNone, "", ""},
		{"a password alone", credentials{password: NewSecret("p")}, AuthNone, "", ""},
		{"user and password before all", credentials{username: "u", password: NewSecret("p"), token: NewSecret("t"), encoded: encoded("v:q")}, AuthBasic, "u", "p"},
		{"identity token before auth", credentials{token: NewSecret("t"), encoded: encoded("v:q")}, AuthIdentityToken, "", "t"},
		{"auth", credentials{encoded: encoded("v:q:r")}, AuthBasic, "v", "q:r"},
		{"auth padded with NULs", credentials{encoded: encoded("v:q\x00\x00")}, AuthBasic, "v", "q"},
		{"auth without a user", credentials{encoded: encoded(":q")}, AuthIdentityToken, "", "q"},
		{"auth of a colon", credentials{encoded: encoded(":")}, AuthNone, "", ""},
		{"auth without a colon", credentials{encoded: encoded("vq")}, AuthError, "", ""},
		{"auth that is no base64", credentials{encoded: NewSecret("v:q")}, AuthError, "", ""},
	}
	for _, tt := range tests {
		a := tt.c.auth("host")
		if a.Type != tt.kind || a.Username != tt.user || a.Secret.Reveal() != tt.pass || (a.Type == AuthError) != (a.Problem != "") {
			t.Errorf("%s: %s %q %q %q", tt.name, a.Type, a.Username, a.Secret.Reveal(), a.Problem)
		}
	}
}
