package report

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// defaultWidth is that of the terminals that a rescue console gives.
const defaultWidth = 80

// WriteText writes the report for people: what fails, what Kubernetes says of it, the cause
// and what to type first, everything else below. width is in columns; 0 means 80.
func (r *Report) WriteText(w io.Writer, width int) error {
	if width <= 0 {
		width = defaultWidth
	}
	p := &printer{w: bufio.NewWriter(w), width: width}
	for _, f := range r.Findings {
		if f.Severity != diagnose.Info || f.Basis != diagnose.Configured {
			r.finding(p, f)
		}
	}
	r.images(p)
	r.summary(p)
	r.endpoints(p)
	r.sources(p)
	return p.w.Flush()
}

func (r *Report) finding(p *printer, f diagnose.Finding) {
	p.line("%s", r.headline(f))
	pull := r.pullOf(f)
	if pull != nil && pull.ReportedError != "" {
		p.tail("Kubernetes says:", wrappers.ReplaceAllString(pull.ReportedError, ""))
	}
	p.field("Cause:", f.Code+r.at(f))
	p.field("Because:", because(f))
	if pull != nil && pull.RootCause.HiddenBecause != "" {
		p.field("Hidden because:", pull.RootCause.HiddenBecause)
	}
	for i, fix := range f.Fix {
		p.advice(fix, i == 0)
	}
	p.line("")
}

// wrappers is what stands before the reason in every error of a pull.
var wrappers = regexp.MustCompile(`^(rpc error: code = \w+ desc = )?(failed to pull and unpack image "[^"]*": )?(failed to resolve (reference "[^"]*"|image): )?`)

// headline says what fails.
func (r *Report) headline(f diagnose.Finding) string {
	switch {
	case len(f.Images) > 0 && f.Severity == diagnose.Info:
		return named(f.Images) + " could not be pulled, and has recovered"
	case len(f.Images) > 0:
		return named(f.Images) + " cannot be pulled"
	case f.Endpoint != "":
		return f.Endpoint + ": " + f.Title
	case f.Line > 0:
		return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Column, f.Title)
	}
	return f.Title
}

func named(images []string) string {
	name := images[0]
	if name == "" {
		name = "an image that the text does not name"
	}
	if len(images) > 1 {
		name += fmt.Sprintf(" and %d more", len(images)-1)
	}
	return name
}

// at says where, and which place in the order of endpoints that is.
func (r *Report) at(f diagnose.Finding) string {
	if f.Endpoint == "" {
		return ""
	}
	text := " at " + f.Endpoint
	for _, reg := range r.Registries {
		if reg.Name != f.Registry {
			continue
		}
		all := reg.Endpoints
		if reg.DefaultEndpoint != "" {
			all = append(slices.Clone(all), reg.DefaultEndpoint)
		}
		if i := slices.Index(all, f.Endpoint); i >= 0 && len(all) > 1 {
			return fmt.Sprintf("%s, endpoint %d of %d", text, i+1, len(all))
		}
	}
	return text
}

// because is the detail, with the place of the evidence.
func because(f diagnose.Finding) string {
	for _, n := range f.Evidence {
		if n.File != "" {
			return fmt.Sprintf("%s (%s)", f.Detail, place(n.File, n.Line))
		}
	}
	return f.Detail
}

func place(file string, line int) string {
	if line == 0 {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

func (r *Report) pullOf(f diagnose.Finding) *diagnose.Pull {
	for i, p := range r.Pulls {
		if p.RootCause != nil && p.RootCause.Finding == f.ID {
			return &r.Pulls[i]
		}
	}
	return nil
}

func (r *Report) images(p *printer) {
	for _, img := range r.Images {
		switch img.Status {
		case diagnose.Available:
			p.line("%s: available from %s", img.Image, img.Endpoint)
		case diagnose.ImageUnknown:
			p.line("%s: unknown, not every endpoint was asked", img.Image)
		}
	}
}

// summary is one line on the verdict, and one on the node.
func (r *Report) summary(p *printer) {
	failing, recovered := 0, 0
	for _, pull := range r.Pulls {
		switch pull.Status {
		case diagnose.Failing:
			failing++
		case diagnose.Recovered:
			recovered++
		}
	}
	p.line("%s: %s failing, %d recovered, %d succeeded; %s", r.Verdict, count(failing, "pull"), recovered,
		len(r.Pulls)-failing-recovered, r.reached())
	p.line("%s: %s, containerd %s", orUnknown(r.Node.Hostname), r.Node.Distribution, orUnknown(strings.TrimPrefix(r.Node.ContainerdVersion, "v")))
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
	if r.Verdict == diagnose.Healthy {
		return
	}
	for _, e := range r.Endpoints {
		text := e.URL + " (" + strings.Join(e.Registries, ", ")
		if e.Default {
			text += ", default"
		}
		text += ")"
		if e.Status == probe.Failed {
			text += ": " + string(e.Cause) + ": " + e.Error
		}
		p.field(e.Status, text)
	}
}

func (r *Report) sources(p *printer) {
	var read []string
	for _, s := range r.Sources {
		switch s.Status {
		case registry.StatusRead:
			read = append(read, s.Path)
		case registry.StatusUnreadable:
			p.field("unreadable", s.Path+": "+s.Detail)
		case registry.StatusAbsent:
			if s.Detail != "" {
				p.field("absent", s.Path+": "+s.Detail)
			}
		}
	}
	if r.Verdict == diagnose.Healthy {
		p.line("read %s, %s of log", count(len(read), "file"), count(r.logLines(), "line"))
	} else if len(read) > 0 {
		p.field("read", strings.Join(read, ", "))
	}
}

func (r *Report) logLines() int {
	lines := 0
	for _, s := range r.Sources {
		lines += s.Lines
	}
	return lines
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func orUnknown(s string) string {
	if s == "" {
		return "unknown"
	}
	return s
}
