package logparse

import (
	"slices"
	"strings"
)

// secretNames end the names of parameters, fields and headers whose value is secret.
var secretNames = []string{
	"password", "passwd", "secret", "token", "signature", "sig", "credential", "credentials", "apikey", "api_key", "api-key", "auth", "authorization", "cookie",
}

// plainlySecret end the names after which a colon is no punctuation, but for that of a header
// any word is the value.
var plainlySecret = []string{"password", "passwd", "cookie", "-token", "-auth", "api-key"}

// redactValues masks values in name=value, name: value and "name":"value".
func redactValues(text string) string {
	for i := 0; i < len(text); i++ {
		var value int
		switch text[i] {
		case '=':
			value = plainValue(text, i)
		case ':':
			value = max(quotedValue(text, i), headerValue(text, i))
		}
		if value == 0 {
			continue
		}
		if end := valueEnd(text, value); end > value {
			text = text[:value] + redacted + text[end:]
		}
	}
	return text
}

// plainValue is where the value of name=value begins whose = is at i, 0 where name is not
// a secret's.
func plainValue(text string, i int) int {
	if !endsInSecretName(text[:i]) {
		return 0
	}
	return i + 1 + len(text[i+1:]) - len(strings.TrimLeft(text[i+1:], `"'\`))
}

// quotedValue does the same for "name":"value". An image name in quotes before a colon is
// not one, for no quote follows it.
func quotedValue(text string, i int) int {
	if i == 0 || text[i-1] != '"' && text[i-1] != '\'' && text[i-1] != '\\' {
		return 0
	}
	rest := strings.TrimLeft(text[i+1:], ` \`)
	if rest == "" || rest[0] != '"' && rest[0] != '\'' || !endsInSecretName(strings.TrimRight(text[:i], `"'\`)) {
		return 0
	}
	return len(text) - len(rest) + 1
}

// headerValue does the same for name: value, after the scheme of an Authorization. (RFC 9110, 11.4)
// What follows a colon is an error, mostly: the value only where it looks like one and is no host.
func headerValue(text string, i int) int {
	if !strings.HasPrefix(text[i:], ": ") || !endsInSecretName(text[:i]) {
		return 0
	}
	value := i + 2
	word := text[value : value+wordEnd(text[value:])]
	if isScheme(word) {
		value += len(word)
		value += len(text[value:]) - len(strings.TrimLeft(text[value:], " "))
		word = text[value : value+wordEnd(text[value:])]
	}
	if word == redacted || !endsIn(text[:i], plainlySecret) && (!looksSecret(word) || strings.ContainsAny(word, ".=")) {
		return 0
	}
	return value
}

func isScheme(word string) bool {
	switch strings.ToLower(word) {
	case "basic", "bearer", "digest", "negotiate", "token":
		return true
	}
	return false
}

// valueEnd is where the value that begins there ends: with a word, and the cookies after it.
// (RFC 6265, 4.2.1)
func valueEnd(text string, value int) int {
	end := value + wordEnd(text[value:])
	for strings.HasPrefix(text[end:], "; ") {
		next := end + 2 + wordEnd(text[end+2:])
		if !strings.Contains(text[end:next], "=") {
			break
		}
		end = next
	}
	return end
}

func endsInSecretName(text string) bool { return endsIn(text, secretNames) }

func endsIn(text string, names []string) bool {
	tail := strings.ToLower(text[max(0, len(text)-16):])
	return slices.ContainsFunc(names, func(name string) bool { return strings.HasSuffix(tail, name) })
}
