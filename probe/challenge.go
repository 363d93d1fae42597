package probe

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// Challenges that containerd can answer.
const (
	bearer = "bearer"
	basic  = "basic"
)

// A challenge is a way of authentication that a server offers.
type challenge struct {
	scheme string // lower case
	params map[string]string
}

// challenges reads the WWW-Authenticate lines as containerd does: one challenge a line,
// bearer before basic, others left out. (core/remotes/docker/auth/parse.go)
func challenges(header http.Header) []challenge {
	var all []challenge
	for _, line := range header.Values("WWW-Authenticate") {
		if c := parseChallenge(line); c.scheme == bearer || c.scheme == basic {
			all = append(all, c)
		}
	}
	slices.SortStableFunc(all, func(a, b challenge) int { return cmp.Compare(b.scheme, a.scheme) })
	return all
}

func parseChallenge(line string) challenge {
	scheme, rest := cutToken(line)
	c := challenge{scheme: strings.ToLower(scheme), params: map[string]string{}}
	for {
		var name, value string
		name, rest = cutToken(strings.TrimLeft(rest, " \t"))
		if name == "" || !strings.HasPrefix(rest, "=") {
			return c
		}
		value, rest = cutValue(rest[1:])
		c.params[strings.ToLower(name)] = value
		rest = strings.TrimLeft(rest, " \t")
		if !strings.HasPrefix(rest, ",") {
			return c
		}
		rest = rest[1:]
	}
}

// cutToken cuts a token of RFC 9110, section 5.6.2, off the front of s.
func cutToken(s string) (token, rest string) {
	end := strings.IndexFunc(s, func(c rune) bool {
		return c <= ' ' || c >= 0x7f || strings.ContainsRune(`"(),/:;<=>?@[\]{}`, c)
	})
	if end < 0 {
		return s, ""
	}
	return s[:end], s[end:]
}

// cutValue cuts a token or quoted string off the front of s; one without its closing
// quote is empty.
func cutValue(s string) (value, rest string) {
	if !strings.HasPrefix(s, `"`) {
		return cutToken(s)
	}
	var text strings.Builder
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '"':
			return text.String(), s[i+1:]
		case '\\':
			if i++; i < len(s) {
				text.WriteByte(s[i])
			}
		default:
			text.WriteByte(s[i])
		}
	}
	return "", ""
}
