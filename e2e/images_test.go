package e2e

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/pullwhy/pullwhy/diagnose"
)

// manyImages is the name of a stage where a list of images is checked.
const manyImages = "many images"

// Of so many images the last few are in no registry.
const (
	listed  = 500
	missing = 5
)

// A tally counts what is asked of a site.
type tally struct {
	Connections int
	AtATime     int // most connections that were open together
	Requests    map[string]int

	mu   sync.Mutex
	open int
}

func (t *tally) track(_ net.Conn, state http.ConnState) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch state {
	case http.StateNew:
		t.Connections++
		t.open++
		t.AtATime = max(t.AtATime, t.open)
	case http.StateClosed:
		t.open--
	}
}

func (t *tally) count(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.mu.Lock()
		t.Requests[r.Method]++
		t.mu.Unlock()
		next.ServeHTTP(w, r)
	})
}

// site is one that is counted.
func (t *tally) site(s site) site {
	t.Requests = map[string]int{}
	inner := s.front
	s.conns, s.front = t.track, func(next http.Handler) http.Handler {
		if inner != nil {
			next = inner(next)
		}
		return t.count(next)
	}
	return s
}

// A survey is what came of checking the list.
type survey struct {
	Tool   printed
	Mirror tally
	Hub    tally
}

// TestManyImages checks a list as K3s publishes it against a real registry: all of it over
// a few connections, with no more requests than the walk of each image needs.
func TestManyImages(t *testing.T) {
	require(t)
	t.Parallel()
	tool := buildTool(t)
	var s survey
	if err := runInside(t, manyImages, "", tool, &s); err != nil {
		t.Fatal(err)
	}
	c := check{schema: schemaOf(t, tool)}
	r := c.read(s.Tool)
	if r == nil {
		t.Fatal(c.problems)
	}
	status := map[string]int{}
	for _, img := range r.Images {
		status[img.Status]++
	}
	c.same("images", fmt.Sprint(listed-missing, " available, ", missing, " unavailable"),
		fmt.Sprint(status[diagnose.Available], " available, ", status[diagnose.Unavailable], " unavailable"))
	c.same("exit", 1, s.Tool.Exit)
	requests := s.Mirror.Requests[http.MethodHead] + s.Mirror.Requests[http.MethodGet]
	if s.Mirror.AtATime > 4 || s.Mirror.Connections > 8 || len(s.Mirror.Requests) > 2 || requests > 3*listed+20 {
		c.wrong("asked of the mirror: %d connections, %d at a time, requests %v", s.Mirror.Connections, s.Mirror.AtATime, s.Mirror.Requests)
	}
	if s.Hub.AtATime > 4 || s.Hub.Requests[http.MethodGet] > 2*listed {
		c.wrong("asked of Docker Hub: %d connections at a time, requests %v", s.Hub.AtATime, s.Hub.Requests)
	}
	t.Logf("%d images in %d ms: mirror %d connections, %d at a time, requests %v; Docker Hub %d connections, requests %v", listed, r.DurationMS,
		s.Mirror.Connections, s.Mirror.AtATime, s.Mirror.Requests, s.Hub.Connections, s.Hub.Requests)
	for _, p := range c.problems {
		t.Error(p)
	}
}

// stageImages is the stage, seen from inside its namespaces. There is no containerd on it.
func stageImages() error {
	ctx, cancel := context.WithTimeout(context.Background(), scenarioLimit)
	defer cancel()
	var s survey
	st := &stage{scenario: scenario{registries: trusting, hub: 404, sites: map[string]site{}, lacks: true}, build: builds[0].name}
	st.sites[mirrorHost] = s.Mirror.site(site{})
	st.sites[hubHost] = s.Hub.site(st.usual()[hubHost])
	if err := enclose(); err != nil {
		return err
	}
	if err := st.raise(ctx); err != nil {
		return err
	}
	if err := st.layOut(); err != nil {
		return err
	}
	list := make([]string, listed)
	for i := range list {
		list[i] = fmt.Sprintf("docker.io/team/app-%03d:1.0", i)
	}
	if err := st.pushAll(list[:listed-missing]); err != nil {
		return err
	}
	file := "/mnt/images.txt"
	if err := put(file, strings.Join(list, "\n")); err != nil {
		return err
	}
	var err error
	if s.Tool, err = run(exec.CommandContext(ctx, os.Getenv(envTool), "--images-from", file, "-o", "json")); err != nil {
		return err
	}
	return tell(&s)
}

func (s *stage) pushAll(images []string) error {
	s.lacks = false
	var g errgroup.Group
	g.SetLimit(4)
	for _, image := range images {
		g.Go(func() error { return s.push(image) })
	}
	return g.Wait()
}
