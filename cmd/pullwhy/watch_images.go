package main

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/report"
)

// What watch may hold on to, so that it can run for months.
const (
	maxWatched = 512 // images

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

	unproven bool // probes that passed prove nothing of it now
}

// outlived reports whether the image has failed again since the endpoints of r were found
// well.
func (i *watched) outlived(r *report.Report) bool {
	last := i.pull.LastFailure
	return last != nil && slices.ContainsFunc(r.Endpoints, func(ep diagnose.Endpoint) bool {
		return ep.Status == probe.OK && ep.Time != nil && ep.Time.Before(*last)
	})
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
