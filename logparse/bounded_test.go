package logparse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func images(pulls []Pull) []string {
	var names []string
	for _, p := range pulls {
		names = append(names, p.Image)
	}
	return names
}

func TestChanged(t *testing.T) {
	var s Scanner
	fail := func(second int, image string) {
		s.Line("x", second, []byte(failedAt(day.Add(time.Duration(second)*time.Second), "registry.example.com/"+image)))
	}
	fail(1, "a:1")
	fail(2, "b:1")
	if got := images(s.Changed()); !slices.Equal(got, []string{"registry.example.com/a:1", "registry.example.com/b:1"}) {
		t.Errorf("first: %q", got)
	}
	if got := s.Changed(); got != nil {
		t.Errorf("nothing happened: %+v", got)
	}
	fail(100, "b:1")
	if got := s.Changed(); len(got) != 1 || got[0].Failures != 2 {
		t.Errorf("b failed again: %+v", got)
	}
}

// TestManyImages reads a log of more images than are remembered: the last ones count.
func TestManyImages(t *testing.T) {
	var log strings.Builder
	for i := range 3 * maxImages {
		log.WriteString(failedAt(day.Add(time.Duration(i)*time.Second), fmt.Sprintf("registry.example.com/a:%d", i)))
	}
	var s Scanner
	if _, err := s.Scan("x", strings.NewReader(log.String())); err != nil {
		t.Fatal(err)
	}
	pulls := s.Pulls()
	if want := fmt.Sprintf("registry.example.com/a:%d", 3*maxImages-1); len(pulls) > maxImages || pulls[0].Image != want {
		t.Errorf("%d images, the last %s, want %s", len(pulls), pulls[0].Image, want)
	}
}

// TestForget has room for new images however many were seen, and keeps those heard of last.
func TestForget(t *testing.T) {
	const keep, last = 50, 3 * maxImages
	var s Scanner
	for i := range last + 1 {
		at := day.Add(time.Duration(i) * time.Second)
		image := fmt.Sprintf("registry.example.com/a:%d", i)
		s.Line("x", i, fmt.Appendf(nil, `time=%q level=info msg="PullImage \"%s\""`, at.Format(time.RFC3339Nano), image))
		if i%2 == 0 {
			s.Line("x", i, []byte(failedAt(at, image)))
		}
		if i%1000 == 0 {
			s.Forget(keep)
		}
	}
	s.Forget(keep)
	var want []string
	for i := last; i > last-keep; i -= 2 {
		want = append(want, fmt.Sprintf("registry.example.com/a:%d", i))
	}
	if diff := cmp.Diff(want, images(s.Pulls())); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if want := last/2 + 1 - keep/2; s.Forgotten() != want {
		t.Errorf("%d failing images forgotten, want %d", s.Forgotten(), want)
	}
	if len(s.images) != keep || len(s.mention) != keep || len(s.open) != keep/2 {
		t.Errorf("%d images, %d mentioned, %d open", len(s.images), len(s.mention), len(s.open))
	}
}

// TestForgetKeepsFailing: however many images are pulled, one that fails is not lost among them.
func TestForgetKeepsFailing(t *testing.T) {
	var s Scanner
	s.Line("x", 1, []byte(failedAt(day, "registry.example.com/failing:1")))
	for i := range 3 * maxImages {
		s.Line("x", i, fmt.Appendf(nil, `time=%q level=info msg="PullImage \"registry.example.com/a:%d\" returns image reference \"sha256:1\""`, day.Format(time.RFC3339Nano), i))
	}
	failing := slices.ContainsFunc(s.Pulls(), func(p Pull) bool { return p.Failures == 1 })
	if !failing || s.Forgotten() != 0 {
		t.Errorf("the failing image is told: %v; %d forgotten", failing, s.Forgotten())
	}
}
