package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pullwhy/pullwhy/report"
)

// An outcome is what came of a scenario, as told by the test inside.
type outcome struct {
	Reported string // error of the pull; "" for success
	Log      string // containerd's
	JSON     string // pullwhy's report
	Text     string
	Stderr   string
	Exit     int
}

// scenarioLimit bounds one scenario on one build.
const scenarioLimit = 3 * time.Minute

func TestScenarios(t *testing.T) {
	require(t)
	tool := buildTool(t)
	schema := compileSchema(t, tool)
	var results table
	t.Cleanup(func() { t.Log(results.String()) })
	for _, s := range scenarios {
		for _, b := range builds {
			t.Run(s.name+"/"+b.name, func(t *testing.T) {
				t.Parallel()
				o := runInside(t, s.name, b.name, tool)
				problem := s.check(b.name, o, schema)
				results.add(s.name, b.name, problem)
				keep(t, s.name+"-"+b.name, o)
				if problem != "" {
					t.Errorf("%s\nreported: %s\n--- pullwhy (exit %d) ---\n%s%s--- containerd.log ---\n%s",
						problem, o.Reported, o.Exit, o.Text, o.Stderr, pullLines(o.Log))
				}
			})
		}
	}
}

// check compares the report with what was staged. It returns "" or what is wrong.
func (s scenario) check(build string, o outcome, schema *jsonschema.Schema) string {
	if (o.Reported == "") != s.want.healthy {
		return fmt.Sprintf("the pull did not go as staged: %q", o.Reported)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(o.JSON))
	if err != nil {
		return err.Error()
	}
	if err := schema.Validate(doc); err != nil {
		return err.Error()
	}
	r, err := report.ReadJSON(strings.NewReader(o.JSON))
	switch {
	case err != nil:
		return err.Error()
	case len(r.Pulls) != 1 || r.Pulls[0].Image != image:
		return fmt.Sprintf("%d pulls, wanted one of %s", len(r.Pulls), image)
	case s.want.healthy:
		return differs("verdict healthy, exit 0", fmt.Sprintf("verdict %s, exit %d", r.Verdict, o.Exit))
	case r.Pulls[0].RootCause == nil:
		return "no root cause"
	}
	root := r.Pulls[0].RootCause
	return differs(
		fmt.Sprintf("verdict failing, exit 1, %s at %s, hidden %t", s.want.cause, s.want.endpoint, slices.Contains(s.want.hidden, build)),
		fmt.Sprintf("verdict %s, exit %d, %s at %s, hidden %t", r.Verdict, o.Exit, root.Cause, root.Endpoint, root.Hidden))
}

func differs(want, got string) string {
	if want == got {
		return ""
	}
	return "staged: " + want + "\ngot:    " + got
}

// runInside runs the scenario in namespaces of its own.
func runInside(t *testing.T, name, build, tool string) outcome {
	t.Helper()
	file := filepath.Join(t.TempDir(), "outcome.json")
	ctx, cancel := context.WithTimeout(t.Context(), scenarioLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = append(os.Environ(), envScenario+"="+name, envBuild+"="+build, envOutcome+"="+file, envTool+"="+tool)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("staging: %v\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var o outcome
	if err := json.Unmarshal(data, &o); err != nil {
		t.Fatal(err)
	}
	return o
}

// stageInside is the whole scenario, seen from inside its namespaces.
func stageInside(name, build string) error {
	i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
	j := slices.IndexFunc(builds, func(b struct{ name, path string }) bool { return b.name == build })
	ctx, cancel := context.WithTimeout(context.Background(), scenarioLimit)
	defer cancel()
	s := &stage{scenario: scenarios[i], build: build}
	if err := enclose(); err != nil {
		return err
	}
	if err := s.raise(ctx); err != nil {
		return err
	}
	if err := s.layOut(); err != nil {
		return err
	}
	images, err := s.startContainerd(ctx, builds[j].path)
	if err != nil {
		text, _ := os.ReadFile(logPath)
		return fmt.Errorf("%w\n%s", err, text)
	}
	o := outcome{Reported: pull(ctx, images, image)}
	if err := awaitLog(ctx, o.Reported != ""); err != nil {
		return err
	}
	if err := o.diagnose(ctx); err != nil {
		return err
	}
	data, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return os.WriteFile(os.Getenv(envOutcome), data, 0o644)
}

// diagnose runs pullwhy on the node, once in each format.
func (o *outcome) diagnose(ctx context.Context) error {
	var err error
	if o.JSON, o.Stderr, o.Exit, err = runTool(ctx, "-o", "json"); err != nil {
		return err
	}
	text, _, exit, err := runTool(ctx)
	if err == nil && exit != o.Exit {
		err = fmt.Errorf("exit status %d with text, %d with json", exit, o.Exit)
	}
	log, logErr := os.ReadFile(logPath)
	o.Text, o.Log = text, string(log)
	return errors.Join(err, logErr)
}

func runTool(ctx context.Context, args ...string) (out, stderr string, exit int, err error) {
	ctx, cancel := context.WithTimeout(ctx, toolLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, os.Getenv(envTool), args...)
	var outBuf, errBuf bytes.Buffer
	cmd.Stdout, cmd.Stderr = &outBuf, &errBuf
	err = cmd.Run()
	if exitErr := (*exec.ExitError)(nil); errors.As(err, &exitErr) && exitErr.Exited() {
		err = nil
	}
	if err != nil {
		return "", "", 0, fmt.Errorf("running pullwhy: %w: %s", err, errBuf.String())
	}
	return outBuf.String(), errBuf.String(), cmd.ProcessState.ExitCode(), nil
}

func compileSchema(t *testing.T, tool string) *jsonschema.Schema {
	t.Helper()
	text, err := exec.Command(tool, "schema").Output()
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// keep saves the text report where PULLWHY_E2E_REPORTS names a folder, for reading.
func keep(t *testing.T, name string, o outcome) {
	t.Helper()
	dir := os.Getenv("PULLWHY_E2E_REPORTS")
	if dir == "" {
		return
	}
	base := filepath.Join(dir, strings.ReplaceAll(name, " ", "-"))
	for suffix, text := range map[string]string{".txt": o.Text, ".json": o.JSON, ".log": o.Log} {
		if err := put(base+suffix, text); err != nil {
			t.Error(err)
		}
	}
}

// pullLines are those of the log that a pull writes.
func pullLines(log string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		if strings.Contains(line, "PullImage") || strings.Contains(line, "next host") || strings.Contains(line, "fetch failed") {
			b.WriteString(line)
		}
	}
	return b.String()
}

// A table collects what came of each scenario on each build.
type table struct {
	mu   sync.Mutex
	rows map[string]map[string]bool
}

func (t *table) add(scenario, build, problem string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.rows == nil {
		t.rows = map[string]map[string]bool{}
	}
	if t.rows[scenario] == nil {
		t.rows[scenario] = map[string]bool{}
	}
	t.rows[scenario][build] = problem == ""
}

func (t *table) String() string {
	var b strings.Builder
	right, all := 0, 0
	fmt.Fprintf(&b, "\n%-24s", "")
	for _, build := range builds {
		fmt.Fprintf(&b, "%-10s", build.name)
	}
	for _, s := range scenarios {
		fmt.Fprintf(&b, "\n%-24s", s.name)
		for _, build := range builds {
			mark := "-"
			if ok, ran := t.rows[s.name][build.name]; ran {
				all++
				mark = "WRONG"
				if ok {
					right++
					mark = "as staged"
				}
			}
			fmt.Fprintf(&b, "%-10s", mark)
		}
	}
	fmt.Fprintf(&b, "\n%d of %d root causes as staged", right, all)
	return b.String()
}
