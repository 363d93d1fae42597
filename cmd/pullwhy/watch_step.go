package main

import (
	"os"
	"slices"
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
)

// step does what has become due. Nobody waits for it but the log.
func (w *watcher) step(now time.Time, last bool) {
	if !last && now.Sub(w.judged) < leastStep {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
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
	w.whole.stale = w.whole.stale || w.journal.changed || first || all || told || len(changed) > 0 && since >= wholeEvery
	if w.whole.stale && (last || since >= wholeShare*w.whole.took) {
		w.judgeNode(now)
	}
	if first {
		w.tellBegun()
	}
}

// tellBegun says that from now on what comes is new, or what keeps it from being seen.
func (w *watcher) tellBegun() {
	absent := slices.ContainsFunc(w.sources(), func(s registry.Source) bool { return s.Status == registry.StatusAbsent })
	switch {
	case absent:
		w.log.Warn().Str("log", w.logName()).Msg("the log is not there; waiting for it")
	case unread(w.present.Load().report) == "":
		w.log.Info().Int("lines", w.stats.Lines).Msg("the log was read to its end; waiting for pulls")
	}
}

// refresh reads the node where its files have changed.
func (w *watcher) refresh(now time.Time) (anew bool, err error) {
	anew, err = w.node.refresh(w.diagnosis, now, w.scanner.ContainerdVersion())
	if anew {
		w.follower.Name = w.logName()
		w.journal.unit = w.journalUnit()
	}
	return anew, err
}

func (w *watcher) lint() {
	config := w.node.config
	config.Issues = config.Lint(seen(w.node.node, nodeLog{pulls: w.pulls()}, nil))
}

// asksFor are the questions about one pull alone.
func (w *watcher) asksFor(p logparse.Pull) []probe.Ask {
	return slices.DeleteFunc(asks(w.evidence(p)), func(a probe.Ask) bool { return a.Image.Name == "" })
}

// evidence is what is known of these pulls, but for the probes.
func (w *watcher) evidence(pulls ...logparse.Pull) diagnose.Evidence {
	ev := evidence(w.node.node, w.node.config, nodeLog{pulls: pulls, agent: w.scanner.Agent(), sources: w.sources()}, wanted{})
	ev.Flags = w.again
	return ev
}

func (w *watcher) sources() []registry.Source {
	name := w.logName()
	if name == "" {
		return w.journal.sources()
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

// judge is the main job for one image.
func (w *watcher) judge(now time.Time, image *watched) *report.Report {
	image.unproven = image.doubted
	r := w.judgeOnce(now, image)
	if p := r.Pulls[0]; p.Status == diagnose.Recovered && !p.Succeeded && image.outlived(r) {
		image.unproven = true
		r = w.judgeOnce(now, image)
	}
	about(r, image.pull.Image)
	return r
}

func (w *watcher) judgeOnce(now time.Time, image *watched) *report.Report {
	ev := w.evidence(image.pull)
	ev.Probes = w.answers(w.asksFor(image.pull))
	return w.report(w.node.node, ev, now)
}

// answers are what is known about asks, but for probes that passed and prove nothing.
func (w *watcher) answers(asks []probe.Ask) []probe.Result {
	return slices.DeleteFunc(w.patrol.answers(asks), func(r probe.Result) bool {
		image := w.images[r.Image.Name]
		return image != nil && image.unproven && r.Status == probe.OK
	})
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
	w.journal.changed = false
}
