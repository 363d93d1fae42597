package logparse

import (
	"strconv"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

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
		} else if r.image == "" { // it was cut off
			r.kind = kindNameless
		}
	case strings.Contains(text, `Successfully pulled image "`):
		r.kind, r.image = kindSuccess, quotedAfter(text, `Successfully pulled image "`)
	case tellsOfFailure(text):
		r.kind, r.text = kindFailure, told(text)
		r.image = requestedIn(text)
		if m.image != "" {
			r.image = m.image
		}
		if _, name, ok := strings.Cut(text, `ailed to pull image "`); ok && r.image == "" && !strings.Contains(name, `"`) {
			r.kind = kindNameless // it was cut off
		}
		if strings.Contains(text, "does not seem to support HTTPS") { // nerdctl says it again when it ends
			r.kind = kindInner
		}
	case strings.Contains(text, "ImagePullBackOff"):
		r.kind = kindNameless
	default:
		r.tellInner(m, text)
	}
}

// tellInner reads an error that names no image: in a log another line ends the pull.
func (r *record) tellInner(m message, text string) {
	start, ok := firstMark(text, innerMarks)
	switch {
	case !ok:
		return
	case m.plain:
		r.kind = kindFailure
	default:
		r.kind = kindInner
	}
	r.text = strings.TrimRight(text[start:], wrappers)
}

// failureMarks tell that a text is about a pull that failed.
var failureMarks = []string{
	"failed to pull and unpack image ", "failed to resolve reference ", `ailed to pull image "`, "failed to get sandbox image ", `failed pulling image "`,
	"PullImage from image service failed", "is not present with pull policy of Never", "couldn't parse image name ",
	"Failed to apply default image tag ", "failed to parse image reference ", "failed to copy: ",
	"failed to resolve image", "failed to unpack image on snapshotter ", "ailed to pull image: ",
	"pulling image: ", "pulling image failed: ", "PullImage failed",
}

// innerMarks are those of an error whose beginning was cut off, or of which a client says no
// more. In a log they stand in lines before the one that ends the pull, too.
var innerMarks = []string{
	"pulling from host ", "pull access denied, repository does not exist", "failed to fetch anonymous token", "failed to fetch oauth token",
	"httpReadSeeker: failed open: ", "failed commit on ref ", "failed to extract layer ", "content digest sha256:",
	"no match for platform in manifest", "toomanyrequests: ", "unexpected status from HEAD request to ",
}

func tellsOfFailure(text string) bool {
	if _, ok := firstMark(text, failureMarks); ok || bareName(text) != "" {
		return true
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
	start, _ := firstMark(text, errorMarks)
	start = min(start, reason(text, `Failed to pull image "`))
	if start == len(text) {
		start = reason(text, "ailed to pull image")
	}
	if start == len(text) {
		return strings.TrimSpace(text)
	}
	return strings.TrimRight(text[start:], wrappers)
}

// reason is where the error begins that follows words and an image's name, the end of text
// where there is none.
func reason(text, words string) int {
	_, rest, _ := strings.Cut(text, words)
	_, rest, _ = strings.Cut(rest, ": ")
	return len(text) - len(rest)
}

// wrappers are what people and programs put around an error.
const wrappers = " \"'`"

// errorMarks begin the error in such words.
var errorMarks = []string{
	"[rpc error: ", "rpc error: ", "[failed to pull and unpack image ", "failed to pull and unpack image ", "failed to resolve reference ",
	`Container image "`, "couldn't parse image name ",
}

// firstMark is where the first of marks stands in text.
func firstMark(text string, marks []string) (start int, ok bool) {
	start = len(text)
	for _, mark := range marks {
		if i := strings.Index(text, mark); i >= 0 {
			start, ok = min(start, i), true
		}
	}
	return start, ok
}

// What stands before the name of the image that was asked for, and of the one that
// containerd made of it, the name asked for first.
var imageMarks = []string{
	`ailed to pull image "`, `failed to get sandbox image "`, `failed to pull and unpack image "`, `failed to resolve reference "`,
	`failed to resolve image "`, `failed pulling image "`, `Container image "`, `couldn't parse image name "`, `Failed to apply default image tag "`, `failed to parse image reference "`,
}

// requestedIn is the image that a failure's text names, "" for none. A text that was cut
// may still end the name with the colon that precedes the error, or have it in a URL.
func requestedIn(text string) string {
	for _, mark := range imageMarks {
		if name := quotedAfter(text, mark); name != "" {
			return name
		}
	}
	if name := bareName(text); name != "" {
		return name
	}
	if name, _, ok := strings.Cut(text, `": `); ok && !strings.ContainsAny(name, ` =`) {
		return strings.Trim(name, `"`)
	}
	request, _ := cause.FindRequest(text)
	if _, last := lastField(text); strings.Contains(last, request.Path) { // cut in its midst, perhaps
		return ""
	}
	return imageOf(request)
}

// bareName is the image that text names without quotes, as kubeadm does, and ctr of one that is
// not found. (core/remotes/docker/resolver.go)
func bareName(text string) string {
	for _, mark := range []string{"ailed to pull image ", "failed to resolve image: "} {
		_, rest, _ := strings.Cut(text, mark)
		name, _, _ := strings.Cut(rest, " ")
		if name = strings.Trim(name, wrappers+":[]"); bareImage().MatchString(name) {
			return name
		}
	}
	return ""
}

// bareImage is a name with a registry's host, or a tag, to tell it from words.
var bareImage = lazyregexp.New(`^(?:[\w-]+[.:][\w.:-]*/\S+|[\w./-]+:[\w.-]+)$`)

// imageOf is the image that a request to the registry API is about, "" where its host does
// not tell: a mirror whose namespace is masked.
func imageOf(request cause.Request) string {
	repository, identifier, ok := request.Content()
	if !ok || identifier == "" || strings.Contains(request.Path, "/blobs/") {
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
