package probetest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"

	ggcr "github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A Registry is a registry's handler, which keeps images in memory.
type Registry struct{ handler http.Handler }

// NewRegistry returns a registry that holds an image of one small layer, for this machine's
// architecture, under each repository:tag of images.
func NewRegistry(images ...string) *Registry {
	r := &Registry{handler: ggcr.New(ggcr.Logger(log.New(io.Discard, "", 0)))}
	for _, image := range images {
		repository, tag, _ := strings.Cut(image, ":")
		r.Push(repository, tag, "linux/"+runtime.GOARCH)
	}
	return r
}

// ServeHTTP implements [http.Handler].
func (r *Registry) ServeHTTP(w http.ResponseWriter, req *http.Request) { r.handler.ServeHTTP(w, req) }

// Push makes an index with an image for each platform (os/architecture) available as
// repository:tag.
func (r *Registry) Push(repository, tag string, platforms ...string) {
	index := v1.IndexManifest{SchemaVersion: 2, MediaType: types.OCIImageIndex}
	for _, platform := range platforms {
		index.Manifests = append(index.Manifests, r.pushImage(repository, platform))
	}
	r.pushManifest(repository, tag, types.OCIImageIndex, index)
}

// PushSingle makes an image for one platform available as repository:tag, without an index.
func (r *Registry) PushSingle(repository, tag, platform string) {
	r.pushManifest(repository, tag, types.OCIManifestSchema1, r.manifest(repository, platform))
}

func (r *Registry) pushImage(repository, platform string) v1.Descriptor {
	os, arch, _ := strings.Cut(platform, "/")
	desc := r.pushManifest(repository, "", types.OCIManifestSchema1, r.manifest(repository, platform))
	desc.Platform = &v1.Platform{OS: os, Architecture: arch}
	return desc
}

// manifest is that of an image whose blobs are pushed.
func (r *Registry) manifest(repository, platform string) v1.Manifest {
	os, arch, _ := strings.Cut(platform, "/")
	layer := r.pushBlob(repository, types.OCILayer, []byte("layer of "+repository+" for "+platform))
	config := v1.ConfigFile{OS: os, Architecture: arch, RootFS: v1.RootFS{Type: "layers", DiffIDs: []v1.Hash{layer.Digest}}}
	return v1.Manifest{
		SchemaVersion: 2, MediaType: types.OCIManifestSchema1,
		Config: r.pushBlob(repository, types.OCIConfigJSON, marshal(config)),
		Layers: []v1.Descriptor{layer},
	}
}

func (r *Registry) pushManifest(repository, tag string, media types.MediaType, manifest any) v1.Descriptor {
	data := marshal(manifest)
	desc := describe(media, data)
	for _, name := range []string{desc.Digest.String(), tag} {
		if name != "" {
			r.put("/v2/"+repository+"/manifests/"+name, string(media), data)
		}
	}
	return desc
}

func (r *Registry) pushBlob(repository string, media types.MediaType, data []byte) v1.Descriptor {
	desc := describe(media, data)
	w := httptest.NewRecorder()
	url := fmt.Sprintf("/v2/%s/blobs/uploads/?digest=%s", repository, desc.Digest)
	r.handler.ServeHTTP(w, httptest.NewRequest(http.MethodPost, url, bytes.NewReader(data)))
	check(w, url)
	return desc
}

func (r *Registry) put(url, media string, data []byte) {
	w := httptest.NewRecorder()
	req := httptest.NewRequest(http.MethodPut, url, bytes.NewReader(data))
	req.Header.Set("Content-Type", media)
	r.handler.ServeHTTP(w, req)
	check(w, url)
}

func check(w *httptest.ResponseRecorder, url string) {
	if w.Code != http.StatusCreated {
		panic(fmt.Sprintf("probetest: pushing %s: %d %s", url, w.Code, w.Body))
	}
}

func describe(media types.MediaType, data []byte) v1.Descriptor {
	digest, size, err := v1.SHA256(bytes.NewReader(data))
	if err != nil {
		panic("probetest: " + err.Error())
	}
	return v1.Descriptor{MediaType: media, Digest: digest, Size: size}
}

func marshal(v any) []byte {
	data, err := json.Marshal(v)
	if err != nil {
		panic("probetest: " + err.Error())
	}
	return data
}
