package registry

import (
	"fmt"
	"strings"
	"testing"
)

// TestPatternInstead: the pattern that is to be written in place of one that matches nothing,
// "" where that is not obvious.
func TestPatternInstead(t *testing.T) {
	for _, tc := range []struct{ mirror, pattern, replacement, want string }{
		{"docker.io", "^docker.io/(.*)", "a/$1", "^(.*)"},
		{"docker.io", "docker.io/library/(.*)", "a/$1", "^library/(.*)"},
		{"docker.io", "^https://index.docker.io/(.*)$", "a/$1", "^(.*)$"},
		{"docker.io", `^docker\\.io/a\\.b/(.*)`, "a/$1", `^a\\.b/(.*)`},
		{"docker.io", "^/(.*)", "a/$1", "^(.*)"},
		{"docker.io", "^/nginx$", "a/nginx", "^library/nginx$"},
		{"docker.io", "^library/nginx:latest$", "a/nginx", "^library/nginx$"},
		{"docker.io", "^library/nginx:.*", "a/nginx:1", ""},
		{"docker.io", "^(.*):(.*)$", "a/$1", ""},
		{"docker.io", "^([^/]+)$", "a/$1", "^library/([^/]+)$"},
		{"docker.io", "^nginx$", "a/nginx", "^library/nginx$"},
		{"docker.io", "^ghcr.io/(.*)", "a/$1", ""},
		{"docker.io", "^docker.io/team/app:1$", "a/app", "^team/app$"},
		{"docker.io", "^docker.io/team/app:1$", "a/app:1", ""},
		{"docker.io", "^team/(.*)", "a/$1", "^team/(.*)"}, // matches
		{"a.example.com:5000", "^a.example.com/(.*)", "b/$1", "^(.*)"},
		{"a.example.com:5000", "^a.example.com:5000/team/(.*)", "b/$1", "^team/(.*)"},
		{"a.example.com", "^Team/(.*)", "b/$1", ""},
		{"*", "^mirror.example.com/(.*)", "b/$1", "^(.*)"},
		{"*", "^/(.*)", "b/$1", "^(.*)"},
	} {
		text := fmt.Sprintf("mirrors:\n  '%s':\n    endpoint: [https://mirror.example.com]\n    rewrite:\n      '%s': '%s'\n", tc.mirror, tc.pattern, tc.replacement)
		got := tc.pattern
		for _, i := range (lintCase{}).lint(t, text, nil) {
			if i.Code != codeRewriteIneffective {
				t.Errorf("%s: %s", tc.pattern, i.Code)
			}
			got = ""
			if len(i.Edits) > 0 {
				got = i.Edits[0].Text
			}
			if (got == "") == strings.Contains(i.Fix, "write the pattern '"+tc.want) {
				t.Errorf("%s: %s", tc.pattern, i.Fix)
			}
		}
		if got != tc.want {
			t.Errorf("%s: %q, want %q", tc.pattern, got, tc.want)
		}
	}
}

// TestPatternInsteadExcludes: no pattern is offered that another rule of the mirror gets
// in the way of.
func TestPatternInsteadExcludes(t *testing.T) {
	for rule, offered := range map[string]bool{"'^team/(.*)': 'b/$1'": false, "'^(.*)': 'b/$1'": false, "'^other/(.*)': 'other/$1'": true} {
		text := mirrored + "    rewrite:\n      '^docker.io/(.*)': 'a/$1'\n      " + rule + "\n"
		for _, i := range (lintCase{}).lint(t, text, nil) {
			if i.Line == 6 && (len(i.Edits) > 0) != offered {
				t.Errorf("beside %s: %+v", rule, i)
			}
		}
	}
}
