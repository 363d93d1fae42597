package logparse

import (
	"cmp"
	"strings"
	"time"
)

// A record is what one line says about pulls.
type record struct {
	kind   kind
	source source
	time   time.Time // zero: unknown
	first  time.Time // of an event: when it happened first
	count  int       // of an event: how often; 0: once
	file   string
	line   int
	seq    int // of records, in the order in which they were read

	image  string // as written; "" where the line names none
	text   string // of a failure: the error
	host   string // of a host line
	url    string
	legacy bool // of a host line: in the words of 1.x

	agent   bool // of a failure: RKE2 itself pulled, and the text has every endpoint
	sandbox bool // of a failure: the image was a sandbox's, whose pull has no lines of its own
}

type kind int

const (
	kindNone kind = iota
	kindBoot
	kindStart
	kindSuccess    // a pull succeeded
	kindFailure    // a pull failed
	kindBackoff    // the kubelet waits before it pulls again
	kindHost       // a host failed
	kindUndecoded  // a hosts.toml was ignored
	kindNoProgress // containerd will cancel the pull
	kindHeading    // of the kubelet: the next line has the error
	kindNameless   // some image cannot be pulled
	kindSecret     // the kubelet lacks a pull secret
	kindAsked      // a client was asked for an image
	kindInner      // a line that precedes the one that ends a pull has the error

	kindAgentReads   // K3s reads registries.yaml
	kindAgentRefuses // and cannot use it
)

// A source is who says that a pull failed; of two that say it, the greater is believed.
type source int

const (
	sourceOther   source = iota // an event, or what a client printed
	sourceKubelet               // the kubelet's own log
	sourceRuntime               // containerd
	sources
)

// manyLines is what the kubelet writes for a text that has line ends, before its lines with a
// tab each. (k8s.io/klog/v2 internal/serialize)
const manyLines = "<"

// classify finds out what m says about pulls.
func classify(m message) record {
	r := record{time: m.time, first: m.first, count: m.count, host: m.host, url: m.url, text: m.err}
	text := m.text
	switch {
	case m.kubelet && m.err == manyLines:
		r.kind, r.text = kindHeading, ""
	case strings.HasPrefix(text, "trying next host"), strings.HasPrefix(text, "fetch failed"):
		r.hostLine(text)
	case strings.HasPrefix(text, `PullImage "`) && (!m.kubelet || strings.Contains(text, "failed: ")):
		r.pullImage(text)
	case strings.HasPrefix(text, `Pulled image "`):
		r.kind, r.image = kindSuccess, firstQuoted(text)
	case r.inSandbox(text):
	case strings.HasPrefix(text, "cancel pulling image "):
		r.kind = kindNoProgress
		r.image, _, _ = strings.Cut(strings.TrimPrefix(text, "cancel pulling image "), " ")
	case strings.HasPrefix(text, "failed to decode ") && strings.Contains(text, "hosts.toml"):
		r.kind, r.text = kindUndecoded, text+": "+m.err
		r.host = hostsDirectory(text)
	case text == "starting containerd":
		r.kind, r.text = kindBoot, m.version
	case r.agentLine(text), r.runtimeLine(text), r.secretLine(m), r.askedLine(m):
	default:
		r.report(m)
	}
	if r.kind == kindNone {
		return record{}
	}
	r.text, r.image, r.host, r.url = clean(r.text), brief(r.image), brief(r.host), brief(r.url)
	return r
}

// below is r as the kubelet's heading in the line before has it, if there is one.
func (r record) below(heading record) record {
	if heading.kind == kindHeading && r.source == sourceOther && r.file == heading.file && r.line == heading.line+1 {
		r.source, r.time = sourceKubelet, cmp.Or(r.time, heading.time)
	}
	return r
}

func (r *record) pullImage(text string) {
	name, rest := quoted(strings.TrimPrefix(text, "PullImage "))
	r.image, r.source = name, sourceRuntime
	switch {
	case rest == "":
		r.kind = kindStart
	case strings.HasPrefix(rest, " returns image reference"):
		r.kind = kindSuccess
	case strings.HasPrefix(rest, " failed"):
		r.kind = kindFailure
	case strings.Contains(rest, "failed: "): // the kubelet's words before structured logging
		r.kind, r.source, r.text = kindFailure, sourceKubelet, told(rest)
	}
}

// hostLine reads "trying next host" of 1.x, "trying next host after status: 404 Not Found"
// and "fetch failed" of 2.x. (core/remotes/docker/resolver.go)
func (r *record) hostLine(text string) {
	r.kind = kindHost
	if _, answer, ok := strings.Cut(text, " after status: "); ok {
		r.text = "unexpected status: " + answer
	} else if strings.Contains(text, "http.StatusNotFound") {
		r.text, r.legacy = "unexpected status: 404 Not Found", true
	}
	if r.host == "" && r.text == "" && r.url == "" { // the rest of the line is missing
		r.kind = kindNone
	}
}

// inSandbox reads what containerd logs of a pod's sandbox; false where text is none of it.
func (r *record) inSandbox(text string) bool {
	if !strings.HasPrefix(text, "RunPodSandbox for ") {
		return false
	}
	if r.text == "" { // without a field for the error, it is in the text, or there is none
		return !strings.Contains(text, "sandbox image ")
	}
	if strings.HasSuffix(text, " failed, error") && (strings.Contains(r.text, "sandbox image") || strings.Contains(r.text, "failed to pull image")) {
		r.kind, r.source, r.sandbox, r.image = kindFailure, sourceRuntime, true, requestedIn(r.text)
	}
	return true
}

// hostsDirectory is the name of the directory of a hosts.toml whose path text holds, ""
// where it holds none.
func hostsDirectory(text string) string {
	path, ok := strings.CutSuffix(strings.TrimPrefix(text, "failed to decode "), "/hosts.toml")
	if !ok {
		return ""
	}
	return path[strings.LastIndexByte(path, '/')+1:]
}

func firstQuoted(text string) string {
	_, rest, _ := strings.Cut(text, `"`)
	name, _, _ := strings.Cut(rest, `"`)
	return name
}

func quotedAfter(text, mark string) string {
	_, rest, ok := strings.Cut(text, mark)
	name, _, closed := strings.Cut(rest, `"`)
	if !ok || !closed {
		return ""
	}
	return name
}
