package registry

import "testing"

func TestWithoutUserinfo(t *testing.T) {
	tests := []struct{ text, want string }{
		{"", ""},
		{"https://m.example.com:5000/v2", "https://m.example.com:5000/v2"},
		{"https://user:secret@m.example.com", "https://REDACTED@m.example.com"},
		{"https://secret@m.example.com/v2", "https://REDACTED@m.example.com/v2"},
		{"https://user:se@c:ret@m.example.com", "https://REDACTED@m.example.com"},
		{"https://user:sec/ret@m.example.com", "https://REDACTED@m.example.com"},
		{"user:secret@m.example.com:5000", "REDACTED@m.example.com:5000"},
		{`name "https://user:secret@a" and "user:secret@b"`, `name "https://REDACTED@a" and "REDACTED@b"`},
		{"m.example.com:5000/team/app@sha256:0", "m.example.com:5000/team/app@sha256:0"},
		{"docker.io/team/app:1@sha256:0", "docker.io/team/app:1@sha256:0"},
		{"https://m.example.com:5000/team/app@sha256:0", "https://m.example.com:5000/team/app@sha256:0"},
		{"mail to you@example.com", "mail to you@example.com"},
	}
	for _, tt := range tests {
		if got := WithoutUserinfo(tt.text); got != tt.want {
			t.Errorf("WithoutUserinfo(%q) = %q, want %q", tt.text, got, tt.want)
		}
	}
}
