package diagnose

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/registry"
)

// agentSays adds K3s' own words to the finding that it cannot start with registries.yaml.
func (j *joined) agentSays(f *Finding) {
	if a := j.Agent; f.Code == codeSyntax && a.Times > 0 && !a.Over && (a.Path == "" || a.Path == f.File) {
		f.Basis = Confirmed
		f.Evidence = append(f.Evidence, complaint(a))
	}
}

// judgeAgent tells of a registries.yaml that kept K3s from starting and has been mended.
// Where the log is all there is, its last word counts.
func (j *joined) judgeAgent(known []Finding) []Finding {
	a, agent := j.Agent, j.Node.Distribution
	if a.Times == 0 || slices.ContainsFunc(known, func(f Finding) bool { return f.Code == codeSyntax }) {
		return nil
	}
	if !rendered(j.Node) || agent == registry.Unknown {
		agent = "the agent"
	}
	f := Finding{
		ID: codeSyntax + "@" + a.Refused.File, Code: codeSyntax, Severity: Info, Basis: Logged,
		Title: agent + " did not start with its registries.yaml", File: a.Path, Evidence: []Note{complaint(a)},
	}
	switch {
	case a.Over:
		f.Detail = fmt.Sprintf("from %s to %s neither containerd nor the kubelet ran; %s has used the file since", clock(a.First), clock(a.Last), agent)
	case j.known:
		f.Detail = fmt.Sprintf("%s can use the file as it stands now, and reads it anew every 5 to 10 seconds", agent)
	default:
		f.Severity, f.Title = Error, agent+" cannot start with its registries.yaml"
		_, reason, _ := strings.Cut(a.Refused.Error, "not ready: ")
		f.Detail = reason + "; neither containerd nor the kubelet runs until the file is corrected, which is read anew every 5 to 10 seconds"
		f.Fix = []Note{{Text: "correct the file where this says", File: a.Path, Command: "pullwhy lint"}}
	}
	return []Finding{f}
}

func complaint(a logparse.AgentConfig) Note {
	text := a.Refused.Error
	if a.Times > 1 {
		text += fmt.Sprintf(" (%d times from %s to %s)", a.Times, clock(a.First), clock(a.Last))
	}
	n := Note{Text: text, File: a.Refused.File, Line: a.Refused.Line}
	if inJournal(n.File) {
		n.Line = 0
	}
	return n
}

func clock(t time.Time) string {
	if t.IsZero() {
		return "a time unknown"
	}
	return t.UTC().Format("2006-01-02 15:04:05 MST")
}
