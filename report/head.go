package report

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
)

// headLines is how many lines a finding takes at most before the next one.
const headLines = 7

// head says in at most headLines lines what fails, what Kubernetes says of it, what is really
// wrong and where, and what to type. The whole of it stands in the details.
func (r *Report) head(p *printer, f diagnose.Finding) {
	title := p.headline(p.short(r.headline(f)))
	h := headFields{
		said: &field{label: "Kubernetes says:", keepEnd: true}, where: &field{label: "Cause:", text: f.Code + r.at(f)},
		because: &field{label: "Because:", text: p.short(f.Detail), suffix: evidenceAt(f), clauses: furtherReasons()},
		hidden:  &field{label: "Hidden because:"}, do: &field{label: "Do:", clauses: furtherSteps()}, typed: &field{},
	}
	if pull := r.pullOf(f); pull != nil {
		h.said.text = p.short(kubernetesSays(p, pull.ReportedError))
		h.hidden.text, h.hidden.brief = pull.RootCause.HiddenBecause, inBrief(pull.RootCause.HiddenBecause)
	}
	if f.Severity != diagnose.Info {
		step, next := firstSteps(f.Fix)
		h.do.text, h.typed = step.Text, p.typeField(next)
	}
	p.lay(h.all()...)
	p.squeeze(headLines-title, h)
	p.fields(h.all()...)
	p.line("")
}

// headFields are the lines of a head.
type headFields struct{ said, where, because, hidden, do, typed *field }

func (h headFields) all() []*field {
	return []*field{h.said, h.where, h.because, h.hidden, h.do, h.typed}
}

// squeeze makes the fields fit: first they lose words that stand elsewhere too, then clauses,
// then what is to be looked at after something is done, and only then the end of a sentence.
func (p *printer) squeeze(room int, h headFields) {
	all := h.all()
	p.fit(room, all, h.said, h.hidden)
	if lines(all) > room {
		h.typed.suffix = ""
		p.lay(h.typed)
	}
	p.shorten(room, all, h.do, h.typed, h.because)
	if lines(all) > room && h.do.text != "" {
		h.typed.lines = nil
	}
	if bare := p.hang(h.because.label, p.clean(h.because.text)); lines(all) > room && len(bare) < len(h.because.lines) {
		h.because.lines, h.because.suffix = bare, ""
	}
	p.fit(room, all, h.because, h.do, h.typed)
}

// inBrief is why an error is hidden without the other error, which stands above.
func inBrief(because string) string {
	if preferred, _, ok := strings.Cut(because, " over "); ok {
		return preferred + " over this"
	}
	rule, _, _ := strings.Cut(because, ": ")
	rule, _, _ = strings.Cut(rule, ", ")
	return rule
}

var (
	// wrappers is what stands before the reason in every error of a pull.
	wrappers = lazyregexp.New(`^(rpc error: code = \w+ desc = )?(failed to pull and unpack image "[^"]*": )?(failed to resolve (reference "[^"]*"|image): )?(failed to copy: )?(httpReadSeeker: failed open: )?(failed to do request: )?`)

	// advice is what a registry or containerd adds to the error proper.
	advice = lazyregexp.New(`(\. [A-Z]|, please ).*$`)

	urlPaths = lazyregexp.New(`(https?://[^/\s"]+)/[^\s":]+`)
)

// kubernetesSays is what tells one error from another: without the image's name, which
// stands above, without the paths of URLs, and without advice.
func kubernetesSays(p *printer, reported string) string {
	text := advice().ReplaceAllString(wrappers().ReplaceAllString(reported, ""), "")
	return urlPaths().ReplaceAllString(text, "$1/"+p.ellipsis())
}

// headline says what fails.
func (r *Report) headline(f diagnose.Finding) string {
	switch {
	case len(f.Images) > 0 && f.Severity == diagnose.Info:
		return named(f.Images) + " could not be pulled" + r.howOver(f.Images)
	case len(f.Images) > 0 && !r.isRoot(f):
		return f.Endpoint + " fails too, for " + named(f.Images)
	case len(f.Images) > 0 && r.available(f.Images):
		return named(f.Images) + " could not be pulled; available now"
	case len(f.Images) > 0:
		return named(r.failing(f.Images)) + " cannot be pulled"
	case f.Endpoint != "":
		return f.Endpoint + ": " + f.Title
	case f.File != "":
		return place(path.Base(f.File), f.Line) + ": " + f.Title
	}
	return f.Title
}

// available reports whether all of the images were asked for and can be had, and what failed is
// what was asked: to find them.
func (r *Report) available(images []string) bool {
	return !slices.ContainsFunc(images, func(image string) bool {
		found := slices.ContainsFunc(r.Images, func(i diagnose.Image) bool { return i.Image == image && i.Status == diagnose.Available })
		later := slices.ContainsFunc(r.Pulls, func(p diagnose.Pull) bool { return p.Image == image && p.Stage != logparse.StageResolve })
		return !found || later
	})
}

// howOver says why images fail no longer: they were pulled since, or only pullwhy's own
// request has passed.
func (r *Report) howOver(images []string) string {
	pulled := slices.ContainsFunc(r.Pulls, func(p diagnose.Pull) bool {
		return slices.Contains(images, p.Image) && p.LastSuccess != nil && (p.LastFailure == nil || !p.LastSuccess.Before(*p.LastFailure))
	})
	if pulled {
		return ", and has been since"
	}
	return "; the request passes now"
}

// isRoot reports whether a pull, or an image that was asked for, fails by the finding first of
// all; another one's turn comes when that is mended.
func (r *Report) isRoot(f diagnose.Finding) bool {
	return f.Endpoint == "" || r.pullOf(f) != nil || slices.ContainsFunc(r.Images, func(i diagnose.Image) bool {
		return i.Cause == f.Cause && slices.Contains(f.Images, i.Image)
	})
}

// failing are those of the images that still fail, all of them where the pulls do not tell.
func (r *Report) failing(images []string) []string {
	over := map[string]bool{}
	for _, p := range r.Pulls {
		over[p.Image] = p.Status != diagnose.Failing
	}
	still := slices.DeleteFunc(slices.Clone(images), func(image string) bool { return over[image] })
	if len(still) == 0 {
		return images
	}
	return still
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
	switch {
	case f.Endpoint == "" && f.File != "":
		return " in " + position(f)
	case f.Endpoint == "":
		return ""
	}
	if place := r.placeOf(f); place != "" {
		return " at " + f.Endpoint + " (" + place + ")"
	}
	return " at " + f.Endpoint
}

// placeOf is the endpoint's place among those of its registry.
func (r *Report) placeOf(f diagnose.Finding) string {
	name := f.Registry
	if !slices.ContainsFunc(r.Registries, func(reg diagnose.Registry) bool { return reg.Name == name }) {
		name = "*"
	}
	for _, reg := range r.Registries {
		if reg.Name != name {
			continue
		}
		all := reg.Endpoints
		if reg.DefaultEndpoint != "" {
			all = append(slices.Clone(all), reg.DefaultEndpoint)
		}
		of := len(all)
		if reg.DefaultEndpoint == "" && len(f.Images) > 0 && r.fallsBack(f.Images[0]) { // the wildcard's is that of each image
			of++
		}
		if i := slices.Index(all, f.Endpoint); i >= 0 && of > 1 {
			return fmt.Sprintf("%d"+noBreak+"of"+noBreak+"%d", i+1, of)
		}
	}
	if slices.ContainsFunc(r.Endpoints, func(e diagnose.Endpoint) bool { return e.URL == f.Endpoint && e.Default }) {
		return "default"
	}
	return ""
}

// fallsBack reports whether the default endpoint was asked for the image.
func (r *Report) fallsBack(image string) bool {
	return slices.ContainsFunc(r.Pulls, func(p diagnose.Pull) bool {
		return p.Image == image && slices.ContainsFunc(p.Attempts, func(a logparse.Attempt) bool { return a.Default })
	})
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
	if n.File == "" || n.Line == 0 && strings.Contains(n.Text, n.File) {
		return n.Text
	}
	return fmt.Sprintf("%s (%s)", n.Text, place(n.File, n.Line))
}

// place is a file and its line; a line of the journal is none that one could look up.
func place(file string, line int) string {
	if file == "-" {
		file = "standard input"
	}
	if line == 0 || strings.HasPrefix(file, "journal") {
		return file
	}
	return fmt.Sprintf("%s:%d", file, line)
}

// position is the place that a finding is about, as editors take it.
func position(f diagnose.Finding) string {
	file := f.File
	if at := strings.LastIndex(file, "/certs.d/"); at >= 0 { // of which a node has one
		file = file[at+1:]
	}
	if f.Line == 0 || f.Column == 0 {
		return place(file, f.Line)
	}
	return fmt.Sprintf("%s:%d:%d", file, f.Line, f.Column)
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
