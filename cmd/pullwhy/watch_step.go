package main

import (
	"cmp"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

const (
	// leastStep is between two judgements: a log that is full of failures costs one a second.
	leastStep = time.Second

	// wholeEvery is how often the report on the whole node is made anew where only counts
	// have changed.
	wholeEvery = 30 * time.Second

	// wholeShare is how many times as long as that report takes it is not made again: with
	// hundreds of failing images it takes a tenth of a second.
	wholeShare = 50

	// notTried is how long after its last line a failing image is taken for one that nobody
	// wants any more: the kubelet tries again within 5 minutes.
	notTried = time.Hour
)

// A watched image is one whose pulls fail, or failed a short while ago.
type watched struct {
	pull    logparse.Pull
	told    string // what was reported of it last; "" for nothing
	failing bool
	counted int       // failures that the metrics know of
	heard   time.Time // when the log mentioned it last
	doubted bool      // it failed again after a probe had passed: no probe ends it any more
}

// step does what has become due. Nobody waits for it but the log.
func (w *watcher) step(now time.Time, last bool) {
	if !last && now.Sub(w.judged) < leastStep {
		return
	}
	first := w.judged.IsZero()
	w.judged = now
	anew, err := w.refresh(now)
	if err != nil {
		w.log.Warn().Err(err).Msg("the configuration cannot be read")
	}
	changed, more := w.hear(now)
	if first || anew || more {
		w.lint()
	}
	all := w.patrol.fresh() || anew
	told := w.tellPulls(now, changed, all)
	w.expire(now)
	since := now.Sub(w.whole.at)
	w.whole.stale = w.whole.stale || first || all || told || len(changed) > 0 && since >= wholeEvery
	if w.whole.stale && (last || since >= wholeShare*w.whole.took) {
		w.judgeNode(now)
	}
	if first {
		w.log.Info().Int("lines", w.stats.Lines).Msg("the log was read to its end; waiting for pulls")
	}
}

// refresh reads the node where its files have changed.
func (w *watcher) refresh(now time.Time) (anew bool, err error) {
	anew, err = w.node.refresh(w.diagnosis, now, w.scanner.ContainerdVersion())
	if anew {
		w.follower.Name = w.logName()
	}
	return anew, err
}

func (w *watcher) lint() {
	config := w.node.config
	config.Issues = config.Lint(seen(w.node.node, nodeLog{pulls: w.pulls()}, nil))
}

// hear takes what the log said since the last step, and returns the images it was about,
// and whether there is one more to watch.
func (w *watcher) hear(now time.Time) (changed []string, more bool) {
	for _, p := range w.scanner.Changed() {
		image := w.images[p.Image]
		if image == nil {
			if p.Failures == 0 || p.Succeeded {
				continue
			}
			image, more = &watched{}, true
			w.images[p.Image] = image
		}
		w.update(image, p)
		image.heard = now
		changed = append(changed, p.Image)
		w.metrics.heard(p)
	}
	w.scanner.Forget(maxWatched)
	return changed, more
}

// update takes what the log says of an image now.
func (w *watcher) update(image *watched, p logparse.Pull) {
	endedByProbe := image.told != "" && !image.failing && !image.pull.Succeeded
	switch {
	case p.Failures == 0: // the scanner has forgotten that it ever failed
		image.pull.Succeeded, image.pull.LastSuccess = p.Succeeded, p.LastSuccess
		return
	case p.Succeeded:
		image.doubted = false
		if image.failing {
			w.patrol.mended(w.asksFor(p))
		}
	case endedByProbe && p.Failures != image.pull.Failures:
		image.doubted = true
	}
	if p.Failures < image.counted { // it was forgotten, and has begun anew
		image.counted = 0
	}
	image.pull = p
}

// asksFor are the questions about one pull alone.
func (w *watcher) asksFor(p logparse.Pull) []probe.Ask {
	return slices.DeleteFunc(asks(w.evidence(p)), func(a probe.Ask) bool { return a.Image.Name == "" })
}

// expire drops images that nobody pulls any more, and the oldest ones where there are too
// many.
func (w *watcher) expire(now time.Time) {
	byHeard := slices.SortedFunc(maps.Keys(w.images), func(a, b string) int {
		return cmp.Or(w.images[b].heard.Compare(w.images[a].heard), strings.Compare(a, b))
	})
	for i, name := range byHeard {
		image := w.images[name]
		if i < maxWatched && now.Sub(image.heard) < notTried {
			continue
		}
		if image.failing {
			w.log.Info().Str("image", name).Msg("not tried any more")
		}
		delete(w.images, name)
	}
}

// pulls are those of all watched images, in the order of their names.
func (w *watcher) pulls() []logparse.Pull {
	var pulls []logparse.Pull
	for _, name := range slices.Sorted(maps.Keys(w.images)) {
		pulls = append(pulls, w.images[name].pull)
	}
	return pulls
}

// failing are those of them that fail.
func (w *watcher) failing() []logparse.Pull {
	return slices.DeleteFunc(w.pulls(), func(p logparse.Pull) bool { return !w.images[p.Image].failing })
}

// evidence is what is known of these pulls, but for the probes.
func (w *watcher) evidence(pulls ...logparse.Pull) diagnose.Evidence {
	return evidence(w.node.node, w.node.config, nodeLog{pulls: pulls, agent: w.scanner.Agent(), sources: w.sources()}, wanted{})
}

func (w *watcher) sources() []registry.Source {
	name := w.logName()
	if name == "" {
		return nil
	}
	s := registry.Source{
		Path: name, Kind: registry.KindContainerdLog, Status: registry.StatusRead, Detail: w.problem,
		Lines: w.stats.Lines, Skipped: w.stats.Skipped,
	}
	if w.problem != "" {
		s.Status = registry.StatusUnreadable
	} else if path, err := w.resolve(); s.Lines == 0 && (err != nil || !exists(path)) {
		s.Status = registry.StatusAbsent
	}
	return []registry.Source{s}
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

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
	state := stateOf(r)
	if state == image.told || image.told == "" && !failing {
		return false
	}
	began := !image.failing && failing
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
	case began:
		return "cannot be pulled"
	case failing:
		return "cannot be pulled, more is known"
	}
	return "no longer fails"
}

// judge is the main job for one image.
func (w *watcher) judge(now time.Time, image *watched) *report.Report {
	ev := w.evidence(image.pull)
	ev.Probes = w.answers(w.asksFor(image.pull))
	r := w.report(w.node.node, ev, now)
	about(r, image.pull.Image)
	return r
}

// answers are what is known about asks, but for probes that passed and prove nothing.
func (w *watcher) answers(asks []probe.Ask) []probe.Result {
	return slices.DeleteFunc(w.patrol.answers(asks), func(r probe.Result) bool {
		image := w.images[r.Image.Name]
		return image != nil && r.Status == probe.OK && image.outlived(r)
	})
}

// outlived reports whether a failure goes on whatever a probe found: the image failed again
// after it, or did so after one before.
func (i *watched) outlived(r probe.Result) bool {
	last := i.pull.LastFailure
	return i.doubted || last != nil && r.Time.Before(*last)
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

// judgeNode makes the report on the whole node, tells what is wrong beside the pulls that
// fail, and sets what is probed.
func (w *watcher) judgeNode(now time.Time) {
	begun := time.Now()
	ev := w.evidence(w.pulls()...)
	ev.Probes = w.answers(asks(ev))
	r := w.report(w.node.node, ev, now)
	w.tellNode(now, r)
	if !w.noProbe {
		w.patrol.plan(w.prober(w.node.node), asks(w.evidence(w.failing()...)))
	}
	w.present.Store(&presence{r, w.node.fingerprint})
	if w.teller != nil {
		w.teller.tell(r)
	}
	w.whole = whole{at: now, took: time.Since(begun)}
}

// tellNode reports mistakes in the configuration, and endpoints that fail though no pull
// does, where that is news.
func (w *watcher) tellNode(now time.Time, whole *report.Report) {
	ev := w.evidence()
	ev.Probes = w.patrol.answers(asks(ev))
	r := w.report(w.node.node, ev, now)
	told := w.toldWithPulls(whole)
	r.Findings = slices.DeleteFunc(r.Findings, func(f diagnose.Finding) bool { return told[f.ID] || f.Severity == diagnose.Info })
	state := stateOf(r)
	if state == cmp.Or(w.faults, stateOf(&report.Report{})) {
		return
	}
	w.faults = state
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
