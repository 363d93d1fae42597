package logparse

import (
	"cmp"
	"strings"
	"time"
)

// A clock reads the times of a log. Those that lack a year are of the year 0, until a
// calendar gives them one.
type clock struct{ zone *time.Location } // of times that state none; nil: UTC

// full reads a time with a date and, mostly, a zone. Zero where text is none.
func (c clock) full(text string) time.Time {
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

func (c clock) read(t time.Time) time.Time {
	t = t.UTC()
	if y := t.Year(); y < 1970 || y > 9999 {
		return time.Time{}
	}
	return t
}

// partial reads a time without a year. Zero where text is none.
func (c clock) partial(layout, text string) time.Time {
	t, err := time.ParseInLocation(layout, text, c.location())
	if err != nil {
		return time.Time{}
	}
	return t
}

func (c clock) location() *time.Location {
	if c.zone == nil {
		return time.UTC
	}
	return c.zone
}

// prefix reads the time that a journal or syslog prefix begins with, in journalctl's
// formats short ("Oct 08 09:50:16 host unit[1]: "), short-iso and short-iso-precise.
func (c clock) prefix(line string) time.Time {
	if len(line) > 15 && line[3] == ' ' && line[9] == ':' {
		return c.partial("Jan _2 15:04:05", line[:15])
	}
	if word, _, ok := strings.Cut(line, " "); ok && len(word) >= 19 && word[10] == 'T' {
		return c.full(word)
	}
	return time.Time{}
}

// A calendar gives times a year: the one that brings them next to the last time of the log, or
// else that of the twelve months up to now. None is later than now.
type calendar struct {
	now  time.Time // zero: unknown
	last time.Time // of the log
}

const (
	firstLogs  = 2014           // the year: what is older is of a clock that was not set
	aheadOfNow = 24 * time.Hour // that a clock may be, or a zone
)

// date returns t with its year, in UTC; the zero time where that is unknown.
func (c *calendar) date(t time.Time) time.Time {
	switch {
	case t.IsZero():
		return t
	case t.Year() >= firstLogs:
		c.last = t
		return t
	case t.Year() != 0:
		return t
	}
	dated := c.nearest(t)
	if !dated.IsZero() {
		c.last = dated
	}
	return dated
}

func (c *calendar) nearest(t time.Time) (best time.Time) {
	reference := cmp.Or(c.last, c.now).In(t.Location())
	if reference.IsZero() {
		return time.Time{}
	}
	for year := reference.Year() - 1; year <= reference.Year()+1; year++ {
		dated := inYear(t, year)
		switch {
		case dated.Day() != t.Day(): // the 29th of February of another year
		case !c.now.IsZero() && dated.After(c.now.Add(aheadOfNow)):
		case best.IsZero(), dated.Sub(reference).Abs() < best.Sub(reference).Abs():
			best = dated
		}
	}
	if !best.IsZero() {
		best = best.UTC()
	}
	return best
}

func inYear(t time.Time, year int) time.Time {
	return time.Date(year, t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
}
