package logparse

import "github.com/pullwhy/pullwhy/cause"

// Unended returns what [Scanner.Pulls] would if the pulls of which only hosts tell had
// failed by what these say, and takes them to have ended. It is meant for a piece of a log
// that was read whole and in which no pull ends: in a log that goes on, they may succeed.
func (s *Scanner) Unended() []Pull {
	last := map[string]record{}
	var order []string
	for i := range s.pool.entries {
		e := &s.pool.entries[i]
		image := s.imageFor(e)
		if e.kind != kindHost || e.taken || image == "" {
			continue
		}
		if _, known := last[image]; !known {
			order = append(order, image)
		}
		r := e.record
		r.kind, r.source, r.image = kindFailure, sourceRuntime, image
		last[image] = r
	}
	for _, image := range order {
		h := s.history(last[image])
		s.takeFor(h, s.numbered(last[image]))
		if h.newest != nil {
			h.newest.text, h.newest.reported = "", Failure{}
		}
	}
	if r := s.inner; len(order) == 0 && r.kind == kindInner {
		r.kind = kindFailure
		s.takeFor(s.history(r), s.numbered(r))
	}
	return s.Pulls()
}

// imageFor is the image that a host was asked for: by the line's URL, else the only one of
// which a pull began.
func (s *Scanner) imageFor(e *entry) string {
	for _, request := range []cause.Request{e.asked, e.failed} {
		if image := imageOf(request); image != "" {
			return image
		}
	}
	if len(s.open) == 1 {
		for h := range s.open {
			return h.image
		}
	}
	return ""
}
