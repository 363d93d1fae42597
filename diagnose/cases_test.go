package diagnose_test

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

var update = flag.Bool("update", false, "rewrite the wanted diagnoses")

// TestCases runs one real-world case a file: an archive of the node's files, an image a
// line in "images", what the probe is to have seen in "probes", and what must come of it in
// "want". The comment above says what the case is about.
func TestCases(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	for _, path := range files {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { runCase(t, path) })
	}
}

func runCase(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	node, parts := fstest.MapFS{}, map[string]string{}
	for _, f := range archive.Files {
		switch f.Name {
		case "images", "probes", "want":
			parts[f.Name] = string(f.Data)
		default:
			node[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644}
		}
	}
	got := describe(diagnose.Diagnose(gather(t, node, parts)))
	if *update {
		rewrite(t, path, archive, got)
		return
	}
	if diff := cmp.Diff(parts["want"], got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func gather(t *testing.T, root fs.FS, parts map[string]string) diagnose.Evidence {
	t.Helper()
	node := registry.ReadNode(root)
	var scanner logparse.Scanner
	for _, name := range logparse.Files(root, strings.TrimPrefix(node.LogPath, "/")) {
		if f, err := root.Open(name); err == nil {
			if _, err := scanner.Scan("/"+name, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	config := registry.Load(node)
	ev := diagnose.Evidence{
		Node: node, Config: config, Pulls: scanner.Pulls(),
		Images: strings.Fields(parts["images"]), Sources: append(node.Sources, config.Sources...),
	}
	for _, p := range ev.Pulls {
		ev.Routes = append(ev.Routes, route(t, config, p.Image))
	}
	for _, image := range ev.Images {
		ev.Routes = append(ev.Routes, route(t, config, image))
	}
	ev.Probes = probes(t, ev, parts["probes"])
	return ev
}

func route(t *testing.T, config *registry.Config, image string) diagnose.Route {
	t.Helper()
	r := diagnose.Route{Image: image}
	ref, err := registry.ParseReference(image)
	if err != nil {
		r.Err = &registry.RouteError{Stage: registry.StageReference, Message: err.Error()}
		return r
	}
	r.Endpoints, err = config.Endpoints(ref)
	if err != nil && !errors.As(err, &r.Err) {
		t.Fatal(err)
	}
	return r
}

// probes reads lines of "URL ok", "URL STEP CAUSE [target=URL] ERROR…", each for every image that is
// asked there, or for the endpoint alone.
func probes(t *testing.T, ev diagnose.Evidence, text string) []probe.Result {
	t.Helper()
	seen := map[string][]string{}
	for line := range strings.Lines(text) {
		if fields := strings.Fields(line); len(fields) > 1 {
			seen[fields[0]] = fields[1:]
		}
	}
	var all []probe.Result
	add := func(ask probe.Ask) {
		if fields, ok := seen[ask.Endpoint.Spelling()]; ok {
			all = append(all, result(ask, fields))
		}
	}
	for _, r := range ev.Routes {
		ref, _ := registry.ParseReference(r.Image)
		for _, ep := range r.Endpoints {
			add(probe.Ask{Endpoint: ep, Image: ref})
		}
	}
	for _, r := range ev.Config.Registries() {
		for _, ep := range r.Endpoints {
			add(probe.Ask{Endpoint: ep})
		}
	}
	return all
}

func result(ask probe.Ask, fields []string) probe.Result {
	r := probe.Result{Ask: ask, Status: probe.OK, Reachable: true, Time: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	if fields[0] == probe.OK {
		return r
	}
	r.Status, r.Cause = probe.Failed, cause.Cause(fields[1])
	if target, ok := strings.CutPrefix(fields[2], "target="); ok {
		r.Target, fields = target, fields[1:]
	}
	r.Error = strings.Join(fields[2:], " ")
	r.Reachable = fields[0] == probe.StepManifest
	r.Steps = []probe.Step{{Name: fields[0], Status: probe.Failed, Cause: r.Cause, Error: r.Error}}
	switch r.Cause {
	case cause.NotFound:
		r.StatusCode = 404
	case cause.ServerError:
		r.StatusCode = 500
	}
	return r
}

// describe is the diagnosis in the form of "want".
func describe(d diagnose.Diagnosis) string {
	var b strings.Builder
	fmt.Fprintf(&b, "verdict %s\n", d.Verdict)
	for _, p := range d.Pulls {
		fmt.Fprintf(&b, "pull %s %s failures=%d", p.Image, p.Status, p.Failures)
		if rc := p.RootCause; rc != nil {
			fmt.Fprintf(&b, " root=%s endpoint=%q hidden=%t %s", rc.Cause, rc.Endpoint, rc.Hidden, rc.HiddenBecause)
		}
		b.WriteString("\n")
		for _, a := range p.Attempts {
			fmt.Fprintf(&b, "  attempt %q default=%t %s %s\n", a.Endpoint, a.Default, a.Cause, a.Source)
		}
	}
	for _, img := range d.Images {
		fmt.Fprintf(&b, "image %s %s %q %s\n", img.Image, img.Status, img.Endpoint, img.Cause)
	}
	for _, f := range d.Findings {
		code := strings.Join(append([]string{f.Code}, f.Also...), "+")
		fmt.Fprintf(&b, "%s %s %s %q images=%d file=%q:%d\n", f.Severity, f.Basis, code, f.Endpoint, len(f.Images), f.File, f.Line)
		fmt.Fprintf(&b, "  %s\n", f.Detail)
		for _, n := range f.Fix {
			fmt.Fprintf(&b, "  fix %s\n", strings.TrimSpace(n.Command+" # "+n.Text))
		}
	}
	return b.String()
}

func rewrite(t *testing.T, path string, archive *txtar.Archive, want string) {
	t.Helper()
	for i, f := range archive.Files {
		if f.Name == "want" {
			archive.Files = append(archive.Files[:i], archive.Files[i+1:]...)
			break
		}
	}
	archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
