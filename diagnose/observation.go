package diagnose

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// An observation is one failure at one place for one image: all that a rule judges by.
type observation struct {
	node     *registry.Node
	config   *registry.Config // in which a fix finds its place; nil where none is known
	flags    []string         // with which pullwhy sees the same again
	cause    cause.Cause
	image    string
	images   []string // all that it was made for, image among them
	url      string   // the endpoint's spelling; "" where none is to blame
	target   string   // host that failed on its behalf; "" for itself
	place    int      // in the order of the image's endpoints, from 1; 0: unknown
	of       int      // how many endpoints the image has
	endpoint *registry.Endpoint
	attempt  *logparse.Attempt
	probe    *probe.Result
	gone     bool   // the probe found that the image's own registry does not have it
	passes   bool   // what failed in the log passes now, for all images
	former   bool   // the endpoint is configured no more
	served   string // the other endpoint from which all images can be had now; "" for none
	pull     *Pull
	issue    *registry.Issue      // the configuration's mistake behind it
	behind   *link                // why the mistake explains the failure; nil where the failure's rule tells
	refused  *registry.RouteError // why no request is sent
	spare    bool                 // the file for which none is sent is not needed: the node's own CAs verify the certificate
	told     logparse.Failure     // what containerd logged of its configuration
	meant    *registry.ConfigsKey // the entry of configs that was meant for the endpoint and is not found
	answers  bool                 // the host and port of that entry do
	edits    []registry.Edit      // that mend registries.yaml
	patch    string               // the same as a unified diff; "" where there is none
}

func (o observation) finding(severity Severity) Finding {
	rule := ruleFor(o.cause)
	f := Finding{
		ID: o.id(), Code: o.code(), Also: []string{}, Severity: severity, Basis: o.basis(),
		Title: rule.title, Detail: o.explained(rule), Cause: o.cause,
		Endpoint: o.where(), Images: append([]string{}, o.images...), Evidence: o.evidence(), Fix: o.fix(rule), Edits: o.edits,
	}
	if o.endpoint != nil {
		at := o.configured()
		f.Registry, f.File, f.Line, f.Column = o.endpoint.Registry, at.File, at.Line, at.Column
	}
	if o.issue != nil {
		f.Registry, f.File, f.Line, f.Column = cmp.Or(f.Registry, o.issue.Registry), o.issue.File, o.issue.Line, o.issue.Column
		if o.issue.Code != f.Code {
			f.Also = append(f.Also, o.issue.Code)
		}
	}
	return f
}

// warning is a finding of what is about to fail, or costs time.
func (o observation) warning(code string) Finding {
	rule := warningRules[code]
	f := o.finding(Warning)
	f.ID, f.Code, f.Basis = code+"@"+o.where(), code, Probed
	if code != codeSlow { // it is not why anything fails there
		f.Cause = cause.None
	}
	f.Title, f.Detail, f.Fix, f.Edits = rule.title, rule.detail(o), rule.fix(o), nil
	f.Evidence = []Note{{Text: rule.seen(o)}}
	if at := o.configured(); at.File != "" {
		f.Evidence = append(f.Evidence, Note{Text: "configured here", File: at.File, Line: at.Line})
	}
	return f
}

// id tells findings apart: what fails at one place is one finding, over all images. What no
// place is known of is told apart by the image, unless it is the node's.
func (o observation) id() string {
	subject := cmp.Or(o.where(), o.file(), o.image, "node")
	if o.cause == cause.DiskFull {
		subject = "node"
	}
	return o.code() + "@" + subject
}

func (o observation) code() string {
	switch {
	case o.cause != cause.ConfigInvalid:
	case o.told.Cause != "":
		return codeUndecodable
	case o.issue != nil && (o.issue.Code == codeUndecodable || o.issue.Code == codeConflict):
		return o.issue.Code
	}
	return string(o.cause)
}

// where is the host that failed: the endpoint, its token service or a redirect's target.
func (o observation) where() string { return cmp.Or(o.target, o.url) }

// file is the file that is to blame, with the line that is known, "" for none.
func (o observation) file() string {
	switch {
	case o.issue != nil && o.issue.Line > 0:
		return fmt.Sprintf("%s:%d", o.issue.File, o.issue.Line)
	case o.issue != nil:
		return o.issue.File
	case o.cause == cause.ConfigFileUnreadable:
		return pathIn(o.reported())
	}
	return ""
}

// hasImage reports whether the observation was made for an image, be it one without a name.
func (o observation) hasImage() bool { return o.image != "" || o.pull != nil }

// named is the image's name, or what stands for it where no text tells.
func (o observation) named() string { return cmp.Or(o.image, "IMAGE") }

// concerned names the images that the observation was made for.
func (o observation) concerned() string { return o.named() + o.others() }

// probed reports whether the failure was met by the probe, not read in a log.
func (o observation) probed() bool {
	return o.attempt != nil && o.attempt.Source == logparse.SourceProbe
}

// seenAlike reports whether the probe met the very failure.
func (o observation) seenAlike() bool {
	return o.probe != nil && o.probe.Status == probe.Failed && o.probe.Cause == o.cause
}

// would is what the probe found to work in place of what fails, nil where it found no such.
func (o observation) would(name string) *probe.Counterfactual {
	if !o.seenAlike() && !o.strange() {
		return nil
	}
	i := slices.IndexFunc(o.probe.Counterfactuals, func(c probe.Counterfactual) bool { return c.Name == name && c.Holds })
	if i < 0 {
		return nil
	}
	return &o.probe.Counterfactuals[i]
}

// fix is what to type: the patch where there is one, and then the rest only by way of
// looking.
func (o observation) fix(r rule) []Note {
	switch {
	case o.allowedNow():
		return o.retry()
	case o.passes && o.pull.Status == Recovered, o.served != "", o.former:
		return o.settled(o.steps(r))
	}
	return o.steps(r)
}

func (o observation) steps(r rule) []Note {
	mended := o.mended()
	if mended == nil && o.behind != nil {
		mended = o.mendIssue()
	}
	notes := slices.DeleteFunc(append(o.secretWanted(), r.fix(o)...), func(n Note) bool { return n == Note{} })
	if mended == nil {
		return notes
	}
	if o.keepsTLS() {
		mended = slices.Insert(mended, 1, o.withoutTLS("and take out"))
	}
	for _, n := range notes {
		if n.Command != "" && n.File == "" && !slices.Contains(mended, n) {
			mended = append(mended, n)
		}
	}
	return mended
}

func (o observation) basis() Basis {
	switch {
	case o.probed():
		return Probed
	case o.pull == nil && o.attempt == nil:
		return Configured
	case o.seenAlike():
		return Confirmed
	case o.issue != nil || o.refused != nil:
		return Confirmed
	}
	return Logged
}
