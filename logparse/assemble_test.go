package logparse

import (
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/cause"
)

// TestTwoEndpointsOfOneHost: a proxy cache for each project is an endpoint of its own.
func TestTwoEndpointsOfOneHost(t *testing.T) {
	const log = `time="2026-11-23T08:00:00Z" level=info msg="PullImage \"docker.io/library/app:3\""
time="2026-11-23T08:00:01Z" level=info msg="trying next host after status: 404 Not Found" host=mirror.example.com method=HEAD url="https://mirror.example.com/v2/one/library/app/manifests/3?ns=docker.io"
time="2026-11-23T08:00:02Z" level=info msg="trying next host after status: 403 Forbidden" host=mirror.example.com method=HEAD url="https://mirror.example.com/v2/two/library/app/manifests/3?ns=docker.io"
time="2026-11-23T08:00:04Z" level=error msg="PullImage \"docker.io/library/app:3\" failed" error="rpc error: code = Unknown desc = failed to pull and unpack image \"docker.io/library/app:3\": failed to resolve reference \"docker.io/library/app:3\": unexpected status from HEAD request to https://mirror.example.com/v2/two/library/app/manifests/3?ns=docker.io: 403 Forbidden"
`
	var s Scanner
	if _, err := s.Scan("x", strings.NewReader(log)); err != nil {
		t.Fatal(err)
	}
	attempts := s.Pulls()[0].Attempts
	if len(attempts) != 2 || attempts[0].Cause != cause.NotFound || attempts[1].Cause != cause.Forbidden {
		t.Errorf("%+v", attempts)
	}
}
