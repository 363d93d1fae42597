package e2e

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Bounds of the slow parts.
const (
	startLimit = 30 * time.Second
	pullLimit  = 90 * time.Second
	toolLimit  = 60 * time.Second // all runs on one node
)

// program is where K3s has its containerd, and the name by which a process is known.
const program = "/var/lib/rancher/k3s/data/current/bin/containerd"

// startContainerd runs it as K3s does, its output going to log.
func (s *stage) startContainerd(ctx context.Context, log io.Writer) (cri.ImageServiceClient, error) {
	cmd := exec.CommandContext(ctx, program, "-c", agentDir+"/etc/containerd/config.toml")
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append([]string{"PATH=" + os.Getenv("PATH")}, s.env...)
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("starting containerd: %w", err)
	}
	s.stop = func() error {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()         // by the signal
		return os.Remove(socket)
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

// pullAll asks for the scenario's images at once, and gives the error that Kubernetes would
// show of each, "" for none.
func (s *stage) pullAll(ctx context.Context, client cri.ImageServiceClient) map[string]string {
	var wg sync.WaitGroup
	var mu sync.Mutex
	reported := map[string]string{}
	for _, image := range s.images() {
		wg.Go(func() {
			text := pull(ctx, client, image, s.secret)
			mu.Lock()
			defer mu.Unlock()
			reported[image] = text
		})
	}
	wg.Wait()
	return reported
}

// pull asks as the kubelet does, with the credentials of a pull secret if there are any.
func pull(ctx context.Context, client cri.ImageServiceClient, image string, secret *cri.AuthConfig) string {
	ctx, cancel := context.WithTimeout(ctx, pullLimit)
	defer cancel()
	_, err := client.PullImage(ctx, &cri.PullImageRequest{Image: &cri.ImageSpec{Image: image}, Auth: secret})
	if err == nil {
		return ""
	}
	return err.Error()
}

// awaitLog waits for the end of each pull in the log: containerd may write it after its
// answer.
func awaitLog(ctx context.Context, reported map[string]string) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	for image, failure := range reported {
		end := fmt.Sprintf(`PullImage \"%s\" returns image reference`, image)
		if failure != "" {
			end = fmt.Sprintf(`PullImage \"%s\" failed`, image)
		}
		err := waitFor(ctx, func() error {
			text, err := os.ReadFile(logPath)
			if err == nil && !strings.Contains(string(text), end) {
				err = fmt.Errorf("no line with %q in the log", end)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
