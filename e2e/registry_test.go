package e2e

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// registryAddr is where the real registry listens, behind every site.
const registryAddr = "127.0.0.1:5001"

// startRegistry runs Debian's docker-registry and pushes what is pulled.
func (s *stage) startRegistry(ctx context.Context) error {
	config := "/mnt/registry.yml"
	text := "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: /var/lib/registry}}\nhttp: {addr: \"" + registryAddr + "\"}\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "docker-registry", "serve", config)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the registry: %w", err)
	}
	if err := waitFor(ctx, func() error { return ping("http://" + registryAddr + "/v2/") }); err != nil {
		return fmt.Errorf("waiting for the registry: %w", err)
	}
	stock := s.holds
	if stock == nil {
		stock = s.images()
	}
	for _, image := range stock {
		if err := s.push(image); err != nil {
			return fmt.Errorf("pushing %q: %w", image, err)
		}
	}
	return nil
}

func ping(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	return resp.Body.Close()
}

// push makes an image available. One that is named by digest, or wrongly, is not.
func (s *stage) push(image string) error {
	_, path, _ := strings.Cut(image, "/")
	ref, err := name.NewTag(registryAddr+"/"+path, name.Insecure)
	if s.lacks || err != nil {
		return nil
	}
	build := s.make
	if build == nil {
		build = small
	}
	what, err := build()
	if err != nil {
		return err
	}
	return remote.Push(ref, what)
}

// small is an image for this machine.
func small() (remote.Taggable, error) { return imageOf(layerSize) }

// large is one whose layer needs that much more room.
func large() (remote.Taggable, error) { return imageOf(8 << 20) }

func imageOf(size int64) (remote.Taggable, error) {
	layer, err := random.Layer(size, types.DockerLayer)
	if err != nil {
		return nil, err
	}
	return imageWith(layer)
}

// noTar has a layer that nothing can unpack.
func noTar() (remote.Taggable, error) {
	return imageWith(static.NewLayer([]byte(strings.Repeat("this is no archive ", 200)), types.DockerUncompressedLayer))
}

func imageWith(layer v1.Layer) (v1.Image, error) {
	img, err := mutate.AppendLayers(empty.Image, layer)
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config.OS, config.Architecture = "linux", runtime.GOARCH
	return mutate.ConfigFile(img, config)
}

// mainframe is an image for another machine only.
func mainframe() (remote.Taggable, error) {
	img, err := small()
	if err != nil {
		return nil, err
	}
	other := mutate.IndexAddendum{
		Add:        img.(v1.Image),
		Descriptor: v1.Descriptor{Platform: &v1.Platform{OS: "linux", Architecture: "s390x"}},
	}
	return mutate.AppendManifests(mutate.IndexMediaType(empty.Index, types.DockerManifestList), other), nil
}
