package diagnose_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

var update = flag.Bool("update", false, "rewrite the wanted diagnoses")

// TestCases runs one real-world case a file: an archive of the node's files, an image a
// line in "images", the runtime's journal in "journal", what the probe is to have seen in
// "probes", what must come of it in "want", and what a reader must be told of it in "text".
// The comment above says what the case is about.
func TestCases(t *testing.T) {
	for _, path := range cases(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) { runCase(t, path) })
	}
}

func cases(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal("no cases", err)
	}
	return files
}

func runCase(t *testing.T, path string) {
	archive, err := txtar.ParseFile(path)
	if err != nil {
		t.Fatal(err)
	}
	node, parts := split(archive)
	ev := gather(t, node, parts)
	d := diagnose.Diagnose(ev)
	got, text := describe(d), told(t, d, ev)
	if *update {
		rewrite(t, path, archive, got, text)
		return
	}
	if diff := cmp.Diff(parts["want"], got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if diff := cmp.Diff(parts["text"], text); diff != "" {
		t.Errorf("text, -want +got:\n%s", diff)
	}
}

// split parts the files of a node from what else an archive holds. A file of "<ca>", "<cert>" or
// "<key>" holds a certificate or key of a client of that authority.
func split(archive *txtar.Archive) (fstest.MapFS, map[string]string) {
	node, parts := fstest.MapFS{}, map[string]string{}
	written := time.Date(2026, 11, 20, 6, 0, 0, 0, time.UTC)
	for _, f := range archive.Files {
		switch f.Name {
		case "images", "journal", "probes", "want", "text":
			parts[f.Name] = string(f.Data)
		default:
			if pem, ok := pems()[strings.TrimSpace(string(f.Data))]; ok {
				f.Data = pem
			}
			node[f.Name] = &fstest.MapFile{Data: f.Data, Mode: 0o644, ModTime: written}
		}
	}
	return node, parts
}

var pems = sync.OnceValue(func() map[string][]byte {
	ca := probetest.NewCA("Example CA")
	cert, key := probetest.PairPEM(ca.Server("client"))
	return map[string][]byte{"<ca>": ca.PEM(), "<cert>": cert, "<key>": key}
})

func gather(t *testing.T, root fs.FS, parts map[string]string) diagnose.Evidence {
	t.Helper()
	node := registry.ReadNode(root)
	var scanner logparse.Scanner
	names, err := logparse.Files(root, strings.TrimPrefix(node.LogPath, "/"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if f, err := root.Open(name); err == nil {
			if _, err := scanner.Scan("/"+name, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	if _, err := scanner.Scan("journal", strings.NewReader(parts["journal"])); err != nil {
		t.Fatal(err)
	}
	if v := scanner.ContainerdVersion(); v != "" {
		node.ContainerdVersion = v
	}
	config := registry.Load(node)
	ev := diagnose.Evidence{
		Node: node, Config: config, Pulls: scanner.Pulls(), Agent: scanner.Agent(),
		Images: strings.Fields(parts["images"]), Sources: append(node.Sources, config.Sources...),
	}
	var seen []registry.Reference
	for _, p := range ev.Pulls {
		if ref, err := registry.ParseReference(p.Image); err == nil {
			seen = append(seen, ref)
		}
		if p.Failures > 0 {
			ev.Routes = append(ev.Routes, route(t, config, p.Image))
		}
	}
	for _, image := range ev.Images {
		ev.Routes = append(ev.Routes, route(t, config, image))
	}
	config.Issues = config.Lint(seen)
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

// probes reads lines of "URL ok", "URL STEP CAUSE [target=URL] ERROR…", each for every image
// that is asked there, or for the endpoint alone; "URL IMAGE ok" and so on for one image. An
// indented line below is what else the result holds, as JSON.
func probes(t *testing.T, ev diagnose.Evidence, text string) []probe.Result {
	t.Helper()
	seen, last := map[string][]string{}, ""
	details := map[string]string{}
	for line := range strings.Lines(text) {
		fields := strings.Fields(line)
		switch {
		case strings.HasPrefix(line, " "):
			details[last] += line
		case strings.Contains(fields[1], "/"):
			last = fields[0] + " " + fields[1]
			seen[last] = fields[2:]
		default:
			last = fields[0]
			seen[last] = fields[1:]
		}
	}
	var all []probe.Result
	add := func(ask probe.Ask) {
		for _, key := range []string{ask.Endpoint.Spelling() + " " + ask.Image.Name, ask.Endpoint.Spelling()} {
			if fields, ok := seen[key]; ok {
				all = append(all, result(t, ask, fields, details[key]))
				return
			}
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
			if !slices.ContainsFunc(all, func(r probe.Result) bool { return r.Endpoint.Spelling() == ep.Spelling() }) {
				add(probe.Ask{Endpoint: ep})
			}
		}
	}
	return all
}

func result(t *testing.T, ask probe.Ask, fields []string, details string) probe.Result {
	t.Helper()
	r := probe.Result{Ask: ask, Status: probe.OK, Reachable: true, Time: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	if fields[0] != probe.OK {
		step := fields[0]
		r.Status, r.Cause = probe.Failed, cause.Cause(fields[1])
		if target, ok := strings.CutPrefix(fields[2], "target="); ok {
			r.Target, fields = target, fields[1:]
		}
		r.Error = strings.Join(fields[2:], " ")
		r.Reachable = step == probe.StepManifest || step == probe.StepBlob
		r.Steps = []probe.Step{{Name: step, Status: probe.Failed, Cause: r.Cause, Error: r.Error}}
	}
	switch r.Cause {
	case cause.NotFound:
		r.StatusCode = 404
	case cause.ServerError:
		r.StatusCode = 500
	case cause.Forbidden:
		r.StatusCode = 403
	}
	for more := json.NewDecoder(strings.NewReader(details)); more.More(); {
		if err := more.Decode(&r); err != nil {
			t.Fatalf("%s: %v", details, err)
		}
	}
	return r
}

// told is the text report down to its verdict.
func told(t *testing.T, d diagnose.Diagnosis, ev diagnose.Evidence) string {
	t.Helper()
	var b strings.Builder
	if err := report.New(d, ev.Sources).WriteText(&b, report.TextOptions{}); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	end := strings.Index(text, string(d.Verdict)+": ")
	return text[:end+strings.Index(text[end:], "\n")+1]
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
		for _, n := range f.Evidence {
			place := ""
			if n.File != "" {
				place = fmt.Sprintf(" (%s:%d)", filepath.Base(n.File), n.Line)
			}
			fmt.Fprintf(&b, "  seen %s%s\n", n.Text, place)
		}
		for _, n := range f.Fix {
			text, _, _ := strings.Cut(n.Text, "\n") // the patch stands below
			fmt.Fprintf(&b, "  fix %s\n", strings.TrimSpace(n.Command+" # "+text))
		}
	}
	b.WriteString(d.Patch)
	return b.String()
}

func rewrite(t *testing.T, path string, archive *txtar.Archive, want, text string) {
	t.Helper()
	archive.Files = slices.DeleteFunc(archive.Files, func(f txtar.File) bool { return f.Name == "want" || f.Name == "text" })
	archive.Files = append(archive.Files, txtar.File{Name: "want", Data: []byte(want)}, txtar.File{Name: "text", Data: []byte(text)})
	if err := os.WriteFile(path, txtar.Format(archive), 0o644); err != nil {
		t.Fatal(err)
	}
}
