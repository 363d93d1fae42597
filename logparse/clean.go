package logparse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// What is kept of one text: containerd's own errors and names are far shorter.
const (
	maxText = 8 << 10
	maxName = 1 << 10
)

const redacted = "REDACTED"

// clean is the only way by which text of a log is kept: without secrets and control
// characters, of bounded length, and without the line around it.
func clean(text string) string { return bounded(text, maxText) }

// brief is clean for what names something. Most of that needs no cleaning.
func brief(text string) string {
	if len(text) <= maxName && isName(text) {
		return strings.Clone(text)
	}
	return bounded(text, maxName)
}

// isName reports whether text is of the letters of an image's or a host's name alone, and no
// token.
func isName(text string) bool {
	for i := 0; i < len(text); i++ {
		if c := text[i]; (c < 'a' || c > 'z') && (c < '-' || c > ':') && (c < 'A' || c > 'Z') && c != '_' {
			return false
		}
	}
	return !strings.Contains(text, "eyJ") && !strings.Contains(text, "://")
}

func bounded(text string, n int) string {
	if text == "" {
		return ""
	}
	if len(text) > n {
		text = text[:n]
	}
	return strings.Clone(printable(redactWords(redactURLs(redactKeys(text)))))
}

// printable turns line breaks and tabs into spaces, and drops terminal sequences, control
// characters and what changes the direction of text. Invalid UTF-8 becomes U+FFFD.
func printable(text string) string {
	if isPrintable(text) {
		return text
	}
	var b strings.Builder
	for i := 0; i < len(text); {
		if n := escapeSequence(text[i:]); n > 0 {
			i += n
			continue
		}
		r, n := utf8.DecodeRuneInString(text[i:])
		i += n
		switch {
		case r == '\n' || r == '\t':
			b.WriteByte(' ')
		case !unicode.IsControl(r) && !unicode.Is(unicode.Cf, r) && r != '\u2028' && r != '\u2029':
			b.WriteRune(r)
		}
	}
	return b.String()
}

func isPrintable(text string) bool {
	for i := 0; i < len(text); i++ {
		if text[i] < 0x20 || text[i] >= 0x7f {
			return false
		}
	}
	return true
}

// escapeSequence is the length of the ECMA-48 control sequence that text begins with, 0
// for none.
func escapeSequence(text string) int {
	if !strings.HasPrefix(text, "\x1b[") {
		return 0
	}
	for i := 2; i < len(text); i++ {
		if text[i] >= 0x40 && text[i] <= 0x7e {
			return i + 1
		}
	}
	return len(text)
}

// replaceEach puts something else in place of each mark in text, by what follows it, and goes on
// with the rest of that.
func replaceEach(text, mark string, replace func(follows string) (instead, rest string)) string {
	if !strings.Contains(text, mark) {
		return text
	}
	var b strings.Builder
	for {
		before, follows, ok := strings.Cut(text, mark)
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		instead, rest := replace(follows)
		b.WriteString(instead)
		text = rest
	}
}

// redactKeys masks private keys in PEM, which containerd tells of where they stand in place of a
// file's name.
func redactKeys(text string) string {
	const begin = "-----BEGIN "
	return replaceEach(text, begin, func(rest string) (string, string) {
		label, body, closed := strings.Cut(rest, "-----")
		if !closed || !strings.HasSuffix(label, "PRIVATE KEY") {
			return begin, rest
		}
		end := len(body)
		for _, mark := range []string{"-----END", `"`} {
			if i := strings.Index(body[:end], mark); i >= 0 {
				end = i
			}
		}
		return begin + label + "-----" + redacted, body[end:]
	})
}

// redactURLs masks credentials in URLs and the values of query parameters, but those that
// containerd itself adds and that hold no secret: the namespace of a mirror, and what a
// token is asked for. (Object stores' signed URLs hold the secret in the query.)
func redactURLs(text string) string {
	return replaceEach(text, "://", func(rest string) (string, string) {
		end := strings.IndexAny(rest, " \t\n\"'<>\\")
		if end < 0 {
			end = len(rest)
		}
		for end > 0 && strings.IndexByte(":,;.)", rest[end-1]) >= 0 {
			end--
		}
		return "://" + redactURL(rest[:end]), rest[end:]
	})
}

// redactURL takes what follows "://".
func redactURL(url string) string {
	url, query, hasQuery := strings.Cut(url, "?")
	authority, _, _ := strings.Cut(url, "/")
	if i := userinfo(url, authority); i >= 0 {
		url = redacted + url[i:]
	}
	if !hasQuery {
		return url
	}
	parameters := strings.Split(query, "&")
	for i, p := range parameters {
		key, _, ok := strings.Cut(p, "=")
		switch {
		case !ok && len(p) > 0:
			parameters[i] = redacted
		case ok && key != "ns" && key != "scope" && key != "service" && !strings.Contains(p, redacted):
			parameters[i] = key + "=" + redacted
		}
	}
	return url + "?" + strings.Join(parameters, "&")
}

// userinfo is where the @ of credentials stands, -1 for none. A password may hold an
// unescaped slash: what precedes it then is no host with a port.
func userinfo(url, authority string) int {
	if i := strings.LastIndexByte(authority, '@'); i >= 0 {
		return i
	}
	_, port, ok := strings.Cut(authority, ":")
	if ok && port != "" && !strings.HasPrefix(authority, "[") && strings.Trim(port, "0123456789") != "" {
		return strings.IndexByte(url, '@')
	}
	return -1
}

// redactWords masks what follows the names that secrets go by, wherever it stands.
func redactWords(text string) string {
	text = redactAfter(text, "earer ", looksSecret)
	text = redactAfter(text, "asic ", looksSecret)
	text = redactAfter(text, "Authorization: ", looksSecret)
	text = redactAfter(text, "--password ", isWord)
	text = redactAfter(text, "--creds ", isWord)
	text = redactAfter(text, "eyJ", func(rest string) bool { return strings.Contains(rest, ".") })
	return redactValues(redactSpoken(text))
}

// redactAfter masks each word that follows mark and is a secret.
func redactAfter(text, mark string, secret func(string) bool) string {
	for from := 0; ; {
		i := strings.Index(text[from:], mark)
		if i < 0 {
			return text
		}
		from += i + len(mark)
		end := from + wordEnd(text[from:])
		if word := text[from:end]; word != redacted && secret(word) {
			text = text[:from] + redacted + text[end:]
			from += len(redacted)
		}
	}
}

func wordEnd(text string) int {
	if i := strings.IndexAny(text, " \t\n\r\"'\\,;<>&)]}"); i >= 0 {
		return i
	}
	return len(text)
}

func isWord(word string) bool { return word != "" }

// looksSecret tells base64 and tokens from English, and from the parameters of a challenge.
func looksSecret(word string) bool {
	word = strings.TrimRight(word, ".:")
	if len(word) < 8 || strings.Contains(word, `realm=`) {
		return false
	}
	return strings.ContainsAny(word, "0123456789+/=-._~") || strings.ContainsFunc(word[1:], unicode.IsUpper)
}
