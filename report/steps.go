package report

import (
	"path"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/diagnose"
)

// Where a sentence can end without losing its sense: the details have the rest.
var (
	furtherReasons = lazyregexp.New(`; |, (where|when|which|and says) `)
	otherWays      = lazyregexp.New(`, or `)
	furtherSteps   = lazyregexp.New(`; |: |, (or|and|which) `)
)

// firstSteps are what is to be done first where nobody can type it, and what can be typed
// then: what has a command or a file, and neither is in the other's place nor only lets it
// take effect.
func firstSteps(fix []diagnose.Note) (do, typed diagnose.Note) {
	for i, n := range fix {
		switch {
		case i > 0 && (strings.HasPrefix(n.Text, "or ") || strings.HasPrefix(n.Command, "systemctl restart ")):
		case n.Command != "" || n.File != "":
			return do, n
		case i == 0:
			do = n
		}
	}
	return do, diagnose.Note{}
}

// typeField is a step of the fix that can be typed: a command, which stands whole, for it is to
// be pasted, or what belongs into a file.
func (p *printer) typeField(step diagnose.Note) *field {
	f := &field{label: "Type:", text: step.Text, whole: step.Command != "" || p.overlong(step.Text), clauses: otherWays()}
	if step.Command != "" {
		f.text = step.Command
	} else if f.whole {
		f.suffix = " (" + place(step.File, step.Line) + ")"
	} else if step.File != "" && !strings.Contains(step.Text, step.File) {
		whole, name := " ("+place(step.File, step.Line)+")", " ("+place(path.Base(step.File), step.Line)+")"
		if f.suffix = whole; len(p.hang(f.label, f.text+whole)) > len(p.hang(f.label, f.text+name)) {
			f.suffix = name
		}
	}
	return f
}

// overlong reports whether a word of the text fits no line: the name of a table, which broken
// off is none.
func (p *printer) overlong(text string) bool {
	return slices.ContainsFunc(strings.Fields(text), func(word string) bool { return len(word) > p.Width-4 })
}
