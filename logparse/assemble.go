package logparse

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
)

// assemble makes the failure that r ends: its error read, and the endpoints that were
// asked since start.
func (s *Scanner) assemble(h *history, r record, start record) *failure {
	f := &failure{record: r, decisive: cause.Decisive(r.text), began: start.time}
	f.reported = s.report(f, h)
	f.stage = stageOf(f.decisive, f.reported.Cause)
	if request, ok := s.pool.request(r.text); ok && request.Query.Has("ns") {
		s.pool.serve(request.Host, h.ref)
	}
	if r.agent {
		f.tellAll(h)
	} else if r.source == sourceRuntime || len(s.open) == 0 && r.source == sourceOther {
		f.attempts, f.config = s.pool.collect(h, s.span(h, r, start), f.reported)
	}
	// whatever the order of the lines, for those of several pulls mix: it is asked last
	slices.SortStableFunc(f.attempts, func(a, b Attempt) int { return compareBool(a.Default, b.Default) })
	if request, ok := s.pool.request(f.decisive); ok && f.stage != StageRefused {
		f.recover(h.ref, request)
	}
	return f
}

func compareBool(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

// report reads what the kubelet was told.
func (s *Scanner) report(f *failure, h *history) Failure {
	told := Failure{Cause: s.pool.causes.of(inContext(f.text, h.image), cause.Parse), Error: f.text, File: f.file, Line: f.line}
	switch {
	case told.Cause == cause.None:
		told.Cause = cause.Unknown
	case told.Cause == cause.Cancelled && h.noProgress:
		told.Cause = cause.TimeoutDeadline
	}
	if request, ok := s.pool.request(f.decisive); ok {
		endpoint, target := places(request, told.Cause, h.ref)
		told.Endpoint = cmp.Or(target, endpoint)
	}
	return told
}

// inContext names the image in a text that does not: what a 404 of a token service means
// depends on it.
func inContext(text, image string) string {
	if text == "" || image == "" || strings.Contains(text, "failed to resolve reference ") {
		return text
	}
	return `Failed to pull image "` + image + `": ` + text
}

// places are the endpoint that a request was for, and the host that failed on its behalf:
// its token service or a redirect's target. Either is "" where the text does not tell.
func places(request cause.Request, c cause.Cause, ref imageRef) (endpoint, target string) {
	_, _, content := request.Content()
	switch {
	case request.Token() && c == cause.AuthTokenService:
		return "", request.Endpoint()
	case request.Token() && !own(request.Host, ref):
		return "", ""
	case request.Token(), content, request.Scheme == "", request.Path == "", strings.HasPrefix(request.Path, "/v2/"):
		return request.Endpoint(), ""
	}
	return "", request.Endpoint()
}

// own reports whether host is the image's own registry, containerd's default endpoint.
func own(host string, ref imageRef) bool {
	return host != "" && (host == ref.host || ref.host == "docker.io" && host == hub)
}

// stageOf tells how far a pull came, by the words around the error. (CRI image_pull.go)
func stageOf(text string, c cause.Cause) Stage {
	switch c {
	case cause.InvalidReference, cause.ConfigFileUnreadable, cause.ImageNeverPull:
		return StageRefused
	case cause.ConfigInvalid:
		if strings.Contains(text, "unknown service ") {
			return StageRefused
		}
		return StageResolve
	}
	switch {
	case strings.Contains(text, "failed to resolve "):
		return StageResolve
	case strings.Contains(text, "failed to unpack"), c == cause.UnpackFailed:
		return StageUnpack
	case strings.Contains(text, "failed to extract layer"), strings.Contains(text, "failed to prepare extraction snapshot"):
		return StageUnpack
	case strings.Contains(text, "failed to pull and unpack image "), strings.Contains(text, "failed to copy"):
		if _, rest, ok := strings.Cut(text, `failed to pull and unpack image "`); ok && !strings.Contains(rest, `": `) {
			return StageResolve // the line was cut, and most pulls fail there
		}
		return StageFetch
	}
	return StageResolve
}

// recover adds the attempt that only the final error names: 1.6 and 1.7 log nothing for
// statuses other than 404, and no release logs the endpoints of a fetch. The final error
// of 1.x is the first one that is no 404, so it precedes every other fault.
func (f *failure) recover(ref imageRef, request cause.Request) {
	endpoint, target := places(request, f.reported.Cause, ref)
	if endpoint == "" && target == "" || f.known(request) {
		return
	}
	a := Attempt{
		Endpoint: endpoint, Target: target, Cause: f.reported.Cause, Error: hostError(f.decisive), StatusCode: cause.StatusIn(f.decisive),
		Default: own(request.Host, ref) && target == "" && !request.Query.Has("ns"),
		Time:    known(f.time), File: f.file, Line: f.line, Source: SourceLog,
	}
	at := len(f.attempts)
	if !a.Default && f.stage == StageResolve {
		if i := slices.IndexFunc(f.attempts, func(b Attempt) bool { return b.Default || b.Cause.Fault() }); i >= 0 {
			at = i
		}
	}
	f.attempts = slices.Insert(f.attempts, at, a)
}

// known reports whether the request's host is that of an attempt, whose scheme is filled
// in from it: the same host in the same pull.
func (f *failure) known(request cause.Request) bool {
	for i, a := range f.attempts {
		if a.Endpoint == request.Host {
			if !request.Token() {
				f.attempts[i].Endpoint = request.Endpoint()
			}
			return true
		}
		if a.Endpoint == request.Endpoint() || a.Target != "" && a.Target == request.Endpoint() {
			return true
		}
	}
	return false
}

// hostError is the error of the host, without the words of CRI around it.
func hostError(text string) string {
	if _, rest, ok := strings.Cut(text, `failed to resolve reference "`); ok {
		if _, inner, ok := strings.Cut(rest, `": `); ok {
			return inner
		}
	}
	for _, mark := range []string{"failed to resolve image: ", "failed to copy: "} {
		if _, inner, ok := strings.Cut(text, mark); ok {
			return inner
		}
	}
	return text
}

// attempt reads a host line of a pull of ref.
func (e *entry) attempt(ref imageRef, image string, causes *memo[cause.Cause]) Attempt {
	a := Attempt{
		Endpoint: e.host, Error: strings.TrimPrefix(e.text, "unexpected status: "), StatusCode: cause.StatusIn(e.text),
		Time: known(e.time), File: e.file, Line: e.line, Source: SourceLog,
	}
	text := e.text
	if e.asked.Host != "" && strings.HasPrefix(text, "unexpected status: ") {
		text = "unexpected status from HEAD request to " + e.url + strings.TrimPrefix(text, "unexpected status")
	}
	a.Cause = cmp.Or(causes.of(inContext(text, image), cause.Parse), cause.Unknown)
	if e.asked.Host == e.host && !e.asked.Token() {
		a.URL = e.url
	}
	for _, request := range []cause.Request{e.asked, e.failed} {
		if request.Scheme != "" && (request.Host == e.host || e.host == "") && !request.Token() {
			a.Endpoint = request.Endpoint()
			break
		}
	}
	if e.failed.Host != "" && e.failed.Host != e.host && e.host != "" && (!e.failed.Token() || a.Cause == cause.AuthTokenService) {
		a.Target = e.failed.Endpoint()
	}
	a.Default = own(e.host, ref) && !e.asked.Query.Has("ns") && (e.failed.Host != e.host || !e.failed.Query.Has("ns"))
	return a
}

// merge adds attempts that were made later. An endpoint counts once: a digest is asked for
// as manifest and as blob, and each of the kubelet's credentials goes through all of them. Two
// endpoints of one host are told by the repositories that they are asked for.
func merge(attempts, later []Attempt) []Attempt {
	for _, a := range later {
		i := slices.IndexFunc(attempts, func(b Attempt) bool { return sameEndpoint(a.Endpoint, b.Endpoint) && sameRepository(a.URL, b.URL) })
		switch {
		case i < 0:
			attempts = append(attempts, a)
		case cause.Outranking(attempts[i].Cause, a.Cause) != attempts[i].Cause:
			a.Endpoint, a.Default = attempts[i].Endpoint, attempts[i].Default
			attempts[i] = a
		case len(a.Endpoint) > len(attempts[i].Endpoint):
			attempts[i].Endpoint = a.Endpoint // with its scheme
		}
	}
	return attempts
}

// sameRepository is true where one URL is unknown, too.
func sameRepository(a, b string) bool {
	if a == "" || b == "" || a == b {
		return true
	}
	one, _ := cause.ParseRequest(a)
	other, _ := cause.ParseRequest(b)
	first, _, _ := one.Content()
	second, _, _ := other.Content()
	return first == second
}

// sameEndpoint compares spellings; one without a scheme is any of its host.
func sameEndpoint(a, b string) bool {
	aScheme, aHost, aOK := strings.Cut(a, "://")
	bScheme, bHost, bOK := strings.Cut(b, "://")
	switch {
	case aOK && bOK:
		return aScheme == bScheme && aHost == bHost
	case aOK:
		return aHost == b
	case bOK:
		return a == bHost
	}
	return a == b
}

// span is that of a pull of h which r ends, from its first line on.
func (s *Scanner) span(h *history, r, start record) span {
	in := span{from: start.seq}
	if in.from == 0 {
		in.from = max(h.ended, s.pool.seqAt(r.time.Add(-lookBack)))
	}
	for o := range s.open {
		if o != h && near(o.began().time, r.time, lookBack) { // the others are past asking hosts
			in.others = append(in.others, o)
		}
	}
	for _, e := range s.ends {
		if e.image != h && e.seq >= in.from {
			in.ended = append(in.ended, e)
		}
	}
	in.alone = len(in.others)+len(in.ended) == 0
	return in
}

// An end is where a pull of an image began, 0 for unknown, and where it ended.
type end struct {
	image     *history
	from, seq int
}

// maxEnds is how many ends are remembered: those that pulls may have run beside.
const maxEnds = 64

// endedAt remembers where pulls ended, as containerd has it: others tell later, and of pulls that
// may be long over.
func (s *Scanner) endedAt(h *history, r, start record) {
	h.ended = r.seq
	if r.source != sourceRuntime {
		return
	}
	if len(s.ends) == 2*maxEnds {
		s.ends = append(s.ends[:0], s.ends[maxEnds:]...)
	}
	s.ends = append(s.ends, end{h, start.seq, r.seq})
}

// began is the first line of the newest pull of h that has not ended.
func (h *history) began() record {
	if len(h.starts) == 0 {
		return record{}
	}
	return h.starts[len(h.starts)-1]
}
