package registry

import (
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/pelletier/go-toml/v2"
)

// seeds are the files of the cases in testdata.
func seeds(f *testing.F, pick func(endpointCase) []string) {
	text, err := os.ReadFile("testdata/endpoints.json")
	if err != nil {
		f.Fatal(err)
	}
	var cases []endpointCase
	if err := json.Unmarshal(text, &cases); err != nil {
		f.Fatal(err)
	}
	for _, tc := range cases {
		for _, s := range pick(tc) {
			f.Add(s)
		}
	}
}

// lintFuzzed is what lint does with a text: every finding has a rule, a severity and a place in
// it, and what a patch makes of it can be read again.
func lintFuzzed(t *testing.T, text string, lines int) {
	config := LoadAssuming(&Node{Distribution: K3s}, Assumption{Registries: []byte(text), RegistriesPath: "/r"})
	issues := config.Lint([]Reference{{Host: "registry.example.com:5000"}})
	for _, i := range issues {
		if _, known := RuleOf(i.Code); !known || i.Severity == "" || i.Detail == "" || i.Line < 0 || i.File == "/r" && i.Line > lines {
			t.Fatalf("finding %+v in a text of %d lines", i, lines)
		}
		if _, err := config.Patch(i.Edits); err != nil && strings.Contains(err.Error(), "runtime error") {
			t.Fatal(err)
		}
	}
	if refused := len(config.state().rendered) == 0 && config.state().void != nil; refused && !slices.ContainsFunc(issues, func(i Issue) bool { return i.Code == codeSyntax }) {
		t.Fatalf("refused (%v) without a finding", config.state().void)
	}
}

// What is read of a registries.yaml renders to files that name every endpoint kept, and an
// error has a place in the text.
func FuzzRegistries(f *testing.F) {
	seeds(f, func(tc endpointCase) []string {
		if tc.Registries == nil {
			return nil
		}
		return []string{*tc.Registries}
	})
	f.Add("a: &a [x]\nb: &b [*a, *a]\nmirrors: {<<: *b}\n")
	for _, c := range lintCases {
		f.Add(c.has)
	}
	f.Add("\ufeff  mirrors:\nconfigs: *x\n")
	f.Fuzz(func(t *testing.T, text string) {
		file, errs := readRegistries("/r", []byte(text))
		lines := len(lineStarts([]byte(text))) + 1
		for _, e := range errs {
			if e.Message == "" || e.Line < 0 || e.Line > lines || e.Column < 0 {
				t.Fatalf("error %+v in a text of %d lines", e, lines)
			}
		}
		lintFuzzed(t, text, lines)
		if len(errs) > 0 {
			return
		}
		for name, h := range file.hosts(false, "127.0.0.1:6443") {
			rendered := h.toml(K3s)
			for _, e := range h.endpoints {
				if !strings.Contains(rendered, "[host.\""+e.url.String()+"\"]") {
					t.Fatalf("%s: %q is lost in\n%s", name, e.url, rendered)
				}
			}
		}
	})
}

// A hosts.toml that is understood is TOML, its tables are those of a decoder without order,
// and every entry can be asked.
func FuzzHosts(f *testing.F) {
	seeds(f, func(tc endpointCase) []string {
		var all []string
		for _, text := range tc.Rendered {
			all = append(all, text)
		}
		for _, text := range tc.CertsD {
			all = append(all, text)
		}
		return all
	})
	f.Fuzz(func(t *testing.T, text string) {
		_, _ = (dialect{version: version{major: 1, minor: 7}}).parse("/d", []byte(text)) // with another parser
		entries, err := (dialect{fork: true}).parse("/d", []byte(text))
		if err != nil {
			return
		}
		var plain struct {
			Host map[string]any `toml:"host"`
		}
		if err := toml.Unmarshal([]byte(text), &plain); err != nil {
			t.Fatalf("understood, but no TOML: %v", err)
		}
		var keys []string
		for i, e := range entries {
			if e.root && i != len(entries)-1 {
				t.Fatalf("root entry at %d of %d", i, len(entries))
			}
			if !e.root {
				keys = append(keys, e.key)
			}
			if e.path != "" && !strings.HasPrefix(e.path, "/") && e.host != "" {
				t.Fatalf("path %q of %q", e.path, e.key)
			}
		}
		for _, key := range keys {
			if _, ok := plain.Host[key]; !ok {
				t.Fatalf("table %q is not in the file", key)
			}
		}
	})
}

// A reference that parses parses again to the same, and has exactly one identifier.
func FuzzReference(f *testing.F) {
	seeds(f, func(tc endpointCase) []string { return []string{tc.Image} })
	f.Fuzz(func(t *testing.T, text string) {
		ref, err := ParseReference(text)
		if err != nil {
			return
		}
		again, err := ParseReference(ref.Name)
		if err != nil || again != ref {
			t.Fatalf("%q becomes %+v, that %+v, %v", text, ref, again, err)
		}
		if (ref.Tag == "") == (ref.Digest == "") || ref.Host == "" || ref.Repository == "" {
			t.Fatalf("%q: %+v", text, ref)
		}
		if !strings.HasPrefix(ref.Name, ref.Host+"/"+ref.Repository) {
			t.Fatalf("%q: %+v", text, ref)
		}
	})
}
