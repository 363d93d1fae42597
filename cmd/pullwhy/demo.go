package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
)

// demoLimit bounds the whole demonstration.
const demoLimit = 30 * time.Second

func demoCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "Show the main job on a self-made node; needs no K3s, no network, no root",
		Long: `Makes a K3s node in a temporary folder, with two TLS registries on loopback, and diagnoses it.
The node pulls from a registry through a mirror. The mirror's certificate is signed by an authority
that the node was not told of; the registry itself, which containerd asks last, denies the pull. What
Kubernetes shows is the denial.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			ctx, cancel := context.WithTimeout(cmd.Context(), demoLimit)
			defer cancel()
			return e.demo(ctx)
		},
	}
	hideFlags(cmd, "host-root")
	return cmd
}

// demo makes a node in a temporary folder, with two registries on loopback, and diagnoses
// it. That something is failing there is the point, and no error.
func (e *env) demo(ctx context.Context) (err error) {
	dir, err := os.MkdirTemp("", "pullwhy-demo-")
	if err != nil {
		return fmt.Errorf("making the demonstration's node: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	node := newDemoNode()
	defer node.close()
	if err := node.write(dir); err != nil {
		return fmt.Errorf("writing the demonstration's node: %w", err)
	}
	e.hostRoot = dir
	d := &diagnosis{env: e}
	r, err := d.run(ctx, nil)
	if err != nil {
		return err
	}
	if err := e.print(r); !errors.Is(err, errFailing) {
		return err
	}
	return nil
}
