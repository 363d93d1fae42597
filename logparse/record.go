package logparse

import (
	"cmp"
	"strconv"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
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
	case strings.HasPrefix(text, `PullImage "`) && !m.kubelet:
		r.pullImage(text)
	case strings.HasPrefix(text, `Pulled image "`):
		r.kind, r.image = kindSuccess, firstQuoted(text)
	case strings.HasPrefix(text, "RunPodSandbox for "):
		r.inSandbox(text)
	case strings.HasPrefix(text, "cancel pulling image "):
		r.kind = kindNoProgress
		r.image, _, _ = strings.Cut(strings.TrimPrefix(text, "cancel pulling image "), " ")
	case strings.HasPrefix(text, "failed to decode ") && strings.Contains(text, "hosts.toml"):
		r.kind, r.text = kindUndecoded, text+": "+m.err
		r.host = hostsDirectory(text)
	case text == "starting containerd":
		r.kind, r.text = kindBoot, m.version
	case r.agentLine(text), r.runtimeLine(text), r.secretLine(m):
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
		r.kind, r.source, r.text = kindFailure, sourceKubelet, rest
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

// inSandbox reads that a pod's sandbox could not be made.
func (r *record) inSandbox(text string) {
	if strings.HasSuffix(text, " failed, error") && (strings.Contains(r.text, "sandbox image") || strings.Contains(r.text, "failed to pull image")) {
		r.kind, r.source, r.sandbox, r.image = kindFailure, sourceRuntime, true, requestedIn(r.text)
	}
}

// report reads what the kubelet, an event or a client says of a pull that ended.
func (r *record) report(m message) {
	text := m.text
	if m.err != "" {
		text += ": " + m.err
	}
	text = strings.ReplaceAll(text, `\"`, `"`)
	r.source = sourceOther
	if m.kubelet {
		r.source = sourceKubelet
	}
	if message, count, ok := wideEvent(text); ok {
		text, r.count = message, count
	}
	if r.count == 0 {
		r.count = eventCount(text)
	}
	switch {
	case strings.Contains(text, `Back-off pulling image "`):
		r.kind, r.image = kindBackoff, quotedAfter(text, `Back-off pulling image "`)
		r.text = `Back-off pulling image "` + r.image + `"`
		if _, quoted, ok := strings.Cut(text, "ErrImagePull: "); ok {
			r.text = told(quoted)
		}
	case strings.Contains(text, `Successfully pulled image "`):
		r.kind, r.image = kindSuccess, quotedAfter(text, `Successfully pulled image "`)
	case tellsOfFailure(text):
		r.kind, r.text = kindFailure, told(text)
		r.image = requestedIn(text)
		if m.image != "" {
			r.image = m.image
		}
	case strings.Contains(text, "ImagePullBackOff"):
		r.kind = kindNameless
	}
}

// failureMarks tell that a text is about a pull that failed.
var failureMarks = []string{
	"failed to pull and unpack image ", "failed to resolve reference ", `ailed to pull image "`, "failed to get sandbox image ",
	"PullImage from image service failed", "is not present with pull policy of Never", "couldn't parse image name ",
	"Failed to apply default image tag ", "failed to parse image reference ", "failed to copy: ",
	"failed to resolve image: ", "failed to unpack image on snapshotter ",
}

func tellsOfFailure(text string) bool {
	for _, mark := range failureMarks {
		if strings.Contains(text, mark) {
			return true
		}
	}
	if !strings.Contains(text, "failed to do request: ") {
		return false
	}
	request, ok := cause.FindRequest(text)
	_, _, content := request.Content()
	return ok && content
}

// told is the error in a kubelet's or a client's words around it.
func told(text string) string {
	start := len(text)
	for _, mark := range []string{
		"[rpc error: ", "rpc error: ", "failed to pull and unpack image ", "failed to resolve reference ",
		`Container image "`, "couldn't parse image name ",
	} {
		if i := strings.Index(text, mark); i >= 0 {
			start = min(start, i)
		}
	}
	if start == len(text) {
		return strings.TrimSpace(text)
	}
	return strings.TrimRight(text[start:], ` "'`)
}

// What stands before the name of the image that was asked for, and of the one that
// containerd made of it, the name asked for first.
var imageMarks = []string{
	`ailed to pull image "`, `failed to get sandbox image "`, `failed to pull and unpack image "`, `failed to resolve reference "`,
	`Container image "`, `couldn't parse image name "`, `Failed to apply default image tag "`, `failed to parse image reference "`,
}

// requestedIn is the image that a failure's text names, "" for none. A text that was cut
// may still end the name with the colon that precedes the error, or have it in a URL.
func requestedIn(text string) string {
	for _, mark := range imageMarks {
		if name := quotedAfter(text, mark); name != "" {
			return name
		}
	}
	if name, _, ok := strings.Cut(text, `": `); ok && !strings.ContainsAny(name, ` =`) {
		return strings.Trim(name, `"`)
	}
	request, _ := cause.FindRequest(text)
	return imageOf(request)
}

// imageOf is the image that a request to the registry API is about, "" where its host does
// not tell: a mirror whose namespace is masked.
func imageOf(request cause.Request) string {
	repository, identifier, ok := request.Content()
	if !ok || strings.Contains(request.Path, "/blobs/") {
		return ""
	}
	host := request.Host
	if request.Query.Has("ns") {
		host = request.Query.Get("ns")
	}
	if host == hub {
		host = "docker.io"
	}
	separator := ":"
	if strings.Contains(identifier, ":") {
		separator = "@"
	}
	if strings.Contains(host, redacted) {
		return ""
	}
	return host + "/" + repository + separator + identifier
}

// hub is where images of docker.io are.
const hub = "registry-1.docker.io"

// eventCount is the 4 of "(x4 over 14m)" in a table of events, 0 where there is none.
func eventCount(text string) int {
	_, rest, ok := strings.Cut(text, "(x")
	digits, after, over := strings.Cut(rest, " over ")
	if !ok || !over || !strings.Contains(after, ")") || len(digits) > 6 {
		return 0
	}
	n := 0
	for _, c := range []byte(digits) {
		if c < '0' || c > '9' {
			return 0
		}
		n = n*10 + int(c-'0')
	}
	return n
}

// wideEvent cuts a row of kubectl get events -o wide before what stands after the message:
// since when the event was seen, how often, and its name, which ends in a time.
// (k8s.io/kubernetes pkg/printers/internalversion/printers.go)
func wideEvent(row string) (message string, count int, ok bool) {
	row, name := lastField(row)
	stamp := name[strings.LastIndexByte(name, '.')+1:]
	if len(stamp) != len("17b0c5f0a1b2c3d4") || strings.Trim(stamp, "0123456789abcdef") != "" {
		return "", 0, false
	}
	row, times := lastField(row)
	row, _ = lastField(row)
	count, err := strconv.Atoi(times)
	return row, count, err == nil
}

func lastField(text string) (before, field string) {
	text = strings.TrimRight(text, " ")
	i := strings.LastIndexByte(text, ' ') + 1
	return text[:i], text[i:]
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
