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
