package probe

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"runtime"
	"slices"

	"github.com/containerd/platforms"
	"github.com/google/go-containerregistry/pkg/v1/types"
	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

const (
	// maxConfig is the size up to which an image's config is asked for, in bytes. They
	// have some kilobytes.
	maxConfig = 8 << 20

	// maxMembers bounds the members of all objects and lists of a manifest, an index or a
	// config, which take far more room decoded than written. They have some hundreds.
	maxMembers = 20000

	// maxDepth is how many manifests are read on the way to an image's config: an index
	// may list another one.
	maxDepth = 4

	// maxCounted bounds for how many images of a run this is done where it counts against
	// a limit: Docker Hub allows 100 in 6 hours.
	maxCounted = 10

	whyNotFetched = "not asked: Docker Hub counts this as a pull"
)

// A content is a descriptor, and its bytes where they are already there.
type content struct {
	ocispec.Descriptor
	body []byte
}

// countsPulls reports whether GETs of manifests at ep count against a limit that HEADs do
// not. (docs.docker.com/docker-hub/usage/pulls)
func countsPulls(ep registry.Endpoint) bool {
	u := url.URL{Host: ep.Host}
	return slices.Contains([]string{"registry-1.docker.io", "index.docker.io", "docker.io"}, u.Hostname())
}

// fetches reports whether the image's content is asked for too.
func (w *walk) fetches(ask Ask) bool {
	return !countsPulls(w.endpoint) || ask.Content && w.counted.Add(1) <= maxCounted
}

// fetchConfigOf walks from what the tag resolved to, down to the descriptor of the config of
// the platform's image, as containerd would fetch them. (core/images/image.go, Manifest)
func (w *walk) fetchConfigOf(ctx context.Context, s *Step, top content) (ocispec.Descriptor, error) {
	for range maxDepth {
		if top.body == nil {
			body, err := w.fetch(ctx, w.asked.ManifestURL(top.Digest.String()), top.Descriptor, maxManifest)
			if err != nil {
				return ocispec.Descriptor{}, err
			}
			top.body = body
		}
		if !types.MediaType(top.MediaType).IsIndex() {
			var manifest ocispec.Manifest
			err := decode(top, &manifest)
			return manifest.Config, err
		}
		var index ocispec.Index
		if err := decode(top, &index); err != nil {
			return ocispec.Descriptor{}, err
		}
		s.Platforms = platformsOf(index)
		next, ok := choose(index)
		if !ok {
			return next, faultf(cause.PlatformMismatch, "no match for platform in manifest: it has %s, the node wants %s",
				nonEmpty(s.Platforms), platforms.Format(nodePlatform))
		}
		top = content{Descriptor: next}
	}
	return ocispec.Descriptor{}, errors.New("the index leads to another index time and again")
}

func decode(c content, into any) error {
	if tooMany(c.body) {
		return fmt.Errorf("reading %s of type %q: it has more than %d members", c.Digest, c.MediaType, maxMembers)
	}
	if err := json.Unmarshal(c.body, into); err != nil {
		return faultf(cause.UnexpectedMediaType, "reading %s of type %q: %w", c.Digest, c.MediaType, err)
	}
	return nil
}

// tooMany reports whether the members of a JSON document, each but the first of a list
// after a comma, are more than maxMembers.
func tooMany(body []byte) bool { return bytes.Count(body, []byte(",")) > maxMembers }

// nodePlatform is linux on the architecture of this process, which runs on the node.
var nodePlatform = ocispec.Platform{OS: "linux", Architecture: runtime.GOARCH}

// choose returns the manifest that containerd takes for the node's platform; one that does
// not say for which it is counts where no other matches.
func choose(index ocispec.Index) (ocispec.Descriptor, bool) {
	matcher := platforms.Only(nodePlatform)
	matching := slices.DeleteFunc(slices.Clone(index.Manifests), func(d ocispec.Descriptor) bool {
		return d.Platform != nil && !matcher.Match(*d.Platform)
	})
	if len(matching) == 0 {
		return ocispec.Descriptor{}, false
	}
	return slices.MinFunc(matching, func(a, b ocispec.Descriptor) int {
		switch {
		case a.Platform == nil || b.Platform == nil:
			return first(a.Platform != nil, b.Platform != nil)
		case matcher.Less(*a.Platform, *b.Platform):
			return -1
		case matcher.Less(*b.Platform, *a.Platform):
			return 1
		}
		return 0
	}), true
}

// platformsOf are those of an index, without what is for none, such as attestations.
func platformsOf(index ocispec.Index) []string {
	var all []string
	for _, d := range index.Manifests {
		if d.Platform == nil || d.Platform.OS == "unknown" {
			continue
		}
		if name := platforms.Format(*d.Platform); !slices.Contains(all, name) {
			all = append(all, name)
		}
	}
	return all
}

// walkBlob asks for the image's config, the smallest of its blobs: where that comes from,
// the layers come from too.
func (w *walk) walkBlob(config ocispec.Descriptor) {
	w.do(StepBlob, func(ctx context.Context, s *Step) error {
		s.URL = w.asked.BlobURL(config.Digest.String())
		s.Digest, s.MediaType = config.Digest.String(), config.MediaType
		if config.Size > maxConfig {
			s.Status, s.Error = Skipped, fmt.Sprintf("not asked: its config has %d bytes", config.Size)
			return nil
		}
		body, err := w.fetch(ctx, s.URL, config, maxConfig)
		s.Platforms = platformOf(body)
		return err
	})
}

// platformOf is the one that an image's config names; nil for what is no image. containerd
// pulls an image without an index whatever its platform (tried with 1.6.20, 1.7.22 and 2.4.2).
func platformOf(config []byte) []string {
	var p ocispec.Platform
	if tooMany(config) || json.Unmarshal(config, &p) != nil || p.OS == "" || p.Architecture == "" {
		return nil
	}
	return []string{platforms.Format(p)}
}

// fetch gets what d describes, whole and with that digest.
func (w *walk) fetch(ctx context.Context, from string, d ocispec.Descriptor, limit int64) ([]byte, error) {
	what := fmt.Sprintf("fetching %s %s", kindOf(d), d.Digest)
	if err := d.Digest.Validate(); err != nil {
		return nil, faultf(cause.BlobFetchFailed, "%s: %w", what, err)
	}
	u, err := url.Parse(from)
	if err != nil {
		return nil, err
	}
	if d.Size > 0 {
		limit = min(limit, d.Size)
	}
	a, err := w.send(ctx, request{
		method: http.MethodGet, url: u, accept: d.MediaType + ", */*", authorization: w.authorization, limit: limit,
	})
	if err == nil && !a.ok() {
		err = w.statusFault(a)
	}
	if err != nil {
		return nil, unfetched(what, err)
	}
	if err := whole(a, d); err != nil {
		f := blame(fmt.Errorf("%s: %w", what, err))
		f.target = w.target(a.url)
		return nil, &f
	}
	return a.body, nil
}

// unfetched is err where it befell the fetching of what a tag had resolved to.
func unfetched(what string, err error) error {
	f := blame(err)
	f.cause = cause.Fetching(f.cause, f.target == "")
	f.err = fmt.Errorf("%s: %w", what, err)
	return &f
}

// whole decides whether the body of a is what d describes.
func whole(a *answer, d ocispec.Descriptor) error {
	got := int64(len(a.body))
	switch {
	case errors.Is(a.bodyErr, errTooLong):
		return faultf(cause.DigestMismatch, "it has more than the %d bytes that it should have", got)
	case a.bodyErr != nil:
		return a.bodyErr
	case got < d.Size:
		return faultf(cause.BlobTruncated, "it has %d of %d bytes: %w", got, d.Size, io.ErrUnexpectedEOF)
	}
	if sum := d.Digest.Algorithm().FromBytes(a.body); sum != d.Digest {
		return faultf(cause.DigestMismatch, "its digest is %s", sum)
	}
	return nil
}

func kindOf(d ocispec.Descriptor) string {
	switch t := types.MediaType(d.MediaType); {
	case t.IsIndex():
		return "index"
	case t.IsImage():
		return "manifest"
	}
	return "config"
}

// describe is the descriptor of what answered for the tag. Where a GET did, with the bytes
// of that digest, they need not be asked for again.
func describe(dg, media string, a *answer) content {
	c := content{Descriptor: ocispec.Descriptor{MediaType: media, Digest: digest.Digest(dg), Size: max(a.length, 0)}}
	if a.method == http.MethodGet && a.bodyErr == nil && digest.FromBytes(a.body) == c.Digest {
		c.body = a.body
	}
	return c
}

func nonEmpty(names []string) string {
	if len(names) == 0 {
		return "none"
	}
	return fmt.Sprint(names)
}
