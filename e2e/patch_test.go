package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// afterPatch applies what pullwhy offers as one would by hand, restarts what K3s would, and
// pulls again. It gives the error of each pull, "" for none.
func (s *stage) afterPatch(ctx context.Context, log io.Writer) (map[string]string, error) {
	diff, err := run(exec.CommandContext(ctx, os.Getenv(envTool), "--fix-diff"))
	if err != nil {
		return nil, err
	}
	patch := exec.CommandContext(ctx, "patch", "-p1", "-d", "/")
	patch.Stdin = strings.NewReader(diff.Out)
	if out, err := patch.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("patching: %w: %s\n%s", err, out, diff.Out)
	}
	if err := s.stop(); err != nil {
		return nil, err
	}
	if err := s.render(); err != nil {
		return nil, err
	}
	client, err := s.startContainerd(ctx, log)
	if err != nil {
		return nil, err
	}
	return s.pullAll(ctx, client), nil
}
