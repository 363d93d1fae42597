package logparse

import "sync"

// marks are the phrases of which a line that tells of a pull holds one at least, without
// letters that may be in either case. None is shorter than minMark, and each begins with
// what is rare in other lines: so much is looked for.
var marks = [][]byte{
	[]byte(`PullImage \`), []byte(`PullImage "`), []byte("PullImage from image service"),
	[]byte("g next host"), []byte("fetch failed"), []byte(`ulled image \`), []byte(`ulled image "`), []byte("-off pulling image "), []byte("PullBackOff"), []byte("cel pulling image "),
	[]byte("to pull image"), []byte("d to get sandbox image"), []byte("ull and unpack image "), []byte("pull policy of Never"),
	[]byte("resolve reference "), []byte("d to resolve image"), []byte("image on snapshotter "), []byte("to get runtime image "), []byte("d to get image "), []byte("to do request: "), []byte("d to copy: "),
	[]byte("parse image name "), []byte("parse image reference "), []byte("ult image tag "),
	[]byte("/hosts.toml"), []byte("e hosts.toml"), []byte(`" revision=`), []byte(`"revision":`), []byte(`\"revision\":`), // starting containerd
	[]byte("ivate registry "), []byte("rieve agent "),
	[]byte("ieve pull secret"), []byte("ieve some image pull secret"),
	[]byte(`"MESSAGE":[`), []byte(`"MESSAGE": [`), []byte(`"MESSAGE" : [`), // the journal's bytes, which may hold any of the above
}

// memberMarks count only in a line that holds one member of a JSON object: they belong to
// a Kubernetes event.
var memberMarks = [][]byte{
	[]byte(`  "count": `), []byte(`"deprecatedCount": `), []byte(`irstTimestamp": `), []byte(`astTimestamp": `), []byte(`entTime": "2`),
	[]byte(`"message": `), []byte(`  "note": "`),
}

// pasteMarks are those of lines that mean something in a paste only: what a client printed,
// and errors of which the beginning was cut off.
var pasteMarks = [][]byte{
	[]byte("starting containerd"), []byte("ng from host "), []byte("ull access denied, "), []byte("anonymous token"), []byte("fetch oauth token"), []byte("httpReadSeeker: "),
	[]byte("commit on ref "), []byte("to extract layer "), []byte("content digest sha256:"), []byte("match for platform in "), []byte("toomanyrequests: "), []byte("tus from HEAD request to "),
	[]byte("pulling image: "), []byte("pulling image failed: "), []byte("PullImage failed"), []byte("resolving  "), []byte("resolved   "),
	[]byte("crictl pull "), []byte("nerdctl pull "), []byte("docker pull "), []byte("images pull "), []byte("image pull "), []byte("ctr i pull "), []byte(".sock pull "), []byte("d pulling image "), []byte("k8s.io pull "),
}

// With these multipliers newFinder tries no others.
const (
	multiplier      = 0xe92f2bab
	pasteMultiplier = 0x83b9bbf3
)

var (
	pullMarks = sync.OnceValue(func() *finder { return newFinder(multiplier, marks, memberMarks) })
	pasted    = sync.OnceValue(func() *finder { return newFinder(pasteMultiplier, pasteMarks, nil) })
)

// nextMark is where the first mark in text stands that is found from one place to another, in a
// paste also of those of pastes; -1 for none.
func nextMark(text []byte, from, to int, paste bool) int {
	at := pullMarks().next(text, from, to)
	if !paste {
		return at
	}
	other := pasted().next(text, from, to)
	if at < 0 || other >= 0 && other < at {
		return other
	}
	return at
}

func hasMark(text []byte) bool { return pullMarks().next(text, 0, len(text)) >= 0 }
