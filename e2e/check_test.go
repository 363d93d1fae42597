package e2e

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/report"
	"github.com/pullwhy/pullwhy/report/reporttest"
)

// A check compares what came of a scenario with what was staged, and collects what is wrong.
type check struct {
	scenario
	build    string
	schema   []byte
	outcome  outcome
	problems []string
}

func (c *check) wrong(format string, args ...any) {
	c.problems = append(c.problems, fmt.Sprintf(format, args...))
}

// same complains where got is not what was staged.
func (c *check) same(what string, staged, got any) {
	if fmt.Sprint(staged) != fmt.Sprint(got) {
		c.wrong("%s\n  staged: %v\n  got:    %v", what, staged, got)
	}
}

func (c *check) all() {
	r := c.read(c.outcome.Node)
	if r == nil {
		return
	}
	verdict, exit := c.want.verdict, 0
	if verdict == "" {
		verdict, exit = "failing", 1
	}
	c.same("verdict and exit", fmt.Sprint(verdict, " ", exit), fmt.Sprint(r.Verdict, " ", c.outcome.Node.Exit))
	c.same("exit status with text", exit, c.outcome.Text.Exit)
	c.same("images", c.wanted(), imagesOf(r.Pulls))
	for _, want := range c.want.pulls {
		want = want.of(c.build)
		if i := slices.IndexFunc(r.Pulls, func(p diagnose.Pull) bool { return p.Image == want.image }); i >= 0 {
			c.pull(want, r.Pulls[i])
		}
	}
	c.findings(r.Findings)
	for image, failure := range c.outcome.Patched {
		c.same("pull of "+image+" after the patch", "", failure)
	}
	c.secrets()
	c.pod(r)
}

// read reads a report, which must be what the schema says.
func (c *check) read(p printed) *report.Report {
	err := reporttest.Check(c.schema, []byte(p.Out))
	var r *report.Report
	if err == nil {
		err = json.Unmarshal([]byte(p.Out), &r)
	}
	if err != nil {
		c.wrong("reading the report: %v\n%s", err, p.Stderr)
		return nil
	}
	return r
}

func (c *check) wanted() []string {
	var all []string
	for _, t := range c.want.pulls {
		all = append(all, t.of(c.build).image)
	}
	slices.Sort(all)
	return all
}

func imagesOf(pulls []diagnose.Pull) []string {
	var all []string
	for _, p := range pulls {
		all = append(all, p.Image)
	}
	slices.Sort(all)
	return all
}

func (c *check) pull(want told, got diagnose.Pull) {
	c.same("status of "+got.Image, want.status, got.Status)
	c.same("the error that Kubernetes shows", plain(c.outcome.Reported[got.Requested]), plain(got.ReportedError))
	c.same("attempts", strings.Join(want.attempts, ", "), strings.Join(attemptsOf(got), ", "))
	root := diagnose.RootCause{}
	if got.RootCause != nil {
		root = *got.RootCause
	}
	c.same("root cause, endpoint, hidden", fmt.Sprint(want.cause, " ", want.endpoint, " ", slices.Contains(want.hidden, c.build)),
		fmt.Sprint(root.Cause, " ", root.Endpoint, " ", root.Hidden))
}

func attemptsOf(p diagnose.Pull) []string {
	var all []string
	for _, a := range p.Attempts {
		all = append(all, fmt.Sprint(a.Cause, " ", a.Endpoint))
	}
	return all
}

var (
	grpcCode = regexp.MustCompile(`^rpc error: code = \w+ desc = `)
	redacted = regexp.MustCompile(`(X-Amz-Signature=)[^"&]*`)
)

// plain is an error without what the kubelet takes away of it and pullwhy must.
func plain(text string) string {
	return redacted.ReplaceAllString(grpcCode.ReplaceAllString(text, ""), "${1}…")
}

// findings must be those staged: a false alarm is as bad as a miss.
func (c *check) findings(got []diagnose.Finding) {
	var all []string
	for _, f := range got {
		if f.Severity != diagnose.Info {
			all = append(all, described(cmp.Or(string(f.Cause), f.Code), f.Also, f.Severity))
		}
		if f.Severity == diagnose.Error && len(f.Fix) == 0 {
			c.wrong("finding %s says nothing of what to do", f.ID)
		}
	}
	want := slices.Clone(c.want.findings)
	for _, t := range c.want.pulls {
		if t = t.of(c.build); t.status == "failing" {
			want = append(want, described(t.cause, t.also, diagnose.Error))
		}
	}
	slices.Sort(want)
	slices.Sort(all)
	want = slices.Compact(want) // one finding for all images that fail alike
	c.same("findings", strings.Join(want, ", "), strings.Join(all, ", "))
}

func described(cause string, also []string, severity diagnose.Severity) string {
	return fmt.Sprint(strings.Join(append([]string{cause}, also...), "+"), " ", severity)
}

func (c *check) secrets() {
	for _, p := range []printed{c.outcome.Node, c.outcome.Pod, c.outcome.Text} {
		for _, secret := range []string{password, wrongPass, signature} {
			if strings.Contains(p.Out+p.Stderr, secret) {
				c.wrong("the output holds the secret %q", secret)
			}
		}
	}
}

// pod compares the answer from a pod with that on the node.
func (c *check) pod(onNode *report.Report) {
	r := c.read(c.outcome.Pod)
	if r == nil {
		return
	}
	c.same("exit status in a pod", c.outcome.Node.Exit, c.outcome.Pod.Exit)
	c.same("from a pod", settled(onNode), settled(r))
}

// What differs from one run to the next: times, how long the log is, and how Go words an end of a connection,
// which two sides race to.
var passing = regexp.MustCompile(`"(time|duration_ms|host_root|clock_skew_ms|error|lines)": ("(\\.|[^"\\])*"|\d+|null)|(asked again by|pullwhy's own) (\\.|[^"\\])*`)

// What a command needs in a pod beyond what it needs on the node.
var inPod = strings.NewReplacer(" --host-root /host", "", "-d /host", "-d /")

// settled is a report without what passes, one line per part that differs.
func settled(r *report.Report) string {
	text, err := json.MarshalIndent(r, "", " ")
	if err != nil {
		return err.Error()
	}
	return inPod.Replace(passing.ReplaceAllString(string(text), ""))
}

// schemaOf is what the tool says that its reports are.
func schemaOf(t *testing.T, tool string) []byte {
	t.Helper()
	text, err := exec.Command(tool, "schema").Output()
	if err != nil {
		t.Fatal(err)
	}
	return text
}
