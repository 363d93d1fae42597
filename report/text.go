package report

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// TextOptions say how a report is laid out. The zero value is for a file: 80 columns, no
// colour, UTF-8.
type TextOptions struct {
	Width   int  // columns; below 40 means 80
	Color   bool // escape sequences for bold and colours
	ASCII   bool // nothing beyond ASCII of its own
	Verbose bool // steps, certificates, timings and the log's own words
}

// WriteText writes the report for people: what fails, what Kubernetes says of it, the cause
// and what to type first, everything else below.
func (r *Report) WriteText(w io.Writer, o TextOptions) error {
	p := newPrinter(bufio.NewWriter(w), o)
	for _, f := range r.Findings {
		if shown(f) {
			r.head(p, f)
		}
	}
	r.images(p)
	r.summary(p)
	if r.Verdict != diagnose.Healthy || o.Verbose {
		r.details(p)
		if o.Verbose {
			r.pulls(p)
		}
		r.endpoints(p)
		r.sources(p)
	}
	return p.w.Flush()
}

// shown keeps what is only worth knowing of a configuration out of the way.
func shown(f diagnose.Finding) bool {
	return f.Severity != diagnose.Info || f.Basis != diagnose.Configured
}

// summary is one line on the verdict, one on the node as far as it is known, one on what it
// rests on, and one on what was left out.
func (r *Report) summary(p *printer) {
	p.line("%s: %s; %s", r.Verdict, strings.Join(r.counted(), ", "), r.reached())
	if known := r.Node.known(); known != "" {
		p.line("%s", known)
	}
	files, lines := 0, 0
	for _, s := range r.Sources {
		lines += s.Lines
		if s.Status == registry.StatusRead {
			files++
		}
	}
	p.line("read %s, %s of log, %s", count(files, "file"), count(lines, "line"), r.Time.UTC().Format("2006-01-02 15:04:05 MST"))
	for _, s := range r.Sources {
		if s.Status == registry.StatusRead && s.Log() && s.Detail != "" {
			p.line("%s: %s", s.Path, s.Detail)
		}
	}
}

// counted says how many pulls the log tells of, and how many of the images that were asked
// for can be had.
func (r *Report) counted() []string {
	states := map[string]int{}
	for _, pull := range r.Pulls {
		states[pull.Status]++
	}
	var counts []string
	if len(r.Images) > 0 {
		available := 0
		for _, i := range r.Images {
			if i.Status == diagnose.Available {
				available++
			}
		}
		counts = append(counts, fmt.Sprintf("%d of %s available", available, count(len(r.Images), "image")))
	}
	switch {
	case len(r.Pulls) > 0:
		counts = append(counts, count(states[diagnose.Failing], "pull")+" failing",
			fmt.Sprintf("%d recovered", states[diagnose.Recovered]), fmt.Sprintf("%d succeeded", states[diagnose.Succeeded]))
	case len(r.Images) > 0:
	case slices.ContainsFunc(r.Sources, func(s registry.Source) bool { return s.Log() && s.Status == registry.StatusRead }):
		counts = append(counts, "no pull in the log")
	default:
		counts = append(counts, "no log was read")
	}
	return counts
}

// known is what is known of the node, "" for nothing.
func (n Node) known() string {
	version, known := strings.TrimPrefix(n.ContainerdVersion, "v"), ""
	switch {
	case version != "":
		known = "containerd " + version
	case n.Distribution != registry.Unknown:
		known = "containerd of an unknown version"
	}
	switch n.Distribution {
	case registry.Unknown:
	case registry.Containerd:
		known = "plain " + known
	default:
		known = n.Distribution + ", " + known
	}
	if n.Hostname != "" && known != "" {
		known = n.Hostname + ": " + known
	}
	return cmp.Or(known, n.Hostname)
}

func (r *Report) reached() string {
	asked, ok := 0, 0
	for _, e := range r.Endpoints {
		if e.Status != probe.Skipped {
			asked++
		}
		if e.Reachable {
			ok++
		}
	}
	if asked == 0 {
		return "no endpoint was asked"
	}
	return fmt.Sprintf("%d of %s reachable", ok, count(asked, "endpoint"))
}

func (r *Report) endpoints(p *printer) {
	if len(r.Endpoints) > 0 {
		p.title("Endpoints")
	}
	for _, e := range r.Endpoints {
		text := e.URL + " (" + strings.Join(e.Registries, ", ")
		if e.Default {
			text += ", default"
		}
		text += ")"
		status := e.Status
		switch {
		case e.ExpectedMiss:
			status, text = "miss", text+": no node of the cluster has the image, as is normal"
		case e.Status == probe.Failed:
			text += ": " + string(e.Cause) + ": " + e.Error
		}
		p.field(status, text)
		if p.Verbose {
			steps(p, e)
		}
	}
}

// sources are the files that the report rests on, those that could not be read first.
func (r *Report) sources(p *printer) {
	if len(r.Sources) > 0 {
		p.title("Sources")
	}
	for _, s := range r.Sources {
		if s.Status == registry.StatusRead && !p.Verbose {
			continue
		}
		if s.Detail != "" {
			p.field(s.Status, s.Path+": "+s.Detail)
		} else {
			p.field(s.Status, s.Path)
		}
	}
	var read []string
	for _, s := range r.Sources {
		if s.Status == registry.StatusRead {
			read = append(read, s.Path)
		}
	}
	if len(read) > 0 && !p.Verbose {
		p.field(registry.StatusRead, strings.Join(read, ", "))
	}
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
