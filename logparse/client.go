package logparse

import (
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// askedLines is how many lines below what names it a client may tell that an image failed:
// it prints a line for each layer, and again for each state.
const askedLines = 200

// progress is what ctr and nerdctl print of an image before they fetch it.
var progress = lazyregexp.New(`(\S+):\s+resolv(?:ing|ed)\s+\|`)

// command is a client that is asked to pull, where it is typed.
var command = lazyregexp.New("(?:^|`|[$#>%\\]] +|[➜❯] +)(?:sudo +|time +)*(?:\\S*/)?(?:k3s +|microk8s[ .])?" +
	"(?:crictl(?: .*)?|nerdctl(?: .*)?|docker|ctr i|ctr (?:.* )?images?) pull +([^`]+)")

// valued are the clients' options that have a value in the next word.
var valued = []string{"-u", "--user", "--creds", "--auth", "--platform", "--hosts-dir", "--snapshotter", "--label", "--tlscacert", "--tlscert", "--tlskey"}

// askedLine reads for which image a client was asked, for what it says when it fails may not
// name it; false where text does not tell.
func (r *record) askedLine(m message) bool {
	if !m.plain {
		return false
	}
	if found := command().FindStringSubmatch(strings.TrimSpace(m.text)); found != nil {
		r.kind, r.image = kindAsked, argument(strings.Fields(found[1]))
	}
	if found := progress().FindStringSubmatch(m.text); found != nil {
		r.kind, r.image = kindAsked, found[1]
	}
	return r.kind == kindAsked
}

// argument is the last of words that is neither an option nor one's value.
func argument(words []string) (last string) {
	for i, word := range words {
		if !strings.HasPrefix(word, "-") && (i == 0 || !slices.Contains(valued, words[i-1])) {
			last = word
		}
	}
	return strings.Trim(last, wrappers)
}

// askedFor is the image that a client was asked for which now tells that it failed, "" where
// that is not known.
func (s *Scanner) askedFor(r record) string {
	a := s.asked
	nameless := r.kind == kindFailure && r.source == sourceOther && !strings.Contains(r.text, `failed to pull and unpack image "`)
	if !nameless || a.image == "" || a.file != r.file || r.line-a.line > askedLines || s.last != nil && s.last.seq > a.seq {
		return ""
	}
	return a.image
}
