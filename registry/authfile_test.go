package registry

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func encoded(pair string) string { return base64.StdEncoding.EncodeToString([]byte(pair)) }

// TestPullSecret chooses credentials as the kubelet does: users named after their entry.
func TestPullSecret(t *testing.T) {
	secret, err := ReadPullSecret("secret.json", fmt.Appendf(nil, `{"auths": {
		"https://index.docker.io/v1/": {"auth": %q},
		"registry.example.com": {"username": "host", "password": "p"},
		"registry.example.com/team": {"username": "ignored", "password": "p", "auth": %q},
		"https://registry.example.com:5000/v2/": {"username": "port", "password": "p"},
		"*.example.org": {"username": "glob", "password": "p"},
		"empty.example.com": {}
	}, "credsStore": "desktop"}`, encoded("hub:p"), strings.TrimRight(encoded("team:p:q"), "=")))
	if err != nil {
		t.Fatal(err)
	}
	for image, want := range map[string][]string{
		"nginx":                           {"hub"},
		"docker.io/team/app":              {"hub"},
		"registry.example.com/other/app":  {"host"},
		"registry.example.com/team/app:1": {"team", "host"},
		"registry.example.com/teams/app":  {"team", "host"},
		"registry.example.com:5000/a/b":   {"port"},
		"registry.example.com:443/a/b":    nil,
		"a.example.org/x/y":               {"glob"},
		"a.b.example.org/x/y":             nil,
		"empty.example.com/a/b":           {""},
		"quay.io/a/b":                     nil,
	} {
		ref, err := ParseReference(image)
		if err != nil {
			t.Fatal(err)
		}
		var users []string
		for _, a := range secret.Credentials(ref) {
			users = append(users, a.Username)
			if a.Username == "team" && (a.Secret.Reveal() != "p:q" || a.From != "registry.example.com/team in secret.json") {
				t.Errorf("%s: secret or origin of %+v", image, a)
			}
		}
		if diff := cmp.Diff(want, users); diff != "" {
			t.Errorf("%s (-want +got):\n%s", image, diff)
		}
	}
	var none PullSecret
	if got := none.Credentials(Reference{Host: hub}); got != nil {
		t.Errorf("the zero value has %v", got)
	}
	// an entry of Docker Hub's own name goes before that of docker login
	both, err := ReadPullSecret("", []byte(`{"auths": {"docker.io": {"username": "a"}, "index.docker.io/v1": {"username": "b"}}}`))
	if ref, _ := ParseReference("nginx"); err != nil || len(both.Credentials(ref)) != 1 {
		t.Errorf("credentials %v, error %v", both.Credentials(ref), err)
	}
}

func TestPullSecretErrors(t *testing.T) {
	for text, want := range map[string]string{
		"no JSON":                       `reading "f" as a docker config.json: invalid character`,
		`{"auths": []}`:                 `reading "f" as a docker config.json: json: cannot unmarshal array`,
		`{"auths":{"r":{"auth":"!"}}}`:  `reading "f" as a docker config.json: auths: "r": auth: illegal base64 data at input byte 0`,
		`{"auths":{"r":{"auth":"YQ"}}}`: `reading "f" as a docker config.json: auths: "r": auth is not base64 of user:password`,
	} {
		if _, err := ReadPullSecret("f", []byte(text)); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: error %v, want %s", text, err, want)
		}
	}
}
