package logparse

import (
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
)

// pick is the one of a host's lines that is of h's image, while others are pulled: one that can be
// of no other pull, else the first if the host may have been asked for it; -1 for none.
func (p *pool) pick(host string, h *history, in span, told Failure, lines []int) int {
	if len(lines) > 0 && !in.foreign(host, h) {
		all := p.of(host)
		if p.servesOthers(host, h) { // what others took by their URLs alone is surely theirs
			all = slices.DeleteFunc(all, func(e *entry) bool { return e.asked.Host == "" && e.failed.Host == "" })
		}
		if i := slices.IndexFunc(lines, func(i int) bool { return !in.contested(&p.entries[i], all) }); i >= 0 {
			return lines[i]
		}
	}
	if len(lines) > 0 && p.plausible(host, h, in.others, told, lines) {
		return lines[0]
	}
	return -1
}

// quoted is the first of lines whose own words are what was told, which names no endpoint; -1 for none.
func (p *pool) quoted(told Failure, lines []int) int {
	if told.Endpoint != "" {
		return -1
	}
	for _, i := range lines {
		if e := &p.entries[i]; e.kind == kindHost && e.text != "" && strings.HasSuffix(told.Error, e.text) {
			return i
		}
	}
	return -1
}

// servesOthers reports whether a mirror is only known to serve another image host.
func (p *pool) servesOthers(host string, h *history) bool {
	return len(p.serves[host]) == 1 && !p.serves[host][h.ref.host]
}

// foreign reports whether the host is the registry of another image that is pulled meanwhile.
func (in span) foreign(host string, h *history) bool {
	return !own(host, h.ref) && (slices.ContainsFunc(in.others, func(o *history) bool { return own(host, o.ref) }) ||
		slices.ContainsFunc(in.ended, func(e end) bool { return own(host, e.image.ref) }))
}

// of are the lines about a host.
func (p *pool) of(host string) []*entry {
	var all []*entry
	for i := range p.entries {
		if p.entries[i].host == host {
			all = append(all, &p.entries[i])
		}
	}
	return all
}

// contested reports whether the line may be of another pull: of one that ran when it was written,
// and of which no other line tells that it asked that host.
func (in span) contested(line *entry, all []*entry) bool {
	for _, o := range in.others {
		if from := o.starts[0].seq; from < line.seq && !asked(o, from, line, all) {
			return true
		}
	}
	for _, e := range in.ended {
		if e.from < line.seq && line.seq < e.seq && !asked(e.image, e.from, line, all) {
			return true
		}
	}
	return false
}

// asked reports whether another line of the host is of the pull of o that began there.
func asked(o *history, from int, line *entry, all []*entry) bool {
	return slices.ContainsFunc(all, func(e *entry) bool {
		return e != line && e.seq > from && (e.by == o || !e.taken && e.fit(o.ref) > fitPerhaps)
	})
}

// plausible reports whether host may have been asked for h's image. Another image's own
// registry was not, nor was a mirror that is only known to serve another image host. One
// that is not known at all was if its very error was told, or if nobody else, or everybody,
// can have asked it.
func (p *pool) plausible(host string, h *history, others []*history, told Failure, lines []int) bool {
	if own(host, h.ref) || p.serves[host][h.ref.host] || told.names(host) {
		return true
	}
	if n := len(p.serves[host]); n > 0 {
		return n > 1 // a wildcard's
	}
	if len(lines) > len(others) {
		return true
	}
	for _, o := range others {
		if own(host, o.ref) || o.ref.host != h.ref.host {
			return false
		}
	}
	return true
}

// possible reports whether the line can be of a pull that ended as told, while others ran.
// The final error of 2.x is that of the host that got furthest: a status before a 404
// before a failed connection, the first among equals. That of 1.x is the first that is no
// 404, and nothing but 404 is logged of statuses. (core/remotes/docker/resolver.go)
func (e *entry) possible(told Failure, ref imageRef) bool {
	if told.names(e.host) {
		return cause.Parse(e.text) == told.Cause
	}
	status, answer := cause.StatusIn(told.Error) != 0, cause.StatusIn(e.text)
	if e.failed.Token() { // to whom nothing but credentials was refused
		answer = 0
	}
	switch answer {
	case 0:
		return true
	case 404:
		return e.legacy || told.Cause == cause.NotFound || status
	}
	_, host, _ := strings.Cut(told.Endpoint, "://")
	return status && told.Cause != cause.NotFound && !own(host, ref)
}

func (f Failure) names(host string) bool {
	return host != "" && (f.Endpoint == host || strings.HasSuffix(f.Endpoint, "://"+host))
}
