package probe

import (
	"cmp"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// leastSkew is the difference of two clocks from which it is told. Date headers are whole
// seconds and may be that old when they arrive; certificates and tokens bear a minute.
const leastSkew = time.Minute

// note tells in s what the header of a says beside its status.
func (s *Step) note(a *answer) {
	s.StatusCode = a.status
	if a.status >= http.StatusBadRequest {
		s.RetryAfter = a.header.Get("Retry-After")
	}
	s.RateLimit = cmp.Or(rateLimit(a.header), s.RateLimit)
	if skew := clockSkew(a.header, a.arrived); skew != 0 {
		s.ClockSkewMS = skew.Milliseconds()
	}
}

// clockSkew is the server's clock minus the node's, 0 where that is small or unknown: an
// answer out of a cache (RFC 9111, section 5.1) carries an old date.
func clockSkew(header http.Header, arrived time.Time) time.Duration {
	date, err := http.ParseTime(header.Get("Date"))
	if err != nil || header.Get("Age") != "" {
		return 0
	}
	if skew := date.Sub(arrived).Round(time.Second); skew.Abs() >= leastSkew {
		return skew
	}
	return 0
}

// rateLimit is how much of its limit a server says is left, "" where it does not say.
// Docker Hub counts pulls so: "ratelimit-limit: 100;w=21600", the window in seconds.
// (docs.docker.com/docker-hub/usage/pulls)
func rateLimit(header http.Header) string {
	left, _, _ := strings.Cut(header.Get("RateLimit-Remaining"), ";")
	if _, err := strconv.Atoi(left); err != nil {
		return ""
	}
	limit, window, _ := strings.Cut(header.Get("RateLimit-Limit"), ";w=")
	if _, err := strconv.Atoi(limit); err != nil {
		return left + " left"
	}
	seconds, err := strconv.ParseInt(window, 10, 32)
	if err != nil || seconds <= 0 {
		return fmt.Sprintf("%s of %s left", left, limit)
	}
	return fmt.Sprintf("%s of %s left in %s", left, limit, brief(time.Duration(seconds)*time.Second))
}

// brief writes 6h0m0s as 6h.
func brief(d time.Duration) string {
	text := d.String()
	if whole, ok := strings.CutSuffix(text, "m0s"); ok {
		text = whole + "m"
	}
	if whole, ok := strings.CutSuffix(text, "h0m"); ok {
		text = whole + "h"
	}
	return text
}
