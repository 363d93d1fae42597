package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// scenarioLimit bounds one scenario on one build.
const scenarioLimit = 3 * time.Minute

func TestScenarios(t *testing.T) {
	require(t)
	tool := buildTool(t)
	schema := schemaOf(t, tool)
	var results table
	t.Cleanup(func() { t.Log(results.String()) })
	for _, s := range scenarios {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			var wg sync.WaitGroup
			for _, b := range builds {
				wg.Go(func() {
					c := check{scenario: s, build: b.name, schema: schema}
					results.add(s.name, b.name, c.staged(t, tool))
				})
			}
			wg.Wait()
		})
	}
}

// staged stages the scenario on the check's build, and reports whether all was as wanted.
func (c *check) staged(t *testing.T, tool string) bool {
	if err := runInside(t, c.name, c.build, tool, &c.outcome); err != nil {
		t.Errorf("staging on %s: %v", c.build, err)
		return false
	}
	c.all()
	keep(t, c.name+"-"+c.build, c.outcome)
	if c.problems != nil {
		t.Errorf("on %s\n%s\nreported: %q\n--- pullwhy ---\n%s%s--- containerd.log ---\n%s", c.build, strings.Join(c.problems, "\n"),
			c.outcome.Reported, c.outcome.Text.Out, c.outcome.Text.Stderr, pullLines(c.outcome.Log))
	}
	return c.problems == nil
}

// stageInside is the whole scenario, seen from inside its namespaces.
func stageInside(name, on string) error {
	i := slices.IndexFunc(scenarios, func(s scenario) bool { return s.name == name })
	ctx, cancel := context.WithTimeout(context.Background(), scenarioLimit)
	defer cancel()
	s := &stage{scenario: scenarios[i], build: on}
	if err := enclose(); err != nil {
		return err
	}
	if err := s.raise(ctx); err != nil {
		return err
	}
	if err := s.layOut(); err != nil {
		return err
	}
	log, err := os.Create(logPath)
	if err != nil {
		return err
	}
	defer log.Close()
	client, err := s.startContainerd(ctx, log)
	if err != nil {
		text, _ := os.ReadFile(logPath)
		return fmt.Errorf("%w\n%s", err, text)
	}
	o := outcome{Reported: s.pullAll(ctx, client)}
	if err := awaitLog(ctx, o.Reported); err != nil {
		return err
	}
	if s.change != nil {
		if err := s.change(s); err != nil {
			return err
		}
	}
	if s.again {
		if err := awaitLog(ctx, s.pullAll(ctx, client)); err != nil {
			return err
		}
	}
	if err := o.diagnose(ctx); err != nil {
		return err
	}
	if slices.ContainsFunc(s.patch, func(b build) bool { return b.name == s.build }) {
		if o.Patched, err = s.afterPatch(ctx, log); err != nil {
			return err
		}
	}
	return tell(o)
}

// keep saves what came of a scenario where PULLWHY_E2E_REPORTS names a folder, for reading.
func keep(t *testing.T, name string, o outcome) {
	t.Helper()
	dir := os.Getenv("PULLWHY_E2E_REPORTS")
	if dir == "" {
		return
	}
	base := filepath.Join(dir, strings.NewReplacer(" ", "-", ",", "", "/", "").Replace(name))
	for suffix, text := range map[string]string{".txt": o.Text.Out, ".json": o.Node.Out, ".log": o.Log} {
		if err := put(base+suffix, text); err != nil {
			t.Error(err)
		}
	}
}

// pullLines are those of the log that a pull writes.
func pullLines(log string) string {
	var b strings.Builder
	for line := range strings.Lines(log) {
		if strings.Contains(line, "PullImage") || strings.Contains(line, "next host") || strings.Contains(line, "fetch failed") || strings.Contains(line, "hosts.toml") {
			b.WriteString(line)
		}
	}
	return b.String()
}
