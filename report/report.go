// Package report holds the document that pullwhy prints, and its encodings. There is one
// document: JSON is the document itself, every other form is rendered from it, and a
// document that is read back renders the same.
package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/registry"
)

// Version is that of the document's shape. Adding a field leaves it, changing or removing
// one raises it.
const Version = 1

// A Report is the document.
type Report struct {
	Schema     int                 `json:"schema"`
	Tool       Tool                `json:"tool"`
	Node       Node                `json:"node"`
	Time       time.Time           `json:"time"` // when the diagnosis began, UTC
	DurationMS int64               `json:"duration_ms"`
	Verdict    diagnose.Verdict    `json:"verdict"`
	Sources    []registry.Source   `json:"sources"`
	Findings   []diagnose.Finding  `json:"findings"` // most important first
	Registries []diagnose.Registry `json:"registries"`
	Endpoints  []diagnose.Endpoint `json:"endpoints"`
	Pulls      []diagnose.Pull     `json:"pulls"`
	Images     []diagnose.Image    `json:"images"`
	Patch      string              `json:"patch"` // mends registries.yaml, for patch -p1; "" for none
}

// Tool is what made the report.
type Tool struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Node is what the report is about.
type Node struct {
	Hostname          string `json:"hostname"`
	Distribution      string `json:"distribution"` // k3s, rke2, containerd or unknown
	HostRoot          string `json:"host_root"`
	ContainerdVersion string `json:"containerd_version"`
	OS                string `json:"os"`
	Arch              string `json:"arch"`
}

// New puts a diagnosis into a report. The header's fields are the caller's to fill.
func New(d diagnose.Diagnosis, sources []registry.Source) *Report {
	r := &Report{
		Schema: Version, Verdict: d.Verdict, Sources: sources, Findings: d.Findings,
		Registries: d.Registries, Endpoints: d.Endpoints, Pulls: d.Pulls, Images: d.Images, Patch: d.Patch,
	}
	r.fill()
	return r
}

// fill makes every list of the document a list: none is null in JSON.
func (r *Report) fill() {
	some(&r.Sources)
	some(&r.Findings)
	some(&r.Registries)
	some(&r.Endpoints)
	some(&r.Pulls)
	some(&r.Images)
	for i := range r.Findings {
		f := &r.Findings[i]
		some(&f.Also)
		some(&f.Images)
		some(&f.Evidence)
		some(&f.Fix)
	}
	for i := range r.Registries {
		some(&r.Registries[i].Endpoints)
	}
	for i := range r.Endpoints {
		e := &r.Endpoints[i]
		some(&e.Registries)
		some(&e.Steps)
		if e.Certificate != nil {
			c := *e.Certificate // shared with the probe's result
			some(&c.DNSNames)
			some(&c.Chain)
			e.Certificate = &c
		}
	}
	for i := range r.Pulls {
		some(&r.Pulls[i].Attempts)
	}
	for i := range r.Images {
		some(&r.Images[i].Attempts)
		some(&r.Images[i].Platforms)
	}
}

func some[T any](list *[]T) {
	if *list == nil {
		*list = []T{}
	}
}

// WriteJSON writes the document.
func (r *Report) WriteJSON(w io.Writer) error { return WriteJSON(w, r) }

// WriteJSON writes v as all JSON of pullwhy stands on standard output: indented by two spaces,
// and with < and & as they are.
func WriteJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
