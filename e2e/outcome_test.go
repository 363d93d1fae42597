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
	"strings"
	"syscall"
	"testing"
)

// An outcome is what came of a scenario, as told by the test inside.
type outcome struct {
	Reported map[string]string // error of each image's pull; "" for success
	Log      string            // containerd's
	Node     printed           // of pullwhy on the node, JSON
	Pod      printed           // the same from a root of its own, with the node below /host
	Text     printed
	Patched  map[string]string // errors of the pulls after the patch was applied; nil where none was
}

// A printed is what one run of pullwhy gave.
type printed struct {
	Out, Stderr string
	Exit        int
}

// runInside runs the stage of that name in namespaces of its own, and reads its result.
func runInside(t *testing.T, name, build, tool string, result any) error {
	file := filepath.Join(t.TempDir(), "outcome.json")
	ctx, cancel := context.WithTimeout(t.Context(), stageLimit())
	defer cancel()
	cmd := exec.CommandContext(ctx, "/proc/self/exe")
	cmd.Env = append(os.Environ(), envScenario+"="+name, envBuild+"="+build, envOutcome+"="+file, envTool+"="+tool)
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWNET | syscall.CLONE_NEWPID,
		Pdeathsig:  syscall.SIGKILL,
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return json.Unmarshal(data, result)
}

// tell writes what came of a stage for the test outside.
func tell(what any) error {
	data, err := json.Marshal(what)
	if err != nil {
		return err
	}
	return os.WriteFile(os.Getenv(envOutcome), data, 0o644)
}

// diagnose runs pullwhy on the node, once in each format, and once from a pod.
func (o *outcome) diagnose(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, toolLimit)
	defer cancel()
	tool := exec.CommandContext(ctx, os.Getenv(envTool), "-o", "json")
	var err error
	if o.Node, err = run(tool); err != nil {
		return err
	}
	if o.Text, err = run(exec.CommandContext(ctx, os.Getenv(envTool))); err != nil {
		return err
	}
	pod, err := makePod()
	if err != nil {
		return err
	}
	fromPod := exec.CommandContext(ctx, "/pullwhy", "--host-root", "/host", "-o", "json")
	fromPod.SysProcAttr, fromPod.Dir, fromPod.Env = &syscall.SysProcAttr{Chroot: pod}, "/", []string{"PATH=/"}
	if o.Pod, err = run(fromPod); err != nil {
		return err
	}
	log, err := os.ReadFile(logPath)
	o.Log = string(log)
	return err
}

// makePod is a root that has the tool, the node below /host, and files of its own that would
// mislead: other addresses, no name server, no CA store.
func makePod() (string, error) {
	const root = "/mnt/pod"
	tool, err := os.ReadFile(os.Getenv(envTool))
	if err != nil {
		return "", err
	}
	var hosts strings.Builder
	for name := range addresses {
		fmt.Fprintf(&hosts, "192.0.2.1 %s\n", name)
	}
	for path, text := range map[string]string{
		"/etc/hosts": hosts.String(), "/etc/resolv.conf": "nameserver 192.0.2.53\n", "/etc/hostname": "pod\n",
	} {
		if err := put(root+path, text); err != nil {
			return "", err
		}
	}
	if err := os.WriteFile(root+"/pullwhy", tool, 0o755); err != nil {
		return "", err
	}
	if err := makeDirs(root+"/host", root+"/proc"); err != nil {
		return "", err
	}
	return root, syscall.Mount("/", root+"/host", "", syscall.MS_BIND|syscall.MS_REC, "")
}

func run(cmd *exec.Cmd) (printed, error) {
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	if exitErr := (*exec.ExitError)(nil); errors.As(err, &exitErr) && exitErr.Exited() {
		err = nil
	}
	if err != nil {
		return printed{}, fmt.Errorf("running pullwhy: %w: %s", err, &stderr)
	}
	return printed{out.String(), stderr.String(), cmd.ProcessState.ExitCode()}, nil
}
