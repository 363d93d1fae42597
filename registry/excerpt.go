package registry

import (
	"regexp"
	"strings"
)

// excerpt is a line of registries.yaml without what may be a secret: a value that is not
// known to be none is replaced by an ellipsis. "" where nothing of it may be shown.
func excerpt(text []byte, line int) string {
	lines := strings.Split(string(text), "\n")
	if line < 1 || line > len(lines) {
		return ""
	}
	shown := strings.TrimRight(lines[line-1], "\r")
	known := map[int]bool{}
	if root, err := parseYAML(text); err == nil {
		openLines(root, nil, known)
	}
	if !mayBeSecret(shown) && (known[line] || harmless.MatchString(shown)) {
		return shown
	}
	if m := keyPart.FindString(shown); m != "" {
		return m + " …"
	}
	return ""
}

var (
	// harmless is a line that holds a key alone, a host or a URL, whatever surrounds it.
	harmless = regexp.MustCompile(`^\s*(- )?\s*(["']?[\w.*:/-]+["']?\s*:\s*|["']?(https?://)?[a-z0-9-]+(\.[a-z0-9-]+)+(:\d+)?(/[\w./-]*)?["']?,?\s*)$`)
	keyPart  = regexp.MustCompile(`^\s*(- )?["']?[\w.:/-]+["']?:`)
)
