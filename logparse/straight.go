package logparse

import "strings"

// straight undoes what chat programs, web pages and spreadsheets make of quotes, and of what
// looks like a link.
func straight(text string) string {
	if strings.Contains(text, "](http") {
		text = unlinked(text)
	}
	if strings.Contains(text, "\u201c") || strings.Contains(text, "&quot;") {
		text = plainQuotes(text)
	}
	if strings.Contains(text, `image ""`) {
		text = strings.ReplaceAll(text, `""`, `"`)
	}
	return text
}

// unlinked is text with each [HOST/PATH](http://HOST/PATH) as its text alone.
func unlinked(text string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(text, "](http")
		open := strings.LastIndexByte(before, '[')
		_, address, _ := strings.Cut(rest, "://")
		address, after, closed := strings.Cut(address, ")")
		if !ok || !closed || open < 0 {
			return b.String() + text
		}
		if name := before[open+1:]; strings.TrimSuffix(address, "/") == strings.TrimSuffix(name, "/") {
			before, text = before[:open]+name, after
		} else {
			before, text = before+"](http", rest
		}
		b.WriteString(before)
	}
}

var plainQuotes = strings.NewReplacer("\u201c", `"`, "\u201d", `"`, "&quot;", `"`, "&amp;", "&", "&#34;", `"`, "&#39;", "'").Replace
