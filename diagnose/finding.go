package diagnose

import (
	"cmp"
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// Severity says how much a finding matters.
type Severity string

// The severities.
const (
	Error   Severity = "error"   // a pull, an image or a registry fails by it, or K3s refuses the file
	Warning Severity = "warning" // works by luck or not as meant
	Info    Severity = "info"    // worth knowing
)

// Basis says what a finding rests on.
type Basis string

// The bases.
const (
	Confirmed  Basis = "confirmed"  // the log shows it and the probe met it
	Logged     Basis = "logged"     // the log shows it
	Probed     Basis = "probed"     // the probe met it
	Configured Basis = "configured" // the configuration says so
)

// A Finding is one thing that is wrong, over all images that it concerns.
type Finding struct {
	ID       string      `json:"id"`
	Code     string      `json:"code"` // failure or configuration code
	Also     []string    `json:"also"` // codes of configuration faults behind it
	Severity Severity    `json:"severity"`
	Basis    Basis       `json:"basis"`
	Title    string      `json:"title"`
	Detail   string      `json:"detail"` // one or two sentences, true of this node
	Cause    cause.Cause `json:"cause"`  // "" for a configuration finding that no failure was tied to
	Registry string      `json:"registry"`
	Endpoint string      `json:"endpoint"`
	Images   []string    `json:"images"`
	File     string      `json:"file"` // to change; "" for none
	Line     int         `json:"line"`
	Column   int         `json:"column"`
	Evidence []Note      `json:"evidence"`
	Fix      []Note      `json:"fix"` // what to type or change, in order

	Edits []registry.Edit `json:"-"` // the same where it can be made in registries.yaml at once
}

// A Note is a sentence of evidence or advice, with the place and the command that belong
// to it, each "" or 0 where there is none.
type Note struct {
	Text    string `json:"text"`
	File    string `json:"file"`
	Line    int    `json:"line"`
	Command string `json:"command"`
}

// merge makes one finding of the observations with one id, over all their images: those that
// matter most first, and of these the first one's evidence.
func (j *joined) merge(all []judged) []Finding {
	slices.SortStableFunc(all, func(a, b judged) int { return cmp.Compare(rankOf(a.severity), rankOf(b.severity)) })
	var ids []string
	groups := map[string]*judged{}
	seen := map[string]bool{} // id and image
	for i := range all {
		k := &all[i]
		id := k.id()
		if groups[id] == nil {
			ids = append(ids, id)
			groups[id] = k
		}
		if at := id + " " + k.image; k.hasImage() && !seen[at] {
			seen[at] = true
			groups[id].images = append(groups[id].images, k.image)
		}
	}
	merged := make([]Finding, 0, len(ids))
	for _, id := range ids {
		merged = append(merged, j.tie(groups[id].observation).finding(groups[id].severity))
	}
	return merged
}

// rank puts what K3s cannot start with first, then errors, warnings and information, what
// concerns the images that were asked for first, and then most images; else the order in which
// endpoints are asked stays.
func rank(all []Finding, asked []string) []Finding {
	wanted := map[string]bool{}
	for _, image := range asked {
		wanted[image] = true
	}
	concerns := func(f Finding) bool {
		return slices.ContainsFunc(f.Images, func(image string) bool { return wanted[image] })
	}
	slices.SortStableFunc(all, func(a, b Finding) int {
		return cmp.Or(
			cmp.Compare(rankOf(a.Severity), rankOf(b.Severity)),
			-compareBool(a.Code == codeSyntax, b.Code == codeSyntax),
			-compareBool(concerns(a), concerns(b)),
			-cmp.Compare(len(a.Images), len(b.Images)),
		)
	})
	return all
}

func rankOf(s Severity) int { return slices.Index([]Severity{Error, Warning, Info}, s) }

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case a:
		return 1
	}
	return -1
}
