package registry

import (
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// maxExcerpt is more than anybody reads of one line, in bytes.
const maxExcerpt = 400

// excerpt is a line of registries.yaml without what may be a secret: a value that is not
// known to be none is replaced by an ellipsis. "" where nothing of it may be shown.
func (n *linter) excerpt(line int) string {
	lines := n.lines()
	if line < 1 || line > len(lines) || len(lines[line-1]) > maxExcerpt {
		return ""
	}
	if n.open == nil {
		n.open = map[int]bool{}
		openLines(n.file.root, nil, n.open)
	}
	shown := strings.TrimRight(lines[line-1], "\r")
	if !mayBeSecret(shown) && (n.open[line] || harmless().MatchString(shown)) {
		return shown
	}
	if m := keyPart().FindString(shown); m != "" {
		return m + " …"
	}
	return ""
}

var (
	// harmless is a line that holds a key alone, a host or a URL, whatever surrounds it.
	harmless = lazyregexp.New(`^\s*(- )?\s*(["']?[\w.*:/-]+["']?\s*:\s*|["']?(https?://)?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/[\w./-]*)?["']?,?\s*)$`)
	keyPart  = lazyregexp.New(`^\s*(- )?["']?[\w.:/-]+["']?:`)
)
