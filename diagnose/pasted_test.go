package diagnose

import (
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// TestPasted: an error alone, of a node that nobody can reach, names the image's own registry in
// what is to be written, and in the image's name what no file holds.
func TestPasted(t *testing.T) {
	const ecr = "1234.dkr.ecr.eu-west-1.amazonaws.com/team/app:1"
	for text, want := range map[string][]string{
		// Nothing names an endpoint: credentials by name and password are wanted by the image's own
		// registry, and by no Docker Hub.
		`"registry.example.com/team/app:1": failed to resolve reference "registry.example.com/team/app:1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`: {
			`configs: {"registry.example.com": {auth: {username: USER, password: PASSWORD}}}`,
		},
		`"team/app:1": failed to resolve reference "docker.io/team/app:1": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`: {
			`configs: {"HOST:PORT": {auth: {username: USER, password: PASSWORD}}}`,
		},
		`"quay.io/team/app:1": failed to copy: httpReadSeeker: failed open: failed to do request: Get "https://cdn01.quay.io/sha256/5b": tls: failed to verify certificate: x509: certificate signed by unknown authority`: {
			`name the store's CA in the registry's own entry: configs: {"quay.io": {tls: {ca_file: /PATH/ca.crt}}}`,
		},
		`"` + ecr + `": failed to resolve reference "` + ecr + `": unexpected status from HEAD request to https://1234.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/manifests/1: 403 Forbidden`: {
			"get a new token for the user AWS",
			`set it as the password: configs: {"1234.dkr.ecr.eu-west-1.amazonaws.com": {auth: {username: AWS, password: PASSWORD}}}`,
			"make it take effect",
			"better, for a token lasts 12 hours: ",
		},
		`"` + ecr + `": failed to resolve reference "` + ecr + `": pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`: {
			"get a new token for the user AWS",
			`set it as the password: configs: {"1234.dkr.ecr.eu-west-1.amazonaws.com": {auth: {username: AWS, password: PASSWORD}}}`,
			"make it take effect",
			"better, for a token lasts 12 hours: ",
			"or put them into an imagePullSecret",
		},
		`"registry.example.com:5000/team/app:1": failed to resolve reference "registry.example.com:5000/team/app:1": failed to do request: Head "https://registry.example.com:5000/v2/team/app/manifests/1": http: server gave HTTP response to HTTPS client`: {
			`mirrors: {"registry.example.com:5000": {endpoint: ["http://registry.example.com:5000"]}}`,
		},
		`"registry.example.com/team/app:1": failed to resolve reference "registry.example.com/team/app:1": failed to do request: Head "https://registry.example.com/v2/team/app/manifests/1": x509: certificate is valid for a.example.com, b.example.com, not registry.example.com`: {
			"issue a certificate that has registry.example.com among its subject alternative names",
			"or use a name of the certificate in the image's name, such as a.example.com",
		},
		`"registry.example.com/team/app:1": failed to resolve reference "registry.example.com/team/app:1": failed to do request: Head "https://registry.example.com/v2/team/app/manifests/1": x509: certificate is valid for ingress.local, not registry.example.com`: {
			"give the ingress of registry.example.com a certificate for it",
		},
		`"nginx:1": failed to resolve reference "docker.io/library/nginx:1": failed to do request: Head "https://registry-1.docker.io/v2/library/nginx/manifests/1": dial tcp 192.0.2.1:443: i/o timeout`: {
			"let this node reach registry-1.docker.io:443",
			"or list a mirror for docker.io, if this node is to do without it",
		},
		`"registry.example.com/a:1": failed to resolve reference "registry.example.com/a:1": failed to do request: Head "https://registry.example.com/v2/a/manifests/1": dial tcp: lookup registry.example.com on 127.0.0.53:53: i/o timeout`: {
			"mend the DNS server, or name one that answers in /etc/systemd/resolved.conf",
			"see which servers the node asks",
		},
	} {
		var s logparse.Scanner
		if _, err := s.Scan("-", strings.NewReader("Failed to pull image "+text+"\n")); err != nil {
			t.Fatal(err)
		}
		d := Diagnose(Evidence{Node: &registry.Node{Distribution: registry.Unknown}, Pulls: s.Pulls()})
		if len(d.Findings) != 1 {
			t.Errorf("%s: %+v", text, d.Findings)
			continue
		}
		for i, step := range want {
			if got := d.Findings[0].Fix[i].Text; !strings.HasPrefix(got, step) {
				t.Errorf("%s: step %d is %q, want %q", text, i+1, got, step)
			}
		}
	}
}

// TestWarningHasNoCause: a certificate that expires soon is not why anything fails, whatever does
// at its endpoint; time is lost by the failure itself.
func TestWarningHasNoCause(t *testing.T) {
	o := observation{
		node: &registry.Node{}, cause: cause.ConnectTimeout, url: "https://registry.example.com",
		endpoint: &registry.Endpoint{}, probe: &probe.Result{Cause: cause.ConnectTimeout, Certificate: &probe.Certificate{}},
	}
	for code, want := range map[string]cause.Cause{codeExpiresSoon: cause.None, codeClockSkew: cause.None, codeSlow: cause.ConnectTimeout} {
		if f := o.warning(code); f.Cause != want {
			t.Errorf("%s: cause %q", code, f.Cause)
		}
	}
}

// TestPastedMiss: of a mirror that lacks an image, the log of 2.3 and later tells under which name
// it was asked for.
func TestPastedMiss(t *testing.T) {
	const asked = "https://mirror.example.com/v2/hub/team/app/manifests/1?ns=docker.io"
	for url, want := range map[string][2]string{
		` url="` + asked + `"`: {"it answers, and does not have hub/team/app:1", "curl -sSI '" + asked + "'"},
		"":                     {"it answers, and does not have the repository or tag", "curl -sSI https://mirror.example.com/v2/"},
	} {
		text := `time="2026-01-02T03:04:05Z" level=info msg="PullImage \"docker.io/team/app:1\""
time="2026-01-02T03:04:05Z" level=info msg="trying next host after status: 404 Not Found" host=mirror.example.com` + url + `
time="2026-01-02T03:04:05Z" level=info msg="fetch failed after status: 404 Not Found" host=registry-1.docker.io
time="2026-01-02T03:04:05Z" level=error msg="PullImage \"docker.io/team/app:1\" failed" error="failed to pull and unpack image \"docker.io/team/app:1\": failed to resolve reference \"docker.io/team/app:1\": docker.io/team/app:1: not found"
`
		var s logparse.Scanner
		if _, err := s.Scan("-", strings.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		f := Diagnose(Evidence{Node: &registry.Node{Distribution: registry.Unknown}, Pulls: s.Pulls()}).Findings[0]
		if f.Detail != want[0] || f.Fix[len(f.Fix)-1].Command != want[1] {
			t.Errorf("%q: %q, %+v", url, f.Detail, f.Fix)
		}
	}
}

// TestWhatIsNotFetched: what the probe did not get behind a tag is named, for it is no blob always.
func TestWhatIsNotFetched(t *testing.T) {
	o := observation{
		node: &registry.Node{}, cause: cause.BlobFetchFailed, url: "https://registry.example.com", endpoint: &registry.Endpoint{},
		probe: &probe.Result{Status: probe.Failed, Cause: cause.BlobFetchFailed, Error: "fetching index sha256:0de3ff51: unexpected status 404 Not Found"},
	}
	if f := o.finding(Error); f.Detail != "the tag is there, and its index is not to be had: unexpected status 404 Not Found" {
		t.Error(f.Detail)
	}
}
