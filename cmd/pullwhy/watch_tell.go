package main

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"time"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/report"
)

// tellPulls reports what has changed of these images, or of all.
func (w *watcher) tellPulls(now time.Time, images []string, all bool) (told bool) {
	if all {
		images = slices.Sorted(maps.Keys(w.images))
	}
	for _, name := range images {
		if image := w.images[name]; image != nil {
			told = w.tellPull(now, image) || told
		}
	}
	return told
}

// tellPull judges one image and reports it if that is news.
func (w *watcher) tellPull(now time.Time, image *watched) bool {
	r := w.judge(now, image)
	p := r.Pulls[0]
	failing := p.Status == diagnose.Failing
	w.metrics.failed(p.RootCause.Cause, image.pull.Failures-image.counted)
	image.counted = image.pull.Failures
	state := stateOf(r) + seenIn(r)
	if state == image.told || !image.failing && !failing { // an end is told once, whatever more is learned
		return false
	}
	began := !image.failing
	image.told, image.failing = state, failing
	w.print(r)
	event := w.log.Info()
	if failing {
		event = w.log.Warn()
	}
	event.Str("image", p.Image).Str("cause", string(p.RootCause.Cause)).Str("endpoint", p.RootCause.Endpoint).Msg(word(began, failing))
	return true
}

func word(began, failing bool) string {
	switch {
	case !failing:
		return "no longer fails"
	case began:
		return "cannot be pulled"
	}
	return "cannot be pulled, more is known"
}

// about leaves in r the findings that are about its one pull.
func about(r *report.Report, image string) {
	root := r.Pulls[0].RootCause
	r.Findings = slices.DeleteFunc(r.Findings, func(f diagnose.Finding) bool {
		return f.ID != root.Finding && !slices.Contains(f.Images, image)
	})
}

// stateOf is what of a report makes it another one; counts, times and texts do not.
func stateOf(r *report.Report) string {
	type finding struct {
		ID, Code string
		Also     []string
		Severity diagnose.Severity
		Basis    diagnose.Basis
	}
	state := []any{}
	for _, p := range r.Pulls {
		state = append(state, p.Status, p.RootCause.Cause, p.RootCause.Endpoint, p.RootCause.Hidden)
	}
	for _, f := range r.Findings {
		state = append(state, finding{f.ID, f.Code, f.Also, f.Severity, f.Basis})
	}
	text, _ := json.Marshal(state) // plain values
	return string(text)
}

// seenIn is what the probe saw where the one pull of r fails, which makes another report.
func seenIn(r *report.Report) string {
	for _, ep := range r.Endpoints {
		if ep.URL == r.Pulls[0].RootCause.Endpoint && ep.Status != probe.Skipped {
			return ep.Status + string(ep.Cause)
		}
	}
	return ""
}

// tellNode reports mistakes in the configuration, and endpoints that fail though no pull
// does, where that is news.
func (w *watcher) tellNode(now time.Time, whole *report.Report) {
	ev := w.evidence()
	ev.Probes = w.patrol.answers(asks(ev))
	r := w.report(w.node.node, ev, now)
	told, merged := w.toldWithPulls(whole), false
	r.Findings = slices.DeleteFunc(r.Findings, func(f diagnose.Finding) bool {
		merged = merged || told[f.ID]
		return told[f.ID] || f.Severity == diagnose.Info
	})
	state := stateOf(r)
	if state == cmp.Or(w.faults, stateOf(&report.Report{})) {
		return
	}
	w.faults = state
	if merged && len(r.Findings) == 0 {
		return // nothing has ended: a report on a pull tells of it
	}
	w.print(r)
	w.log.Info().Int("findings", len(r.Findings)).Msg("what is wrong beside failing pulls has changed")
}

// toldWithPulls are the findings that the reports on failing pulls hold, by id.
func (w *watcher) toldWithPulls(r *report.Report) map[string]bool {
	told := map[string]bool{}
	for _, p := range r.Pulls {
		if p.Status == diagnose.Failing {
			told[p.RootCause.Finding] = true
		}
	}
	for _, f := range r.Findings {
		if slices.ContainsFunc(f.Images, func(name string) bool { return w.images[name] != nil && w.images[name].failing }) {
			told[f.ID] = true
		}
	}
	return told
}

// print writes a report as one line.
func (w *watcher) print(r *report.Report) {
	enc := json.NewEncoder(w.out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(r); err != nil {
		w.log.Error().Err(err).Msg("writing a report")
	}
}
