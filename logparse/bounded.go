package logparse

import (
	"maps"
	"slices"
)

// Changed returns the pulls of images of which anything was read since the last call, in
// order of first mention.
func (s *Scanner) Changed() []Pull {
	var changed []Pull
	for _, h := range s.mention {
		if !h.changed {
			continue
		}
		h.changed = false
		if p, ok := s.pull(h); ok {
			changed = append(changed, p)
		}
	}
	return changed
}

// Forget bounds what is remembered to so many images, those that fail or are being pulled before
// others, and of these those that were heard of last, and drops what only a log that repeats itself
// needs. Who follows a log for months calls it now and then.
func (s *Scanner) Forget(keep int) {
	s.pool.compact()
	s.pool.forget()
	for _, h := range s.mention {
		h.seen = nil
	}
	if len(s.mention) <= keep {
		return
	}
	kept := slices.SortedFunc(slices.Values(s.mention), func(a, b *history) int {
		switch {
		case a.matters() == b.matters():
			return b.heard - a.heard
		case a.matters():
			return -1
		}
		return 1
	})
	for _, h := range kept[keep:] {
		if h.fails() {
			s.forgotten++
		}
		delete(s.images, h.image)
		delete(s.open, h)
	}
	s.mention = slices.DeleteFunc(s.mention, func(h *history) bool { return s.images[h.image] != h })
	s.images = maps.Clone(s.images) // a map never shrinks
}

// Forgotten is how many failing images were dropped for want of room, at most: one may have been heard of again.
func (s *Scanner) Forgotten() int { return s.forgotten }

func (h *history) matters() bool { return len(h.starts) > 0 || h.fails() }

func (h *history) fails() bool { return h.newest != nil && !h.succeeded }

// forget drops what was learned of mirrors where that has become much: it is learned anew.
func (p *pool) forget() {
	n := 0
	for _, registries := range p.serves {
		n += len(registries)
	}
	if n > maxServes {
		p.serves = nil
	}
}
