// Package lazyregexp has regular expressions that are compiled when they are first used. There
// are nearly a hundred, of which a run uses some: compiling all was a third of its start.
package lazyregexp

import (
	"regexp"
	"sync"
)

// New returns a function that compiles expr at its first call, and at each returns the same.
// It panics where expr is no regular expression, as [regexp.MustCompile] does.
func New(expr string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(expr) })
}
