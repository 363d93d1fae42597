package diagnose

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// evidence is what was seen, the log's word first.
func (o observation) evidence() []Note {
	notes := []Note{}
	add := func(n Note) {
		if inJournal(n.File) {
			n.Line = 0
		}
		if n.Text != "" {
			notes = append(notes, n)
		}
	}
	switch {
	case o.told.Cause != "":
		add(Note{Text: o.told.Error, File: o.told.File, Line: o.told.Line})
	case o.attempt != nil && o.attempt.Source == logparse.SourceLog:
		add(Note{Text: cmp.Or(o.attempt.Error, o.status(), unsaid), File: o.attempt.File, Line: o.attempt.Line})
	case o.attempt == nil && o.pull != nil:
		add(Note{Text: cmp.Or(o.pull.Reported.Error, o.pull.ReportedError, unsaid), File: o.pull.Reported.File, Line: o.pull.Reported.Line})
	}
	add(Note{Text: o.ofSandbox()})
	add(o.secretLacked())
	add(Note{Text: o.seenNow()})
	add(Note{Text: o.unlogged()})
	add(Note{Text: o.redacted()})
	add(Note{Text: o.presents()})
	switch {
	case o.meant != nil:
		add(o.misplaced())
	case o.issue != nil:
		add(Note{Text: o.issue.Detail, File: o.issue.File, Line: o.issue.Line})
	case o.refused != nil:
		add(Note{Text: o.refused.Message, File: o.refused.File, Line: o.refused.Line})
	case o.rewritten() && o.cause == cause.NotFound:
		add(Note{Text: "rewritten here", File: o.endpoint.Rewritten.File, Line: o.endpoint.Rewritten.Line})
	case o.endpoint != nil && o.configured().File != "":
		add(Note{Text: "configured here", File: o.configured().File, Line: o.configured().Line})
	}
	return notes
}

// unsaid is of a line that was cut before its error.
const unsaid = "it failed, and the line does not say why"

// ofSandbox says how much depends on the image. (CRI sandbox_run.go, ensureImageExists)
func (o observation) ofSandbox() string {
	if o.pull == nil || !strings.Contains(o.pull.ReportedError, "failed to get sandbox image ") {
		return ""
	}
	return "it is the image of pod sandboxes: no new pod starts on this node without it"
}

// inJournal reports whether a log is systemd's, whose lines nobody can count.
func inJournal(file string) bool { return file == "journal" || strings.HasPrefix(file, "journal:") }

// unlogged says why the log has no line of what the probe met: up to 1.7 containerd logs
// none for a status but 404. (remotes/docker/resolver.go in 1.x, Resolve)
func (o observation) unlogged() string {
	version := strings.TrimPrefix(o.node.ContainerdVersion, "v")
	if !o.probed() || o.pull == nil && o.image == "" || !strings.HasPrefix(version, "1.") || o.attempt.StatusCode < 400 || o.attempt.StatusCode == 404 {
		return ""
	}
	return fmt.Sprintf("containerd %s logs no line for an answer of %d", version, o.attempt.StatusCode)
}

// redacted says what is missing in the error that the kubelet was told.
// (containerd 1.7.30, 2.0.8, 2.1.6, 2.2.1 and later)
func (o observation) redacted() string {
	if o.pull == nil || o.pull.Stage != logparse.StageResolve || !strings.Contains(o.pull.ReportedError, "%5BREDACTED%5D") {
		return ""
	}
	return "this containerd takes the query, ?ns= included, out of the error that Kubernetes shows; the log's lines have it"
}

// configured is where you wrote the endpoint: in registries.yaml where the agent renders
// containerd's files from it.
func (o observation) configured() registry.Position {
	if o.endpoint.Written.File != "" {
		return o.endpoint.Written
	}
	return registry.Position{File: o.endpoint.Source, Line: o.endpoint.Line}
}

func (o observation) status() string {
	if o.attempt == nil || o.attempt.StatusCode == 0 {
		return ""
	}
	return fmt.Sprintf("answered %d", o.attempt.StatusCode)
}

// seenNow is what the probe says to the same question.
func (o observation) seenNow() string {
	p := o.probe
	switch {
	case p == nil || p.Status == probe.Skipped:
		return ""
	case p.Status == probe.OK && o.pull != nil:
		return "asked again by pullwhy, " + p.Endpoint.Spelling() + " now answers: " + o.difference()
	case p.Status == probe.OK:
		return ""
	case o.probed():
		return "pullwhy's own request: step " + failedStep(*p) + ": " + p.Error
	case p.Cause == o.cause:
		return "asked again by pullwhy, it fails alike: step " + failedStep(*p) + ": " + p.Error
	}
	return "asked again by pullwhy, it fails otherwise: step " + failedStep(*p) + ": " + string(p.Cause) + ": " + p.Error
}

// difference names what may differ between the request of the log and the probe's, which
// passed.
func (o observation) difference() string {
	switch {
	case o.pull.Status == Recovered:
		return "what failed passes now"
	case o.pull.Stage == logparse.StageUnpack:
		return "unpacking happens on the node and is not repeated"
	case o.pull.Stage == logparse.StageFetch:
		return "the content that failed was not fetched again"
	}
	switch o.cause {
	case cause.AuthMissing:
		return "the request of the log had no credentials"
	case cause.AuthRejected, cause.Forbidden:
		return "the request of the log had other credentials, those of a pull secret or of an earlier configuration"
	case cause.TLSExpired, cause.TLSNotYetValid:
		return "the certificate was renewed, or a clock was set, since"
	case cause.ProxyError, cause.ConnectTimeout, cause.ConnectRefused, cause.NoRoute:
		if o.probe.Proxy != "" && o.node.EnvSource != "" {
			return fmt.Sprintf("pullwhy used the proxy %s of %s, which the request of the log may not have had", o.probe.Proxy, o.node.EnvSource)
		}
	}
	return "the failure was transient, or was mended since"
}

func failedStep(p probe.Result) string {
	for _, s := range p.Steps {
		if s.Status == probe.Failed {
			return s.Name
		}
	}
	return "none"
}

// presents describes the certificate where the failure is about it.
func (o observation) presents() string {
	c := o.certificate()
	if c == nil || !strings.HasPrefix(string(o.cause), "tls_") {
		return ""
	}
	return "certificate " + c.String()
}
