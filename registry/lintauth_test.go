package registry

import (
	"strings"
	"testing"
)

// TestLintAuth: credentials of which containerd sends none, or not what was meant, and such as are
// right. No text holds what may be a secret.
func TestLintAuth(t *testing.T) {
	for _, tc := range []struct {
		name, auth string
		line       int    // below auth, from 1; 0 where nothing is to be found
		detail     string // in it
	}{
		{"user and password", "username: you\npassword: hunter2", 0, ""},
		{"no password", "username: you", 1, "a username without a password"},
		{"empty password", "password: \"\"\nusername: you", 1, "password is empty"},
		{"no user", "password: hunter2", 1, "a password without a username"},
		{"token", "identity_token: hunter2", 0, ""},
		{"a user beside a token", "identity_token: hunter2\nusername: you", 2, "looks at nothing but its password"},
		{"a user beside auth", "auth: eW91Omh1bnRlcjI=\nusername: you", 2, "looks at nothing but its password"},
		{"password beside auth", "auth: eW91Omh1bnRlcjI=\npassword: hunter2", 0, ""},
		{"placeholder of a shell", "username: you\npassword: ${hunter2}", 2, "password is a placeholder, and nothing"},
		{"placeholder of a template", "username: \"{{ hunter2 }}\"\npassword: hunter2", 1, "username is a placeholder"},
		{"placeholder of a manual", "auth: <HUNTER>", 1, "auth is a placeholder"},
		{"placeholder of an installer", "identity_token: \"%%hunter2%%\"", 1, "identity_token is a placeholder"},
		{"a password that holds what looks like one", "username: you\npassword: a${hunter2}", 0, ""},
		{"a password that begins like one", "username: you\npassword: $hunter2", 0, ""},
		{"a password in angle brackets", "username: you\npassword: <hunter2>", 0, ""},
		{"not encoded", "auth: you:hunter2", 1, "must be base64"},
		{"encoded without a colon", "auth: aHVudGVyMg==", 1, "it has no colon"},
		{"encoded with a line break", "auth: eW91Omh1bnRlcjIK", 1, "ends with a line break"},
		{"broken behind the encoded text, which is passed over", "auth: |\n  eW91Omh1bnRlcjI=", 0, ""},
		{"password in a block", "username: you\npassword: |\n  hunter2", 2, "password ends with a line break"},
		{"password in a block without its end", "username: you\npassword: |-\n  hunter2", 0, ""},
		{"nothing", "{}", 0, ""},
	} {
		text := "configs:\n  a.example.com:\n    auth:\n      " + strings.ReplaceAll(tc.auth, "\n", "\n      ") + "\n"
		issues := LoadAssuming(&Node{}, Assumption{Registries: []byte(text), RegistriesPath: "new.yaml"}).Lint(nil)
		switch {
		case tc.line == 0 && len(issues) > 0, tc.line > 0 && len(issues) != 1:
			t.Errorf("%s: %s", tc.name, codes(issues))
		case tc.line == 0:
		case issues[0].Code != codeAuthUndecodable || issues[0].Line != 3+tc.line || !strings.Contains(issues[0].Detail, tc.detail) || issues[0].Fix == "":
			t.Errorf("%s: %+v", tc.name, issues[0])
		case strings.Contains(strings.ToLower(issues[0].Detail+issues[0].Fix+issues[0].Excerpt), "hunter"):
			t.Errorf("%s tells a secret: %+v", tc.name, issues[0])
		}
	}
}
