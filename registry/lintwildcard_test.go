package registry

import (
	"strings"
	"testing"
)

// TestApartFromTheWildcard: which entries of configs keep a registry from the wildcard mirror.
func TestApartFromTheWildcard(t *testing.T) {
	const all = "mirrors:\n  '*': {endpoint: [https://mirror.example.com]}\n"
	for text, noted := range map[string]bool{
		all + "configs:\n  quay.io: {auth: {username: you, password: x}}\n":                                     true,
		all + "configs:\n  quay.io: {tls: {}}\n":                                                                true,
		all + "configs:\n  quay.io:\n":                                                                          false, // K3s drops it
		all + "configs:\n  mirror.example.com: {auth: {username: you, password: x}}\n":                          false, // the mirror's own
		all + "configs:\n  registry-1.docker.io: {auth: {username: you, password: x}}\n":                        false, // no image's host
		all + "  quay.io: {endpoint: [https://mirror.example.com]}\nconfigs:\n  quay.io: {tls: {}}\n":           false, // has its own mirror
		"mirrors:\n  quay.io: {endpoint: [https://mirror.example.com]}\nconfigs:\n  a.example.com: {tls: {}}\n": false,
	} {
		found := false
		for _, i := range (lintCase{}).lint(t, text, nil) {
			found = found || i.Code == codeWildcard && i.Severity == SeverityInfo
		}
		if found != noted {
			t.Errorf("%v for\n%s", found, text)
		}
	}
}

// TestEntryOfItselfBesideTheWildcard: a mirror that lists the registry itself alone keeps it from
// the wildcard mirror only where K3s writes it.
func TestEntryOfItselfBesideTheWildcard(t *testing.T) {
	const entry = "  quay.io: {endpoint: [https://quay.io]}\n"
	for text, noted := range map[string]bool{
		"mirrors:\n  '*': {endpoint: [https://mirror.example.com]}\n" + entry:                                                 true,
		"mirrors:\n  '*': {endpoint: [https://mirror.example.com]}\n" + entry + "configs:\n  quay.io: {tls: {ca_file: ''}}\n": false,
		"mirrors:\n" + entry: false,
	} {
		found := false
		for _, i := range (lintCase{}).lint(t, text, nil) {
			found = found || i.Code == codeEndpointIsDefault && strings.Contains(i.Fix, `"https://quay.io:443"`)
		}
		if found != noted {
			t.Errorf("%v for\n%s", found, text)
		}
	}
}
