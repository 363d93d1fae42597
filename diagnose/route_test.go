package diagnose

import (
	"slices"
	"testing"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

func secretAuth(user string) registry.Auth {
	return registry.Auth{Type: registry.AuthBasic, Username: user, Request: true}
}

// TestRequests asks two endpoints with two credentials, as the kubelet would in two requests.
func TestRequests(t *testing.T) {
	ref, err := registry.ParseReference("docker.io/team/app:1")
	if err != nil {
		t.Fatal(err)
	}
	configured := registry.Auth{Type: registry.AuthBasic, Username: "configured"}
	route := Route{Image: ref.Name, Endpoints: []registry.Endpoint{
		{Scheme: "https", Host: "mirror.example.com", Registry: "docker.io", Repository: "team/app", Auth: configured},
		{Scheme: "https", Host: "registry-1.docker.io", Registry: "docker.io", Repository: "team/app", Default: true},
	}}
	if got := route.Requests(); len(got) != 2 || got[0].Auth != configured {
		t.Errorf("without credentials of its own: %+v", got)
	}
	route.Credentials = []registry.Auth{secretAuth("first"), secretAuth("second")}
	var order []string
	for _, ep := range route.Requests() {
		order = append(order, ep.Auth.Username+"@"+ep.Host)
	}
	want := []string{"first@mirror.example.com", "first@registry-1.docker.io", "second@mirror.example.com", "second@registry-1.docker.io"}
	if !slices.Equal(order, want) {
		t.Errorf("asked %q, want %q", order, want)
	}
	for name, c := range map[string]struct {
		answers  [4]cause.Cause // to the requests in order; None: found
		status   string
		endpoint string
		cause    cause.Cause
	}{
		"the first request finds it last":  {[4]cause.Cause{cause.AuthRejected, cause.None, cause.None, cause.None}, Available, "https://registry-1.docker.io", ""},
		"the second request finds it":      {[4]cause.Cause{cause.AuthRejected, cause.NotFound, cause.None, cause.NotFound}, Available, "https://mirror.example.com", ""},
		"no request does":                  {[4]cause.Cause{cause.AuthRejected, cause.NotFound, cause.Forbidden, cause.NotFound}, Unavailable, "", cause.AuthRejected},
		"one is told that it is not there": {[4]cause.Cause{cause.AuthRejected, cause.AuthRejected, cause.NotFound, cause.AuthRejected}, Unavailable, "", cause.NotFound},
	} {
		ev := Evidence{Images: []string{ref.Name}, Routes: []Route{route}}
		for i, ep := range route.Requests() {
			p := probe.Result{Ask: probe.Ask{Endpoint: ep, Image: ref}, Status: probe.OK, Reachable: true, Cause: c.answers[i]}
			if p.Cause != cause.None {
				p.Status, p.Steps = probe.Failed, []probe.Step{{Name: probe.StepManifest, Status: probe.Failed}}
			}
			ev.Probes = append(ev.Probes, p)
		}
		img := Diagnose(ev).Images[0]
		if img.Status != c.status || img.Endpoint != c.endpoint || img.Cause != c.cause || len(img.Attempts) > 2 {
			t.Errorf("%s: %+v", name, img)
		}
	}
}

func TestCopyToMirror(t *testing.T) {
	const digest = "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
	own := registry.Endpoint{Scheme: "https", Host: "registry-1.docker.io", Path: "/v2", Default: true, Repository: "library/nginx"}
	for name, c := range map[string]struct {
		image    string
		endpoint registry.Endpoint
		want     string
	}{
		"mirror":       {"nginx", registry.Endpoint{Scheme: "https", Host: "m.example.com:5000", Path: "/v2", Repository: "library/nginx"}, "crane copy docker.io/library/nginx:latest m.example.com:5000/library/nginx:latest"},
		"rewrite":      {"nginx:1", registry.Endpoint{Scheme: "https", Host: "m.example.com", Path: "/v2", Repository: "hub/nginx"}, "crane copy docker.io/library/nginx:1 m.example.com/hub/nginx:1"},
		"path":         {"nginx:1", registry.Endpoint{Scheme: "https", Host: "m.example.com", Path: "/v2/hub", OverridePath: true, Repository: "library/nginx"}, "crane copy docker.io/library/nginx:1 m.example.com/hub/library/nginx:1"},
		"another root": {"nginx:1", registry.Endpoint{Scheme: "https", Host: "m.example.com", Path: "/hub/v2", OverridePath: true, Repository: "library/nginx"}, ""},
		"http":         {"nginx:1", registry.Endpoint{Scheme: "http", Host: "192.0.2.1:5000", Path: "/v2", Repository: "library/nginx"}, "crane copy --insecure docker.io/library/nginx:1 192.0.2.1:5000/library/nginx:1"},
		"digest":       {"nginx@" + digest, registry.Endpoint{Scheme: "https", Host: "m.example.com", Path: "/v2", Repository: "library/nginx"}, "crane copy docker.io/library/nginx@" + digest + " m.example.com/library/nginx@" + digest},
		"embedded":     {"nginx", registry.Endpoint{Scheme: "https", Host: "127.0.0.1:6443", Path: "/v2", Embedded: true, Repository: "library/nginx"}, ""},
		"no reference": {"No Image", own, ""},
	} {
		if got := copyToMirror(c.image, Route{Endpoints: []registry.Endpoint{c.endpoint, own}}); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

// TestImageStatus says of an image what is known: nothing where the time for its endpoints
// was over, and nothing of endpoints that containerd does not ask for tags.
func TestImageStatus(t *testing.T) {
	ref, err := registry.ParseReference("registry.example.com/team/app:1")
	if err != nil {
		t.Fatal(err)
	}
	mirror := registry.Endpoint{Scheme: "https", Host: "mirror.example.com", Registry: ref.Host, Repository: ref.Repository}
	own := registry.Endpoint{Scheme: "https", Host: ref.Host, Registry: ref.Host, Repository: ref.Repository, Default: true}
	found := probe.Result{Status: probe.OK, Reachable: true}
	missing := probe.Result{Status: probe.Failed, Cause: cause.NotFound, StatusCode: 404}
	late := probe.Result{Status: probe.Skipped, Cause: cause.TimeoutDeadline}
	unasked := probe.Result{Status: probe.Skipped, Reachable: true}
	for name, c := range map[string]struct {
		mirror, own probe.Result
		status      string
		cause       cause.Cause
	}{
		"no time for the mirror":         {late, missing, ImageUnknown, cause.TimeoutDeadline},
		"no time, but found":             {late, found, Available, cause.None},
		"no time for the default":        {missing, late, ImageUnknown, cause.TimeoutDeadline},
		"the mirror only serves content": {unasked, missing, Unavailable, cause.NotFound},
		"nobody is asked":                {unasked, unasked, Unavailable, cause.NotFound},
	} {
		c.mirror.Ask, c.own.Ask = probe.Ask{Endpoint: mirror, Image: ref}, probe.Ask{Endpoint: own, Image: ref}
		d := Diagnose(Evidence{
			Images: []string{ref.Name}, Routes: []Route{{Image: ref.Name, Endpoints: []registry.Endpoint{mirror, own}}},
			Probes: []probe.Result{c.mirror, c.own},
		})
		if img := d.Images[0]; img.Status != c.status || img.Cause != c.cause {
			t.Errorf("%s: %+v", name, img)
		}
	}
	if img := Diagnose(Evidence{Images: []string{ref.Name}}).Images[0]; img.Status != ImageUnknown || img.Cause != cause.None {
		t.Errorf("without a probe: %+v", img)
	}
}
