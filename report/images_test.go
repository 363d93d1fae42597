package report

import (
	"bufio"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
)

// TestImages groups images by their fate, those that are missing first.
func TestImages(t *testing.T) {
	r := Report{Images: []diagnose.Image{
		{Image: "quay.io/a/late:1", Status: diagnose.ImageUnknown, Cause: cause.TimeoutDeadline},
		{Image: "quay.io/a/arm:1", Status: diagnose.Unavailable, Cause: cause.PlatformMismatch, Platforms: []string{"linux/arm64", "windows/amd64"}},
		{Image: "No Image", Status: diagnose.Unavailable, Cause: cause.InvalidReference},
	}}
	for i := range 12 {
		r.Images = append(r.Images, diagnose.Image{Image: fmt.Sprintf("docker.io/a/b:%d", i), Status: diagnose.Available, Endpoint: "https://mirror.example.com"})
	}
	for _, tag := range []string{"x", "y"} {
		r.Images = append(r.Images, diagnose.Image{
			Image: "docker.io/a/b:" + tag, Status: diagnose.Unavailable, Cause: cause.NotFound,
			Copy:     "crane copy docker.io/a/b:" + tag + " mirror.example.com/a/b:" + tag,
			Attempts: []logparse.Attempt{{Endpoint: "https://mirror.example.com", Cause: cause.NotFound}},
		})
	}
	const missing = `17 images asked for: 4 unavailable, 12 available, 1 unknown
  unavailable 2 images: not_found at https://mirror.example.com; this brings
              them there, as docker pull, tag and push do
              $ crane copy docker.io/a/b:x mirror.example.com/a/b:x
              $ crane copy docker.io/a/b:y mirror.example.com/a/b:y
  unavailable 1 image: platform_mismatch
              quay.io/a/arm:1 (linux/arm64, windows/amd64)
  unavailable 1 image: invalid_reference
              No Image
  unknown     1 image: timeout_deadline
              quay.io/a/late:1
  available   12 images: from https://mirror.example.com
`
	if diff := cmp.Diff(missing, strings.Split(imagesText(&r, TextOptions{}), "              docker.io/a/b:0\n")[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if text := imagesText(&r, TextOptions{}); !strings.Contains(text, "docker.io/a/b:9\n              and 2 more; -v names them\n") {
		t.Errorf("what is available is not cut short:\n%s", text)
	}
	if text := imagesText(&r, TextOptions{Verbose: true}); !strings.Contains(text, "docker.io/a/b:11\n") {
		t.Errorf("-v does not name all:\n%s", text)
	}
	if text := imagesText(&Report{}, TextOptions{}); text != "" {
		t.Errorf("without images: %q", text)
	}
}

func imagesText(r *Report, o TextOptions) string {
	var out bytes.Buffer
	p := newPrinter(bufio.NewWriter(&out), o)
	r.images(p)
	p.w.Flush()
	return out.String()
}
