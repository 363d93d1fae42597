package diagnose_test

import (
	"bytes"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/tools/txtar"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
	"github.com/pullwhy/pullwhy/report/reporttest"
)

// TestProperties: what holds for the report of every case, whatever the case is about.
func TestProperties(t *testing.T) {
	for _, path := range cases(t) {
		t.Run(strings.TrimSuffix(filepath.Base(path), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(path)
			if err != nil {
				t.Fatal(err)
			}
			node, parts := split(archive)
			ev := gather(t, node, parts)
			r := report.New(diagnose.Diagnose(ev), ev.Sources)
			r.Node.Distribution, r.Node.HostRoot = ev.Node.Distribution, "/"
			checkFindings(t, r)
			checkPulls(t, r)
			checkVerdict(t, r)
			checkJSON(t, r)
			checkHeads(t, r)
			checkShort(t, r)
		})
	}
}

func checkFindings(t *testing.T, r *report.Report) {
	t.Helper()
	ids := map[string]bool{}
	for _, f := range r.Findings {
		if ids[f.ID] {
			t.Errorf("%s stands twice", f.ID)
		}
		ids[f.ID] = true
		switch {
		case f.Title == "" || f.Detail == "":
			t.Errorf("%s: title %q, detail %q", f.ID, f.Title, f.Detail)
		case f.Severity == diagnose.Error && len(f.Fix) == 0:
			t.Errorf("%s: an error without a fix", f.ID)
		case f.Severity == diagnose.Error && len(f.Evidence) == 0:
			t.Errorf("%s: an error without evidence", f.ID)
		case slices.Contains(f.Also, f.Code):
			t.Errorf("%s: also what it is", f.ID)
		}
		for _, n := range append(f.Fix, f.Evidence...) {
			for _, wrong := range []string{"%!", ":///", "//v2//", "<nil>"} {
				if strings.Contains(n.Command+" "+n.Text+" "+f.Detail, wrong) {
					t.Errorf("%s: %q in %q, %q, %q", f.ID, wrong, n.Command, n.Text, f.Detail)
				}
			}
		}
	}
}

func checkPulls(t *testing.T, r *report.Report) {
	t.Helper()
	for _, p := range r.Pulls {
		rc := p.RootCause
		if (rc == nil) != (p.Failures == 0) {
			t.Fatalf("%s: %d failures, root cause %v", p.Image, p.Failures, rc)
		}
		if rc == nil {
			continue
		}
		i := slices.IndexFunc(r.Findings, func(f diagnose.Finding) bool { return f.ID == rc.Finding })
		switch {
		case i < 0:
			t.Errorf("%s: no finding %q", p.Image, rc.Finding)
			continue
		case r.Findings[i].Cause != rc.Cause:
			t.Errorf("%s: cause %s, its finding's is %s", p.Image, rc.Cause, r.Findings[i].Cause)
		case len(r.Findings[i].Fix) == 0:
			t.Errorf("%s: %s has no fix", p.Image, rc.Finding)
		case !slices.Contains(r.Findings[i].Images, p.Image):
			t.Errorf("%s: not among the images of %s", p.Image, rc.Finding)
		case p.Status == diagnose.Failing && r.Findings[i].Severity != diagnose.Error:
			t.Errorf("%s fails, and %s is no error", p.Image, rc.Finding)
		}
		if rc.Hidden != (rc.HiddenBecause != "") {
			t.Errorf("%s: hidden %t because %q", p.Image, rc.Hidden, rc.HiddenBecause)
		}
	}
}

// checkVerdict: failing is what fails, degraded what is wrong beside.
func checkVerdict(t *testing.T, r *report.Report) {
	t.Helper()
	wrong := slices.ContainsFunc(r.Findings, func(f diagnose.Finding) bool { return f.Severity != diagnose.Info })
	fails := slices.ContainsFunc(r.Pulls, func(p diagnose.Pull) bool { return p.Status == diagnose.Failing })
	unavailable := slices.ContainsFunc(r.Images, func(i diagnose.Image) bool { return i.Status == diagnose.Unavailable })
	switch {
	case (fails || unavailable) && r.Verdict != diagnose.Fails:
		t.Errorf("verdict %s while something fails", r.Verdict)
	case r.Verdict == diagnose.Healthy && wrong:
		t.Error("healthy with an error or a warning")
	case r.Verdict == diagnose.Degraded && !wrong && !slices.ContainsFunc(r.Sources, unreadable):
		t.Error("degraded without a reason")
	}
}

func checkJSON(t *testing.T, r *report.Report) {
	t.Helper()
	var doc bytes.Buffer
	if err := r.WriteJSON(&doc); err != nil {
		t.Fatal(err)
	}
	if err := reporttest.Check(report.Schema(), doc.Bytes()); err != nil {
		t.Error(err)
	}
	if strings.Contains(doc.String(), "hunter2") {
		t.Error("the report tells a password")
	}
}

// headLabels are the lines of a head, in their order.
var headLabels = []string{"Kubernetes says:", "Cause:", "Because:", "Hidden because:", "Type:"}

// checkHeads: each finding takes at most seven lines, in one order, none wider than the
// screen but for what is to be pasted, and none wider than it needs.
func checkHeads(t *testing.T, r *report.Report) {
	t.Helper()
	for _, width := range []int{80, 120} {
		var text bytes.Buffer
		if err := r.WriteText(&text, report.TextOptions{Width: width}); err != nil {
			t.Fatal(err)
		}
		if strings.Contains(text.String(), "hunter2") {
			t.Error("the text tells a password")
		}
		for head := range strings.SplitSeq(text.String(), "\n\n") {
			if !strings.Contains(head, "\n  Cause: ") {
				break
			}
			checkHead(t, strings.Split(head, "\n"), width)
		}
	}
}

func checkHead(t *testing.T, lines []string, width int) {
	t.Helper()
	if len(lines) > 7 {
		t.Errorf("%d lines:\n%s", len(lines), strings.Join(lines, "\n"))
	}
	last := -1
	for _, line := range lines {
		label := slices.IndexFunc(headLabels, func(l string) bool { return strings.HasPrefix(line, "  "+l) })
		if label >= 0 && label <= last {
			t.Errorf("out of order:\n%s", strings.Join(lines, "\n"))
		}
		last = max(last, label)
		oneWord := len(strings.Fields(line)) == 1
		if utf8.RuneCountInString(line) > width && !oneWord && !strings.HasPrefix(line, "  Type: ") {
			t.Errorf("%d columns: %s", utf8.RuneCountInString(line), line)
		}
	}
}

func checkShort(t *testing.T, r *report.Report) {
	t.Helper()
	var text bytes.Buffer
	if err := r.WriteShort(&text); err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(text.String()) {
		if len(strings.TrimSuffix(line, "\n")) > 80 || strings.ContainsFunc(line, func(r rune) bool { return r >= utf8.RuneSelf }) {
			t.Errorf("%d bytes: %s", len(line), line)
		}
	}
}

func unreadable(s registry.Source) bool { return s.Status == registry.StatusUnreadable }
