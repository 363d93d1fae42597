package main

import (
	"errors"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// A span is the value of a flag that takes a duration in Go's notation or in days, such as
// 7d. It is never negative.
type span time.Duration

// spanVar adds a flag whose value is a span.
func spanVar(flags *pflag.FlagSet, d *time.Duration, name string, value time.Duration, usage string) {
	*d = value
	flags.Var((*span)(d), name, usage)
}

// maxDays is a century: what no log reaches back to, and a Duration still holds.
const maxDays = 36500

// Set implements [pflag.Value].
func (s *span) Set(text string) error {
	d, err := time.ParseDuration(text)
	if number, ok := strings.CutSuffix(text, "d"); ok {
		var days float64
		days, err = strconv.ParseFloat(number, 64)
		if !(days <= maxDays) { // NaN neither
			err = strconv.ErrRange
		}
		d = time.Duration(days * float64(24*time.Hour))
	}
	switch {
	case err != nil:
		return errors.New("want a duration such as 90s, 24h or 7d")
	case d < 0:
		return errors.New("a duration cannot be negative")
	}
	*s = span(d)
	return nil
}

// String implements [pflag.Value]: without units that are zero.
func (s *span) String() string {
	if *s == 0 {
		return "0"
	}
	text := time.Duration(*s).String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}

// Type implements [pflag.Value].
func (*span) Type() string { return "duration" }
