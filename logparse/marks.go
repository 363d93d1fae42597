package logparse

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"sync"
)

// marks are the phrases of which a line that tells of a pull holds one at least, without
// letters that may be in either case. None is shorter than minMark, and each begins with
// what is rare in other lines: so much is looked for.
var marks = [][]byte{
	[]byte(`PullImage \`), []byte(`PullImage "`), []byte("PullImage from image service"),
	[]byte("g next host"), []byte("fetch failed"), []byte(`ulled image \`), []byte(`ulled image "`), []byte("-off pulling image "), []byte("PullBackOff"), []byte("cel pulling image "),
	[]byte("to pull image"), []byte("d to get sandbox image"), []byte("ull and unpack image "), []byte("pull policy of Never"),
	[]byte("resolve reference "), []byte("d to resolve image"), []byte("image on snapshotter "), []byte("to get runtime image "), []byte("d to get image "), []byte("to do request: "), []byte("d to copy: "),
	[]byte("parse image name "), []byte("parse image reference "), []byte("ult image tag "),
	[]byte("d to decode "), []byte("starting containerd"),
	[]byte("private registry config file"), []byte("retrieve agent configuration"),
	[]byte("retrieve pull secret"), []byte("retrieve some image pull secret"),
	[]byte(`"MESSAGE":[`), // the journal's bytes, which may hold any of the above
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
	[]byte("ng from host "), []byte("ull access denied, "), []byte("anonymous token"), []byte("fetch oauth token"), []byte("httpReadSeeker: "),
	[]byte("commit on ref "), []byte("to extract layer "), []byte("content digest sha256:"), []byte("match for platform in "), []byte("toomanyrequests: "), []byte("tus from HEAD request to "),
	[]byte("pulling image: "), []byte("pulling image failed: "), []byte("PullImage failed"), []byte("resolving  "), []byte("resolved   "),
	[]byte("crictl pull "), []byte("nerdctl pull "), []byte("docker pull "), []byte("images pull "), []byte("image pull "), []byte("ctr i pull "), []byte(".sock pull "), []byte("d pulling image "), []byte("k8s.io pull "),
}

// A phrase of minMark bytes holds a gram that begins at a multiple of stride, wherever it
// stands: it is enough to look at those.
const (
	gram    = 4
	stride  = 8
	minMark = stride + gram - 1
)

// A finder finds phrases in text by their grams, of which there are at most 255.
type finder struct {
	known [1 << gramBits]uint8 // by hash of a gram: index in spots, 0 for none
	spots []spots
}

// A spot is where in a phrase a gram stands.
type spot struct {
	phrase []byte
	first  byte // of phrase: most of what looks like one ends there
	member bool
	offset int
}

type spots []spot

const gramBits = 15

var (
	pullMarks = sync.OnceValue(func() *finder { return newFinder(marks, memberMarks) })
	pasted    = sync.OnceValue(func() *finder { return newFinder(pasteMarks, nil) })
)

func newFinder(phrases, members [][]byte) *finder {
	f := &finder{spots: make([]spots, 1)}
	for i, phrase := range append(phrases[:len(phrases):len(phrases)], members...) {
		for offset := range stride {
			f.add(spot{phrase, phrase[0], i >= len(phrases), offset})
		}
	}
	return f
}

// nextMark is where the first mark at or after from stands, in a paste also of those of pastes; -1 for none.
func nextMark(text []byte, from int, paste bool) int {
	at := pullMarks().next(text, from)
	if !paste {
		return at
	}
	other := pasted().next(text, from)
	if at < 0 || other >= 0 && other < at {
		return other
	}
	return at
}

func (f *finder) add(p spot) {
	at := &f.known[hash(p.phrase[p.offset:])]
	if *at == 0 {
		*at = uint8(len(f.spots))
		f.spots = append(f.spots, nil)
	}
	f.spots[*at] = append(f.spots[*at], p)
}

// hash is that of the gram that text begins with. (Multiplicative hashing: Knuth, volume 3, 6.4)
func hash(text []byte) uint32 {
	return binary.LittleEndian.Uint32(text) * 0x9e3779b1 >> (32 - gramBits)
}

// next returns where the first line at or after from that holds a mark has one; -1 for
// none.
func (f *finder) next(text []byte, from int) int {
	at := from
	for ; at+8*stride <= len(text); at += 8 * stride {
		t := text[at : at+8*stride : at+8*stride]
		found := uint64(f.known[hash(t)]) | uint64(f.known[hash(t[stride:])])<<8 |
			uint64(f.known[hash(t[2*stride:])])<<16 | uint64(f.known[hash(t[3*stride:])])<<24 |
			uint64(f.known[hash(t[4*stride:])])<<32 | uint64(f.known[hash(t[5*stride:])])<<40 |
			uint64(f.known[hash(t[6*stride:])])<<48 | uint64(f.known[hash(t[7*stride:])])<<56
		for found != 0 {
			i := bits.TrailingZeros64(found) / 8
			if start := f.spots[uint8(found>>(8*i))].at(text, at+i*stride); start >= 0 {
				return start
			}
			found &^= 0xff << (8 * i)
		}
	}
	for ; at+gram <= len(text); at += stride {
		if start := f.spots[f.known[hash(text[at:])]].at(text, at); start >= 0 {
			return start
		}
	}
	return -1
}

// at returns where the phrase begins of which a gram stands at i, -1 for none.
func (s spots) at(text []byte, i int) int {
	for j := range s {
		p := &s[j]
		start := i - p.offset
		if start >= 0 && text[start] == p.first && bytes.HasPrefix(text[start:], p.phrase) && (!p.member || isMember(lineAt(text, start))) {
			return start
		}
	}
	return -1
}

// lineAt is the line of text that i is in.
func lineAt(text []byte, i int) []byte {
	start := bytes.LastIndexByte(text[:i], '\n') + 1
	if end := bytes.IndexByte(text[i:], '\n'); end >= 0 {
		return text[start : i+end]
	}
	return text[start:]
}

// isMember reports whether line may be one member of a JSON object that is printed on
// several lines.
func isMember(line []byte) bool {
	line = bytes.TrimLeft(line, " \t")
	return len(line) > 0 && line[0] == '"'
}
