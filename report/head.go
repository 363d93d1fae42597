package report

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/diagnose"
)

// headLines is how many lines a finding takes at most before the next one.
const headLines = 7

// head says in at most headLines lines what fails, what Kubernetes says of it, what is really
// wrong and where, and what to type. The whole of it stands in the details.
func (r *Report) head(p *printer, f diagnose.Finding) {
	p.bold(headline(f))
	said, hidden := "", ""
	if pull := r.pullOf(f); pull != nil {
		said, hidden = kubernetesSays(p, pull.ReportedError), pull.RootCause.HiddenBecause
	}
	fields := []*field{ // the first gives way first where there are too many lines
		{label: "Kubernetes says:", text: said, keepEnd: true},
		{label: "Cause:", text: f.Code + r.at(f)},
		{label: "Because:", text: f.Detail, suffix: evidenceAt(f)},
		{label: "Hidden because:", text: hidden},
		typeField(f.Fix),
	}
	p.fields(fields, headLines-1)
	p.line("")
}

// typeField is the first step of the fix; a command stands whole, it is to be pasted.
func typeField(fix []diagnose.Note) *field {
	switch {
	case len(fix) == 0:
		return &field{}
	case fix[0].Command != "":
		return &field{label: "Type:", text: fix[0].Command, whole: true}
	}
	return &field{label: "Type:", text: fix[0].Text}
}

var (
	// wrappers is what stands before the reason in every error of a pull.
	wrappers = regexp.MustCompile(`^(rpc error: code = \w+ desc = )?(failed to pull and unpack image "[^"]*": )?(failed to resolve (reference "[^"]*"|image): )?`)

	urlPaths = regexp.MustCompile(`(https?://[^/\s"]+)/[^\s":]+`)
)

// kubernetesSays is what tells one error from another: without the image's name, which
// stands above, and without the paths of URLs.
func kubernetesSays(p *printer, reported string) string {
	return urlPaths.ReplaceAllString(wrappers.ReplaceAllString(reported, ""), "$1/"+p.ellipsis())
}

// headline says what fails.
func headline(f diagnose.Finding) string {
	switch {
	case len(f.Images) > 0 && f.Severity == diagnose.Info:
		return named(f.Images) + " could not be pulled, and has recovered"
	case len(f.Images) > 0:
		return named(f.Images) + " cannot be pulled"
	case f.Endpoint != "":
		return f.Endpoint + ": " + f.Title
	case f.File != "":
		return place(f.File, f.Line) + ": " + f.Title
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
			return text + fmt.Sprintf(" (%d"+noBreak+"of"+noBreak+"%d)", i+1, len(all))
		}
	}
	return text
}

// evidenceAt is where the evidence stands, by the file's name: its path is in the details.
func evidenceAt(f diagnose.Finding) string {
	for _, n := range f.Evidence {
		if n.File != "" {
			return " (" + place(path.Base(n.File), n.Line) + ")"
		}
	}
	return ""
}

func withPlace(n diagnose.Note) string {
	if n.File == "" {
		return n.Text
	}
	return fmt.Sprintf("%s (%s)", n.Text, place(n.File, n.Line))
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

// details are each finding in full: what else it concerns, all evidence, all steps of the fix.
func (r *Report) details(p *printer) {
	for _, f := range r.Findings {
		if !shown(f) && !p.Verbose {
			continue
		}
		p.title(strings.TrimSpace(f.Code + r.at(f)))
		if len(f.Images) > 1 {
			p.field("images", strings.Join(f.Images, ", "))
		}
		p.field("meaning", f.Detail)
		if len(f.Also) > 0 {
			p.field("also", strings.Join(f.Also, ", "))
		}
		for _, n := range f.Evidence {
			p.field("evidence", withPlace(n))
		}
		for i, n := range f.Fix {
			p.step(i+1, n)
		}
	}
}
