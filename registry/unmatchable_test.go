package registry

import (
	"regexp"
	"strings"
	"testing"
)

// TestCanMatch: what matches no repository, and what narrowly matches one. parted is for
// Docker Hub alone.
func TestCanMatch(t *testing.T) {
	for pattern, want := range map[string]struct{ any, parted bool }{
		``:                        {true, true},
		`(.*)`:                    {true, true},
		`^(.*)$`:                  {true, true},
		`^library/(.*)`:           {true, true},
		`^docker.io/(.*)`:         {true, true}, // a user docker-io; the name of a registry is another rule's
		`^/(.*)`:                  {false, false},
		`/(.*)`:                   {true, true},
		`^/?library/(.*)`:         {true, true},
		`^library/$`:              {false, false},
		`^$`:                      {false, false},
		`^nginx$`:                 {true, false},
		`nginx`:                   {true, true},
		`nginx$`:                  {true, true},
		`^[^/]+$`:                 {true, false},
		`^[^/]+`:                  {true, true},
		`^a/b$`:                   {true, true},
		`^[a-z]/[a-z]$`:           {true, true},
		`^(.*):(.*)$`:             {false, false},
		`^(.*):?(.*)$`:            {true, true},
		`^library/nginx(:.*)?$`:   {true, true},
		`@sha256`:                 {false, false},
		`^https?://`:              {false, false},
		`^Library/`:               {false, false},
		`(?i)^Library/`:           {true, true},
		`[A-Z]`:                   {false, false},
		`[A-Za-z]+`:               {true, true},
		`^a b$`:                   {false, false},
		`^a\s*b/`:                 {true, true},
		`a//b`:                    {false, false},
		`^-a`:                     {false, false},
		`a-/b`:                    {false, false},
		`a-+b`:                    {true, true},
		`^team/[^a-z0-9]`:         {false, false},
		`^(a|/b|C)/`:              {true, true},
		`^(/b|C)/`:                {false, false},
		`b^a`:                     {false, false},
		`a$b`:                     {false, false},
		`\bteam\b`:                {true, true},
		"\b":                      {false, false},
		`(`:                       {true, true}, // does not compile: not for this to say
		`^(x{200}){5}/`:           {true, true},
		strings.Repeat(`:?`, 400): {true, true},
	} {
		if got := canMatch(pattern, false); got != want.any {
			t.Errorf("%q: %v", pattern, got)
		}
		if got := canMatch(pattern, true); got != want.parted {
			t.Errorf("%q with a slash: %v", pattern, got)
		}
	}
}

// FuzzCanMatch: what matches a repository is never called unmatchable.
func FuzzCanMatch(f *testing.F) {
	for _, pattern := range []string{`^/a`, `^a$`, `(?i)A\b`, `a{2,}/.`, `^(?:a|[^b])*$`, `\Aa\z`, `(?m)^a$`, `(?s).`} {
		f.Add(pattern, "a/a--b.c")
	}
	f.Fuzz(func(t *testing.T, pattern, repository string) {
		ref, err := ParseReference("docker.io/" + repository + "@sha256:" + strings.Repeat("0", 64))
		if err != nil || len(pattern) > 1000 {
			return
		}
		exp, err := regexp.Compile(pattern)
		if err == nil && exp.MatchString(ref.Repository) && !canMatch(pattern, strings.Contains(ref.Repository, "/")) {
			t.Errorf("%q matches %q", pattern, ref.Repository)
		}
	})
}
