package logparse

import (
	"strings"
	"time"
)

// A clock reads the times of a log. Those that lack a year are of the twelve months up to
// the last full time that was read, or to now; unknown where there is neither.
type clock struct {
	now  time.Time      // zero: unknown
	zone *time.Location // of times that state none; nil: UTC
	last time.Time      // that was read in full
}

// full reads a time with a date and, mostly, a zone. Zero where text is none.
func (c *clock) full(text string) time.Time {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700", "2006-01-02 15:04:05.999999999 Z0700"} {
		if t, err := time.Parse(layout, text); err == nil {
			return c.read(t)
		}
	}
	if t, err := time.ParseInLocation("2006-01-02T15:04:05.999999999", text, c.location()); err == nil {
		return c.read(t)
	}
	return time.Time{}
}

func (c *clock) read(t time.Time) time.Time {
	if y := t.Year(); y < 1970 || y > 9999 {
		return time.Time{}
	}
	c.last = t.UTC()
	return c.last
}

// partial reads a time without a year. Zero where text is none, or the year unknown.
func (c *clock) partial(layout, text string) time.Time {
	reference := c.now
	if c.last.After(reference) {
		reference = c.last
	}
	if reference.IsZero() {
		return time.Time{}
	}
	t, err := time.ParseInLocation(layout+" 2006", text+" "+reference.In(c.location()).Format("2006"), c.location())
	if err != nil { // the 29th of February of another year included
		return time.Time{}
	}
	if t.After(reference.Add(24 * time.Hour)) {
		t = t.AddDate(-1, 0, 0)
	}
	return t.UTC()
}

func (c *clock) location() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}

// prefix reads the time that a journal or syslog prefix begins with, in journalctl's
// formats short ("Oct 08 09:50:16 host unit[1]: "), short-iso and short-iso-precise.
func (c *clock) prefix(line string) time.Time {
	if len(line) > 15 && line[3] == ' ' && line[9] == ':' {
		return c.partial("Jan _2 15:04:05", line[:15])
	}
	if word, _, ok := strings.Cut(line, " "); ok && len(word) >= 19 && word[10] == 'T' {
		return c.full(word)
	}
	return time.Time{}
}
