package main

import (
	"testing"
	"time"
)

func TestSpan(t *testing.T) {
	for text, want := range map[string]struct {
		span  time.Duration
		shown string
	}{
		"24h":   {24 * time.Hour, "24h"},
		"90m":   {90 * time.Minute, "1h30m"},
		"10s":   {10 * time.Second, "10s"},
		"7d":    {7 * 24 * time.Hour, "168h"},
		"0.5d":  {12 * time.Hour, "12h"},
		"0":     {0, "0"},
		"500ms": {500 * time.Millisecond, "500ms"},
	} {
		var s span
		if err := s.Set(text); err != nil || time.Duration(s) != want.span || s.String() != want.shown {
			t.Errorf("%s: %v, %v, %s", text, time.Duration(s), err, &s)
		}
	}
	for _, text := range []string{"", "d", "5", "-1h", "-2d", "1w", "NaNd", "1e300d"} {
		var s span
		if err := s.Set(text); err == nil {
			t.Errorf("%q is taken for %v", text, time.Duration(s))
		}
	}
}
