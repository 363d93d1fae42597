package main

import (
	"cmp"
	"fmt"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/pullwhy/pullwhy/report"
)

// Values of --color.
const (
	colorAuto   = "auto"
	colorAlways = "always"
	colorNever  = "never"
)

func checkColor(when string) error {
	switch when {
	case colorAuto, colorAlways, colorNever:
		return nil
	}
	return fmt.Errorf("unknown --color %q: auto, always or never", when)
}

// textOptions fits the text to where it goes: colour and the terminal's width only on a
// terminal, and ASCII where the locale says that its character set is not UTF-8.
func (e *env) textOptions() report.TextOptions {
	o := report.TextOptions{Verbose: e.verbose, ASCII: !utf8Locale()}
	if f, ok := e.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Color = os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
		o.Width, _, _ = term.GetSize(int(f.Fd()))
	}
	if e.color != colorAuto {
		o.Color = e.color == colorAlways
	}
	return o
}

// utf8Locale looks for the character set in the order of POSIX, "Environment Variables",
// section 8.2. Where none is set, as in most containers and units, a terminal of today is
// taken for UTF-8.
func utf8Locale() bool {
	locale := strings.ToLower(cmp.Or(os.Getenv("LC_ALL"), os.Getenv("LC_CTYPE"), os.Getenv("LANG"), "utf-8"))
	return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
}
