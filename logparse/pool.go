package logparse

import (
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
)

// A pool holds lines that belong to some pull, until that pull ends: containerd writes
// which host failed, and mostly not for which image. A line belongs to a pull by the URL
// in it, by the namespace of that, or by its host among the pulls that were open.
type pool struct {
	entries  []entry
	serves   map[string]map[string]bool // image hosts that a mirror was seen to be asked for
	causes   memo[cause.Cause]
	requests memo[cause.Request]
}

// An entry is a line about a host, or about a hosts.toml that was ignored.
type entry struct {
	record
	asked  cause.Request // from the field url, of 2.3 and later
	failed cause.Request // from the error
	taken  bool
	by     *history // whose failure took it
}

const (
	maxPool   = 2048
	maxServes = 1024
)

func (p *pool) add(r record) {
	e := entry{record: r}
	e.asked, _ = cause.ParseRequest(r.url)
	e.failed, _ = p.request(r.text)
	p.serve(e.host, imageRef{host: e.namespace()})
	if len(p.entries) == maxPool {
		p.compact()
	}
	p.entries = append(p.entries, e)
}

// request is the first one that text names.
func (p *pool) request(text string) (r cause.Request, ok bool) {
	r = p.requests.of(text, func(text string) cause.Request {
		r, _ := cause.FindRequest(text)
		return r
	})
	return r, r.Host != ""
}

// compact drops what is taken, and the older half where that is not enough.
func (p *pool) compact() {
	kept := p.entries[:0]
	for _, e := range p.entries {
		if !e.taken {
			kept = append(kept, e)
		}
	}
	if len(kept) > maxPool/2 {
		kept = append(kept[:0], kept[len(kept)-maxPool/2:]...)
	}
	clear(p.entries[len(kept):])
	p.entries = kept
}

func (p *pool) clear() { p.entries = nil }

// serve remembers that host was asked for images of ref's registry.
func (p *pool) serve(host string, ref imageRef) {
	if host == "" || ref.host == "" || own(host, ref) || p.serves[host] == nil && len(p.serves) >= maxServes {
		return
	}
	if p.serves == nil {
		p.serves = map[string]map[string]bool{}
	}
	if p.serves[host] == nil {
		p.serves[host] = map[string]bool{}
	}
	p.serves[host][ref.host] = true
}

// namespace is the image host that the line names, "" where it names none or masks it.
func (e *entry) namespace() string {
	for _, r := range []cause.Request{e.asked, e.failed} {
		if ns := r.Query.Get("ns"); ns != "" && !strings.Contains(ns, redacted) {
			return ns
		}
	}
	return ""
}

// seqAt is the number of the last line before t, 0 where all are later.
func (p *pool) seqAt(t time.Time) int {
	seq := 0
	for i := range p.entries {
		if e := &p.entries[i]; !e.time.IsZero() && e.time.Before(t) {
			seq = e.seq
		}
	}
	return seq
}

// A span is the lines among which those of a pull are looked for.
type span struct {
	from   int        // number of its first line
	others []*history // pulls of other images that are open at its end
	ended  []end      // pulls of other images that ended within it
	alone  bool       // nor was any other open at any time of it
}

// collect takes the lines that belong to the failed pull of h, and makes attempts of them.
// Of the lines that name no image it gets one for each host of which no line names its
// image; all where no other pull was open.
func (p *pool) collect(h *history, in span, told Failure) (attempts []Attempt, config Failure) {
	mine, perhaps := p.sort(h, in)
	quoting := 0 // hosts of which a line is what was told
	for _, lines := range perhaps {
		if p.quoted(told, lines) >= 0 {
			quoting++
		}
	}
	for host, lines := range perhaps {
		if in.alone {
			mine = append(mine, lines...)
			p.serve(host, h.ref)
			continue
		}
		lines = slices.DeleteFunc(lines, func(i int) bool { return !p.entries[i].possible(told, h.ref) })
		if i := p.quoted(told, lines); i >= 0 && (quoting == 1 || !p.servesOthers(host, h)) {
			mine = append(mine, i)
		} else if i := p.pick(host, h, in, told, lines); i >= 0 {
			mine = append(mine, i)
		}
	}
	mine = p.explain(mine, perhaps, h, in, told)
	slices.Sort(mine)
	for _, i := range mine {
		e := &p.entries[i]
		e.taken, e.by = true, h
		if e.kind == kindHost {
			attempts = merge(attempts, []Attempt{e.attempt(h.ref, h.image, &p.causes)})
		} else if config.Cause == cause.None {
			config = Failure{Cause: cause.ConfigInvalid, Error: e.text, File: e.file, Line: e.line}
		}
	}
	return attempts, config
}

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
	for _, i := range lines {
		if e := &p.entries[i]; told.Endpoint == "" && e.kind == kindHost && e.text != "" && strings.HasSuffix(told.Error, e.text) {
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

// explain adds a 404 where that is what was told, by whatever host, and none was found.
func (p *pool) explain(mine []int, perhaps map[string][]int, h *history, in span, told Failure) []int {
	missing := func(i int) bool { return p.entries[i].kind == kindHost && cause.StatusIn(p.entries[i].text) == 404 }
	if told.Cause != cause.NotFound || told.Endpoint != "" || slices.ContainsFunc(mine, missing) {
		return mine
	}
	found := -1
	for host, lines := range perhaps {
		if i := slices.IndexFunc(lines, missing); i >= 0 && !in.foreign(host, h) && (found < 0 || lines[i] < found) {
			found = lines[i]
		}
	}
	if found >= 0 {
		mine = append(mine, found)
	}
	return mine
}

// spend takes the lines that belong to a pull of h that succeeded, so that no other one
// gets them. Those that name no image stay where others may need them: what they say of
// their host is true of any pull.
func (p *pool) spend(h *history, in span) {
	mine, perhaps := p.sort(h, in)
	for host, lines := range perhaps {
		if in.alone {
			mine = append(mine, lines...)
			p.serve(host, h.ref)
		}
	}
	for _, i := range mine {
		p.entries[i].taken = true
	}
}

// sort finds the lines that are of h's image, and by host those that may be: they name
// none, and neither does another line of that host.
func (p *pool) sort(h *history, in span) (mine []int, perhaps map[string][]int) {
	perhaps = map[string][]int{}
	for i := range p.entries {
		e := &p.entries[i]
		if e.taken || e.seq <= in.from {
			continue
		}
		switch fit := e.fit(h.ref); {
		case fit == fitPerhaps:
			perhaps[e.host] = append(perhaps[e.host], i)
		case fit > fitPerhaps && !betterFor(e, in.others, fit):
			mine = append(mine, i)
		}
	}
	for _, i := range mine {
		delete(perhaps, p.entries[i].host)
	}
	return mine, perhaps
}

// How well a line fits a pull, by what its URLs say.
const (
	fitNot       = iota // it is another image's
	fitPerhaps          // it names no image
	fitRewritten        // the right tag and namespace, another repository
	fitName             // the repository's last element
	fitPath             // the repository below another path
	fitWhole
)

func (e *entry) fit(ref imageRef) int {
	if e.kind == kindUndecoded {
		return e.fitDirectory(ref)
	}
	if ns := e.namespace(); ns != "" && ns != ref.host {
		return fitNot
	}
	for _, r := range []cause.Request{e.asked, e.failed} {
		if repository, identifier, ok := r.Content(); ok && (r.Host == e.host || e.host == "") {
			if !r.Query.Has("ns") && !own(r.Host, ref) || !identifies(identifier, ref) {
				return fitNot
			}
			return similar(repository, ref.repository)
		}
	}
	if scope := e.failed.Query.Get("scope"); strings.HasPrefix(scope, "repository:") && !strings.Contains(scope, redacted) {
		repository, _, _ := strings.Cut(strings.TrimPrefix(scope, "repository:"), ":")
		if similar(repository, ref.repository) > fitRewritten {
			return similar(repository, ref.repository)
		}
		return fitNot
	}
	return fitPerhaps
}

func (e *entry) fitDirectory(ref imageRef) int {
	switch e.host {
	case "", "_default":
		return fitPerhaps
	case ref.host, strings.Replace(ref.host, ":", "_", 1) + "_":
		return fitWhole
	}
	return fitNot
}

// identifies reports whether a manifest or blob so named may be of ref: the very tag or
// digest, or content of a tag.
func identifies(identifier string, ref imageRef) bool {
	return identifier == ref.identifier || strings.HasPrefix(identifier, "sha256:")
}

func similar(a, b string) int {
	switch {
	case a == b:
		return fitWhole
	case strings.HasSuffix(a, "/"+b):
		return fitPath
	case a[strings.LastIndexByte(a, '/')+1:] == b[strings.LastIndexByte(b, '/')+1:]:
		return fitName
	}
	return fitRewritten
}

func betterFor(e *entry, others []*history, fit int) bool {
	for _, o := range others {
		if e.fit(o.ref) > fit {
			return true
		}
	}
	return false
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
