package logparse

import (
	"fmt"
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/cause"
)

// TestNamedByWhatCancels: the line that ends a pull names no image, the one that cancels it does.
func TestNamedByWhatCancels(t *testing.T) {
	const text = `level=error msg="cancel pulling image registry.example.com/team/app:1 because of no progress in 5m0s"` + "\n" +
		`level=error msg="PullImage failed" error="context canceled"` + "\n"
	pulls := scan(t, "x", []byte(text)).Pulls()
	if len(pulls) != 1 || pulls[0].Image != "registry.example.com/team/app:1" || pulls[0].Reported.Cause != cause.TimeoutDeadline {
		t.Errorf("%+v", pulls)
	}
}

// TestArgument finds the image among what a client is given to pull.
func TestArgument(t *testing.T) {
	for command, want := range map[string]string{
		"$ crictl pull --creds you:password registry.example.com/a:1":                             "registry.example.com/a:1",
		"[root@node-a ~]# k3s ctr -n k8s.io images pull a.example.com/b:1 -k -u you:x":            "a.example.com/b:1",
		"$ sudo /usr/local/bin/nerdctl pull 'a.example.com/b:1'":                                  "a.example.com/b:1",
		"ctr image pull --hosts-dir /etc/containerd/certs.d --platform linux/arm64 docker.io/b:1": "docker.io/b:1",
		"Please use the crictl pull command instead":                                              "",
		"time=\"2026-11-23T08:00:01Z\" level=info msg=\"crictl pull a.example.com/b:1\"":          "",
		"$ crictl images": "",
	} {
		var got string
		clock{}.decode(command, func(m message) { got = classify(m).image })
		if got != want {
			t.Errorf("%s: %q, want %q", command, got, want)
		}
	}
}

// TestNamedByCtr: ctr names an image that is not found without quotes.
func TestNamedByCtr(t *testing.T) {
	var s Scanner
	if _, err := s.Scan("x", strings.NewReader("ctr: failed to resolve image: registry.example.com/a:9: not found\n")); err != nil {
		t.Fatal(err)
	}
	if p := s.Pulls(); len(p) != 1 || p[0].Image != "registry.example.com/a:9" || p[0].Reported.Cause != cause.NotFound {
		t.Errorf("%+v", p)
	}
}

// TestBlanksInJournal reads entries as an older journalctl prints them, text and bytes.
func TestBlanksInJournal(t *testing.T) {
	line := strings.TrimSpace(failedAt(day, "registry.example.com/a:1"))
	numbers := strings.ReplaceAll(strings.Trim(fmt.Sprint([]byte(line)), "[]"), " ", ", ")
	for _, entry := range []string{
		fmt.Sprintf(`{ "__CURSOR" : "s", "MESSAGE" : %q }`, line),
		`{ "__CURSOR" : "s", "MESSAGE" : [ ` + numbers + ` ] }`,
		`{"__CURSOR": "s", "MESSAGE": [` + numbers + `]}`,
	} {
		var s Scanner
		if !s.Line("x", 1, []byte(entry)) || len(s.Pulls()) != 1 || s.Pulls()[0].Image != "registry.example.com/a:1" {
			t.Errorf("%+v of %s", s.Pulls(), entry)
		}
	}
}
