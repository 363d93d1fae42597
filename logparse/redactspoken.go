package logparse

import "strings"

// redactSpoken masks secrets that are only known by the words before them, the pairs of name and
// password among a client's flags, and those before the @ of a host.
func redactSpoken(text string) string {
	if strings.Contains(text, "passw") {
		text = redactPasswords(text)
	}
	text = redactAfter(text, "token ", isOpaque)
	for _, mark := range []string{" -u ", "--user ", "--user="} {
		text = redactAfter(text, mark, isPair)
	}
	if strings.Contains(text, " login ") {
		text = redactAfter(text, " -p ", isWord)
	}
	return redactPairs(text)
}

func redactPasswords(text string) string {
	for _, mark := range []string{`password "`, `password \"`, "password '"} {
		text = replaceEach(text, mark, func(rest string) (string, string) {
			return mark + redacted, rest[max(0, strings.IndexAny(rest, `"\'`)):]
		})
	}
	for _, mark := range []string{"password ", "passwd "} {
		text = redactAfter(text, mark, isNoEnglish)
	}
	return text
}

func isNoEnglish(word string) bool {
	return looksSecret(word) || strings.ContainsAny(word, "0123456789")
}

// isOpaque tells tokens from the names of hosts, files and parameters.
func isOpaque(word string) bool {
	return len(word) >= 16 && looksSecret(word) && !strings.ContainsAny(word, "./:=")
}

func isPair(word string) bool {
	name, password, ok := strings.Cut(word, ":")
	return ok && name != "" && password != "" && !strings.HasPrefix(password, "//")
}

// redactPairs masks name:password@host, which stands where a URL's scheme was left out. A digest
// follows an @ too.
func redactPairs(text string) string {
	for from := 0; ; {
		i := strings.IndexByte(text[from:], '@')
		if i < 0 {
			return text
		}
		start := strings.LastIndexAny(text[:from+i], " \t\n\"'\\,;<>()[]{}=/") + 1
		at := start + strings.LastIndexByte(text[start:max(from+i+1, start+wordEnd(text[start:]))], '@')
		from = at + 1
		if isPair(text[start:at]) && !strings.HasPrefix(text[from:], "sha") {
			text = text[:start] + redacted + text[at:]
			from = start + len(redacted) + 1
		}
	}
}
