package registry

import (
	"fmt"
	"path"
	"strings"
	"time"
)

// afterwards is how much later than what reads it a file must have been changed to be told of: a
// process's start is known to a second or so, and an installer writes its files just then.
const afterwards = time.Minute

// lintChanged finds files of containerd's configuration that were changed after containerd began
// to run, and templates that were changed after config.toml was made of them. That is a warning,
// for what was changed is not known.
func (n *linter) lintChanged() {
	began, made := n.node.ContainerdStarted, n.files.modified(n.node.configTOML())
	for _, s := range n.files.sources {
		if s.Status != StatusRead || s.Kind != KindTemplate && s.Kind != KindConfigTOML {
			continue
		}
		at := Position{File: s.Path}
		switch base, changed := path.Base(s.Path), n.files.modified(s.Path); {
		case s.Kind == KindTemplate && !made.IsZero() && changed.Sub(made) > afterwards:
			n.reportChange(at, SeverityWarning, "restart the agent, which makes config.toml of it",
				fmt.Sprintf("%s was changed after config.toml was made of it (%s): what was changed is not in effect", base, clock(made)))
		case s.Kind != KindConfigTOML || began.IsZero() || changed.Sub(began) <= afterwards:
		case n.node.isK3s():
			n.reportChange(at, SeverityWarning, "make the change in config-v3.toml.tmpl, or in config.toml.tmpl where containerd is 1.7, and restart the agent",
				fmt.Sprintf("%s was changed after containerd read it (%s), and the agent writes it anew as it starts", base, clock(began)))
		default:
			n.reportChange(at, SeverityWarning, "restart containerd, which reads it as it starts",
				fmt.Sprintf("%s was changed after containerd read it (%s): what was changed is not in effect", base, clock(began)))
		}
	}
}

// reportChange tells of a file whose change takes a restart.
func (n *linter) reportChange(at Position, severity, fix, detail string) {
	issue := n.notApplied(at, fix, detail)
	issue.Severity = severity
	if ofUnit := strings.HasSuffix(at.File, ".service") || strings.HasSuffix(at.File, ".conf"); ofUnit && issue.Command != "" {
		issue.Command = "systemctl daemon-reload && " + issue.Command
	}
	n.found.add(issue)
}

// notApplied is a change that takes a restart.
func (n *linter) notApplied(at Position, fix, detail string) Issue {
	issue := Issue{Code: codeNotApplied, File: at.File, Line: at.Line, Column: at.Column, Detail: detail, Fix: fix, Command: n.node.restarts()}
	if n.node.isK3s() && n.node.Unit == "" {
		issue.Fix, issue.Command = fix+": "+n.node.restarts(), ""
	}
	return issue
}

func clock(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 MST") }
