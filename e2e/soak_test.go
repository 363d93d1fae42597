package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/report"
)

// soaked is the name of a stage where the agent follows a log for long.
const soaked = "soak"

const (
	breakages   = 5 // how often the mirror is broken, and mended
	mostKiB     = 30 << 10
	noiseInTurn = 10_000    // lines of log before and after each pull
	noiseInFull = 4_320_000 // in all, which is a day's at 50 a second
)

// A soak is what came of the agent's run.
type soak struct {
	Reports        []string // "status cause" of the image in each line of standard output
	Lines          int      // of the log
	Rotations      int
	Before, After  usage // once it has seen one failure, and at the end
	Stopped        int   // exit status
	StopsInSeconds float64
	Stderr         string
}

// TestSoak breaks and mends the mirror of a real containerd while its log rotates: the
// agent tells of each transition once, and costs what it cost at the beginning.
func TestSoak(t *testing.T) {
	require(t)
	t.Parallel()
	var s soak
	if err := runInside(t, soaked, builds[len(builds)-1].name, buildTool(t), &s); err != nil {
		t.Fatal(err)
	}
	var want []string
	for range breakages {
		want = append(want, "failing gateway_error", "recovered gateway_error")
	}
	if got := slices.Compact(s.Reports); !slices.Equal(got, want) {
		t.Errorf("transitions told: %q, wanted %q\n%s", got, want, s.Stderr)
	}
	if s.Stopped != 0 {
		t.Errorf("it ended with %d, wanted 0", s.Stopped)
	}
	if s.After.Descriptors > s.Before.Descriptors+2 || s.After.KiB > mostKiB {
		t.Errorf("the agent grew: %+v, then %+v", s.Before, s.After)
	}
	t.Logf("%d lines of log in %d files; the agent: %+v, then %+v; it stopped after %.2f s", s.Lines, s.Rotations+1, s.Before, s.After, s.StopsInSeconds)
}

// stageSoak is the stage, seen from inside its namespaces.
func stageSoak() error {
	ctx, cancel := context.WithTimeout(context.Background(), stageLimit())
	defer cancel()
	var broken atomic.Bool
	s := &stage{scenario: scenario{registries: trusting, hub: http.StatusNotFound}, build: os.Getenv(envBuild)}
	s.sites = map[string]site{mirrorHost: {front: breakable(&broken)}}
	for _, do := range []func() error{enclose, func() error { return s.raise(ctx) }, s.layOut} {
		if err := do(); err != nil {
			return err
		}
	}
	log := &rotatingLog{}
	client, err := s.startContainerd(ctx, log)
	if err != nil {
		return err
	}
	a, err := startAgent(ctx)
	if err != nil {
		return err
	}
	var result soak
	for i := range breakages {
		for _, fails := range []bool{true, false} {
			broken.Store(fails)
			if err := turn(ctx, client, log, a, fails); err != nil {
				return fmt.Errorf("turn %d: %w\n%s", i+1, err, a.stderr.String())
			}
			if result.Before.KiB == 0 {
				result.Before = a.usage()
			}
		}
	}
	result.After = a.usage()
	result.Reports, err = a.reports()
	if err != nil {
		return err
	}
	result.Lines, result.Rotations = log.lines, log.rotations
	result.Stopped, result.StopsInSeconds = a.stop()
	result.Stderr = a.stderr.String()
	return tell(result)
}

func inFull() bool { return os.Getenv("PULLWHY_SOAK") == "full" }

// stageLimit bounds a stage. A soak in full has minutes of log.
func stageLimit() time.Duration {
	if inFull() {
		return time.Hour
	}
	return scenarioLimit
}

// breakable fails as a gateway does while broken is set.
func breakable(broken *atomic.Bool) front {
	return func(next http.Handler) http.Handler {
		bad := status(http.StatusBadGateway)(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if broken.Load() {
				bad.ServeHTTP(w, r)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// turn pulls once, between noise and a rotation, and waits until the agent has told of it.
func turn(ctx context.Context, client cri.ImageServiceClient, log *rotatingLog, a *soakAgent, fails bool) error {
	lines := noiseInTurn
	if inFull() {
		lines = noiseInFull / (4 * breakages)
	}
	if err := log.noise(lines); err != nil {
		return err
	}
	if got := pull(ctx, client, image, nil) != ""; got != fails {
		return fmt.Errorf("the pull failed: %t, wanted %t", got, fails)
	}
	want := diagnose.Recovered
	if fails {
		want = diagnose.Failing
	}
	if err := log.rotate(); err != nil {
		return err
	}
	if err := log.noise(lines); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return waitFor(ctx, func() error {
		told, err := a.reports()
		if err == nil && (len(told) == 0 || !strings.HasPrefix(told[len(told)-1], want)) {
			err = fmt.Errorf("no report of a pull that is %s", want)
		}
		return err
	})
}

// A soakAgent is pullwhy watch on the stage's node.
type soakAgent struct {
	cmd    *exec.Cmd
	stderr bytes.Buffer
}

const agentOut = "/mnt/watch.jsonl"

func startAgent(ctx context.Context) (*soakAgent, error) {
	out, err := os.Create(agentOut)
	if err != nil {
		return nil, err
	}
	defer out.Close()
	a := &soakAgent{cmd: exec.CommandContext(ctx, os.Getenv(envTool), "watch", "--since", "0")}
	a.cmd.Stdout, a.cmd.Stderr = out, &a.stderr
	return a, a.cmd.Start()
}

// reports are the image's states as they were told.
func (a *soakAgent) reports() ([]string, error) {
	text, err := os.ReadFile(agentOut)
	if err != nil {
		return nil, err
	}
	var all []string
	for line := range bytes.Lines(text) {
		if !bytes.HasSuffix(line, []byte("\n")) {
			break // still being written
		}
		var r report.Report
		if err := json.Unmarshal(line, &r); err != nil {
			return nil, err
		}
		for _, p := range r.Pulls {
			all = append(all, p.Status+" "+string(p.RootCause.Cause))
		}
	}
	return all, nil
}

// stop asks the agent to end, and tells how long that took.
func (a *soakAgent) stop() (exit int, seconds float64) {
	began := time.Now()
	_ = a.cmd.Process.Signal(syscall.SIGTERM)
	_ = a.cmd.Wait()
	return a.cmd.ProcessState.ExitCode(), time.Since(began).Seconds()
}
