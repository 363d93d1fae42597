package report

import (
	"bytes"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report/reporttest"
)

var update = flag.Bool("update", false, "rewrite the wanted texts")

func read(t *testing.T, path string) *Report {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, text)
}

func decode(t *testing.T, text []byte) *Report {
	t.Helper()
	var r Report
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	r.fill()
	return &r
}

// forms are those in which each report is kept beside it.
var forms = map[string]func(*Report, io.Writer) error{
	".txt":         func(r *Report, w io.Writer) error { return r.WriteText(w, TextOptions{Width: 80}) },
	".120.txt":     func(r *Report, w io.Writer) error { return r.WriteText(w, TextOptions{Width: 120}) },
	".verbose.txt": func(r *Report, w io.Writer) error { return r.WriteText(w, TextOptions{Width: 80, Verbose: true}) },
	".verbose.120.txt": func(r *Report, w io.Writer) error {
		return r.WriteText(w, TextOptions{Width: 120, Verbose: true, ASCII: true, Color: true})
	},
	".short.txt": (*Report).WriteShort,
}

// TestRender renders real reports in each form and compares them with the texts beside them.
func TestRender(t *testing.T) {
	for _, path := range reports(t) {
		for ending, write := range forms {
			var got bytes.Buffer
			if err := write(read(t, path), &got); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(path, ".json") + ending
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		}
	}
}

// TestRoundTrip: a document that is read back is the same document.
func TestRoundTrip(t *testing.T) {
	for _, path := range reports(t) {
		var once, twice bytes.Buffer
		r := read(t, path)
		if err := r.WriteJSON(&once); err != nil {
			t.Fatal(err)
		}
		validate(t, path, once.Bytes())
		if err := decode(t, once.Bytes()).WriteJSON(&twice); err != nil {
			t.Fatal(err)
		}
		if once.String() != twice.String() {
			t.Errorf("%s: %s", path, cmp.Diff(once.String(), twice.String()))
		}
	}
}

// TestEmpty: a document of nothing has lists, not nulls, and is valid.
func TestEmpty(t *testing.T) {
	r := New(diagnose.Diagnosis{Verdict: diagnose.Unknown}, nil)
	r.Node.Distribution = registry.Unknown
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	validate(t, "an empty report", out.Bytes())
}

// TestNoControlCharacters: text of a log or a registry cannot steer the terminal.
func TestNoControlCharacters(t *testing.T) {
	hostile := "\x1b[2Jgone\r\x07\u202e\u200b"
	r := New(diagnose.Diagnosis{
		Findings: []diagnose.Finding{{
			Severity: diagnose.Error, Title: hostile, Detail: hostile, Endpoint: hostile, Images: []string{hostile},
			Fix: []diagnose.Note{{Text: hostile, Command: hostile}},
		}},
		Endpoints: []diagnose.Endpoint{{URL: hostile, Error: hostile, Status: "failed"}},
	}, []registry.Source{{Path: hostile, Status: registry.StatusUnreadable, Detail: hostile}})
	var out bytes.Buffer
	if err := r.WriteText(&out, TextOptions{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r\x07\u202e\u200b") {
		t.Errorf("%q", out.String())
	}
}

func reports(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatal("no reports", err)
	}
	return paths
}

func validate(t *testing.T, name string, doc []byte) {
	t.Helper()
	if err := reporttest.Check(Schema(), doc); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}

// TestHeadEndsSentences: where seven lines are too few, sentences end where they still say
// what they say, what nobody can type is no "Type:", and a restart alone is no next step.
func TestHeadEndsSentences(t *testing.T) {
	f := diagnose.Finding{
		Code: "not_found", Severity: diagnose.Error, Images: []string{"docker.io/team/app:1"}, Endpoint: "https://mirror.example.com:5000",
		Detail:   "the registry says something that takes a line and a half of such a screen, which nobody needs to know in full",
		Evidence: []diagnose.Note{{File: "/var/log/containerd.log", Line: 3}},
		Fix: []diagnose.Note{
			{Text: "let somebody mend what is broken at mirror.example.com:5000, or ask the one who knows the way there"},
			{Text: "or leave it", Command: "true"}, {Command: "systemctl restart k3s"}, {Text: "look", Command: "curl -v https://mirror.example.com:5000/v2/"},
		},
	}
	r := &Report{Findings: []diagnose.Finding{f}, Pulls: []diagnose.Pull{{
		Pull:      logparse.Pull{Image: f.Images[0], ReportedError: "docker.io/team/app:1: not found"},
		RootCause: &diagnose.RootCause{Finding: f.ID, HiddenBecause: "containerd 2.1 prefers the default endpoint's 404 over the mirror's untrusted certificate"},
	}}}
	var out strings.Builder
	if err := r.WriteText(&out, TextOptions{}); err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(out.String(), "\n\n")
	want := `docker.io/team/app:1 cannot be pulled
  Kubernetes says: docker.io/team/app:1: not found
  Cause: not_found at https://mirror.example.com:5000
  Because: the registry says something that takes a line and a half of such a
    screen, which nobody needs to know in full (containerd.log:3)
  Hidden because: containerd 2.1 prefers the default endpoint's 404 over this
  Do: let somebody mend what is broken at mirror.example.com:5000 …`
	if diff := cmp.Diff(want, head); diff != "" {
		t.Errorf("80 columns (-want +got):\n%s", diff)
	}
	out.Reset()
	if err := r.WriteText(&out, TextOptions{Width: 120}); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "\n  Do: let somebody") || !strings.Contains(out.String(), "\n  Type: curl -v https://mirror.example.com:5000/v2/\n") {
		t.Errorf("120 columns:\n%s", out.String())
	}
}

// TestSummary: what is not known of a node is left out, images count where they were asked
// for, and the distributed registry's miss is no failure to look at.
func TestSummary(t *testing.T) {
	missed := diagnose.Endpoint{URL: "https://127.0.0.1:6443", Registries: []string{"docker.io"}, Status: "failed", Cause: "not_found", ExpectedMiss: true}
	read := registry.Source{Path: "containerd.log", Kind: registry.KindContainerdLog, Status: registry.StatusRead, Detail: "an older one failed"}
	for name, c := range map[string]struct {
		report Report
		want   string
	}{
		"nothing known": {Report{Verdict: diagnose.Healthy, Node: Node{Distribution: registry.Unknown}, Sources: []registry.Source{read}},
			"healthy: no pull in the log; no endpoint was asked\nread 1 file, 0 lines of log, 0001-01-01 00:00:00 UTC\ncontainerd.log: an older one failed\n"},
		"no log": {Report{Verdict: diagnose.Healthy, Node: Node{Hostname: "a", Distribution: registry.K3s}},
			"healthy: no log was read; no endpoint was asked\na: k3s, containerd of an unknown version\nread 0 files"},
		"plain containerd": {Report{Verdict: diagnose.Healthy, Node: Node{Hostname: "a", Distribution: registry.Containerd}}, "\na: plain containerd of an unknown version\n"},
		"images": {Report{Verdict: diagnose.Fails, Node: Node{Distribution: registry.Unknown, ContainerdVersion: "v2.1.5"}, Images: []diagnose.Image{{Status: diagnose.Available}, {Status: diagnose.Unavailable}}, Endpoints: []diagnose.Endpoint{missed}},
			"failing: 1 of 2 images available; 0 of 1 endpoint reachable\ncontainerd 2.1.5\n"},
		"a miss": {Report{Verdict: diagnose.Fails, Node: Node{Distribution: registry.Unknown}, Endpoints: []diagnose.Endpoint{missed}},
			"\n  miss        https://127.0.0.1:6443 (docker.io): no node of the cluster has the\n              image, as is normal\n"},
	} {
		var out strings.Builder
		if err := c.report.WriteText(&out, TextOptions{}); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(out.String(), c.want) {
			t.Errorf("%s:\n%s", name, out.String())
		}
	}
}

// TestKubernetesSays: what is told of an error is the error, not the words around it.
func TestKubernetesSays(t *testing.T) {
	for reported, want := range map[string]string{
		`failed to pull and unpack image "a:1": failed to copy: httpReadSeeker: failed open: unexpected status code https://registry-1.docker.io/v2/a: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit. You may increase the limit by upgrading: https://www.docker.com/increase-rate-limit`: "unexpected status code https://registry-1.docker.io/…: 429 Too Many Requests - Server message: toomanyrequests: You have reached your pull rate limit",
		`not implemented: media type "x" is no longer supported since containerd v2.1, please rebuild the image as "y"`:                                            `not implemented: media type "x" is no longer supported since containerd v2.1`,
		`failed to resolve reference "a:1": failed to do request: Head "https://a.example.com/v2/": dial tcp: lookup a.example.com on 192.0.2.53:53: no such host`: `Head "https://a.example.com/…": dial tcp: lookup a.example.com on 192.0.2.53:53: no such host`,
	} {
		if got := kubernetesSays(newPrinter(nil, TextOptions{}), reported); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestHistory: a paste of events tells how often a pull failed, and not always when.
func TestHistory(t *testing.T) {
	first, last := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), time.Date(2026, 1, 2, 3, 4, 6, 0, time.UTC)
	for want, pull := range map[string]logparse.Pull{
		"":                 {},
		", failed once":    {Failures: 1},
		", failed 4 times": {Failures: 4},
		", failed once: 2026-01-02T03:04:06.000Z":                                {Failures: 1, FirstFailure: &last, LastFailure: &last},
		", failed 2 times: 2026-01-02T03:04:06.000Z":                             {Failures: 2, LastFailure: &last},
		", failed 2 times: 2026-01-02T03:04:05.000Z to 2026-01-02T03:04:06.000Z": {Failures: 2, FirstFailure: &first, LastFailure: &last},
	} {
		if got := history(diagnose.Pull{Pull: pull}); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
