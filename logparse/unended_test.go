package logparse

import (
	"testing"

	"github.com/pullwhy/pullwhy/cause"
)

// TestUnended reads pieces of logs in which no pull ends.
func TestUnended(t *testing.T) {
	const untrusted = `time="2026-11-23T08:00:02Z" level=info msg="trying next host" error="failed to do request: Head \"https://mirror.example.com/v2/library/nginx/manifests/1.27?ns=docker.io\": tls: failed to verify certificate: x509: certificate signed by unknown authority" host=mirror.example.com` + "\n"
	const absent = `time="2026-11-23T08:00:02Z" level=info msg="trying next host - response was http.StatusNotFound" host=mirror.example.com` + "\n"
	const begun = `time="2026-11-23T08:00:01Z" level=info msg="PullImage \"registry.example.com/team/app:1\""` + "\n"
	const unpacked = `time="2026-11-23T08:00:01Z" level=info msg="apply failure, attempting cleanup" error="failed to extract layer sha256:051cf730: archive/tar: invalid tar header: unknown" key="extract-1 sha256:a144b09a"` + "\n"
	for _, test := range []struct {
		name, text, image string
		cause             cause.Cause
	}{
		{"the line names the image", untrusted, "docker.io/library/nginx:1.27", cause.TLSUnknownAuthority},
		{"the pull that began", begun + absent, "registry.example.com/team/app:1", cause.NotFound},
		{"nothing names one", absent, "", ""},
		{"a layer that was not unpacked", unpacked, "", cause.UnpackFailed},
	} {
		s := scan(t, "x", []byte(test.text))
		if pulls := s.Pulls(); len(pulls) > 0 {
			t.Errorf("%s: %+v ended", test.name, pulls)
		}
		pulls := s.Unended()
		switch {
		case test.cause == "":
			if len(pulls) > 0 {
				t.Errorf("%s: %+v", test.name, pulls)
			}
		case len(pulls) != 1 || pulls[0].Image != test.image:
			t.Errorf("%s: %+v", test.name, pulls)
		case test.image == "":
			if got := pulls[0].Reported.Cause; got != test.cause {
				t.Errorf("%s: %s", test.name, got)
			}
		case len(pulls[0].Attempts) != 1 || pulls[0].Attempts[0].Cause != test.cause || pulls[0].ReportedError != "":
			t.Errorf("%s: %+v", test.name, pulls)
		}
	}
}
