// Package e2e runs pullwhy on nodes whose pulls really fail: a real containerd, in three
// builds, pulls over CRI from a real registry with a fault in front of it, and pullwhy must
// name the root cause as it was staged.
//
// Each scenario has namespaces of its own: files, processes and a network that has only
// loopback. The test runs itself there.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// The variables by which the test tells itself, run in namespaces, what to do.
const (
	envScenario = "PULLWHY_E2E_SCENARIO"
	envBuild    = "PULLWHY_E2E_BUILD"
	envOutcome  = "PULLWHY_E2E_OUTCOME" // file to write
	envTool     = "PULLWHY_E2E_TOOL"    // the built pullwhy
)

func TestMain(m *testing.M) {
	if name := os.Getenv(envScenario); name != "" {
		inside := func() error { return stageInside(name, os.Getenv(envBuild)) }
		switch name {
		case manyImages:
			inside = stageImages
		case soaked:
			inside = stageSoak
		}
		if err := inside(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

type build struct{ name, path string }

// builds are the releases of containerd that are tried, and where they are.
var builds = []build{
	{"1.6", "/usr/bin/containerd"},
	{"1.7-k3s", filepath.Join(binDir(), "containerd-v1.7.22-k3s1")},
	{"2.4", filepath.Join(binDir(), "containerd-v2.4.2")},
}

// binDir is where setup.sh puts what it builds.
func binDir() string {
	if dir := os.Getenv("PULLWHY_E2E_BIN"); dir != "" {
		return dir
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return ""
	}
	return filepath.Join(cache, "pullwhy-e2e", "bin")
}

// require ends the test where a part is missing: in CI that is a failure.
func require(t *testing.T) {
	t.Helper()
	missing := ""
	if os.Geteuid() != 0 {
		missing = "root"
	}
	if _, err := exec.LookPath("docker-registry"); err != nil {
		missing = "docker-registry"
	}
	for _, b := range builds {
		if _, err := os.Stat(b.path); err != nil {
			missing = b.path
		}
	}
	switch {
	case missing == "":
	case os.Getenv("CI") != "":
		t.Fatalf("%s is missing: run e2e/setup.sh", missing)
	default:
		t.Skipf("%s is missing: run e2e/setup.sh as root", missing)
	}
}

// buildTool builds pullwhy as it is released.
func buildTool(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pullwhy")
	cmd := exec.Command("go", "build", "-o", path, "./cmd/pullwhy")
	cmd.Dir = ".."
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("building pullwhy: %v\n%s", err, out)
	}
	return path
}
