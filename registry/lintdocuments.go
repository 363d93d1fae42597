package registry

import (
	"bytes"
	"fmt"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// laterSection is a section of registries.yaml, at the beginning of a line.
var laterSection = lazyregexp.New(`(?m)^(mirrors|configs)[ \t]*:(?:\s|$)`)

// lintLaterDocuments finds sections behind the first document of the file.
func (n *linter) lintLaterDocuments() {
	first := firstDocument(n.file.text)
	m := laterSection().FindSubmatchIndex(n.file.text[len(first):])
	if m == nil {
		return
	}
	lineOf := func(offset int) int { return bytes.Count(n.file.text[:offset], []byte("\n")) + 1 }
	begins := lineOf(len(first))
	n.report(Position{n.file.path, lineOf(len(first) + m[0]), 1}, Issue{
		Code:   codeUnknownKey,
		Detail: fmt.Sprintf("K3s ignores this: it reads no further than line %d, where another document begins", begins),
		Fix:    fmt.Sprintf("remove line %d, and put sections of the same name into one", begins),
	})
}
