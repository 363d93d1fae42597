package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Bounds of the slow parts.
const (
	startLimit = 30 * time.Second
	pullLimit  = 90 * time.Second
	toolLimit  = 60 * time.Second
)

// startContainerd runs it as K3s does, its output going to containerd.log.
func (s *stage) startContainerd(ctx context.Context, path string) (cri.ImageServiceClient, error) {
	log, err := os.Create(logPath)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	cmd := exec.CommandContext(ctx, path, "-c", agentDir+"/etc/containerd/config.toml")
	cmd.Stdout, cmd.Stderr = log, log
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting containerd: %w", err)
	}
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	images := cri.NewImageServiceClient(conn)
	err = waitFor(ctx, func() error {
		_, err := images.ListImages(ctx, &cri.ListImagesRequest{})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("waiting for containerd: %w", err)
	}
	return images, nil
}

// pull asks as the kubelet does, and gives the error that Kubernetes would show.
func pull(ctx context.Context, images cri.ImageServiceClient, image string) string {
	ctx, cancel := context.WithTimeout(ctx, pullLimit)
	defer cancel()
	_, err := images.PullImage(ctx, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: image}})
	if err == nil {
		return ""
	}
	return err.Error()
}

// awaitLog waits for the end of the pull in the log: containerd may write it after its
// answer.
func awaitLog(ctx context.Context, failed bool) error {
	end := "returns image reference"
	if failed {
		end = "failed"
	}
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	return waitFor(ctx, func() error {
		text, err := os.ReadFile(logPath)
		if err != nil {
			return err
		}
		for line := range strings.Lines(string(text)) {
			if strings.Contains(line, "PullImage") && strings.Contains(line, end) {
				return nil
			}
		}
		return fmt.Errorf("no line of PullImage with %q in the log", end)
	})
}
