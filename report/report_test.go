package report

import (
	"bytes"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/registry"
)

var update = flag.Bool("update", false, "rewrite the wanted texts")

func read(t *testing.T, path string) *Report {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := ReadJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// forms are those in which each report is kept beside it.
var forms = map[string]func(*Report, io.Writer) error{
	".txt":         func(r *Report, w io.Writer) error { return r.WriteText(w, TextOptions{Width: 80}) },
	".120.txt":     func(r *Report, w io.Writer) error { return r.WriteText(w, TextOptions{Width: 120}) },
	".verbose.txt": func(r *Report, w io.Writer) error { return r.WriteText(w, TextOptions{Width: 80, Verbose: true}) },
	".verbose.120.txt": func(r *Report, w io.Writer) error {
		return r.WriteText(w, TextOptions{Width: 120, Verbose: true, ASCII: true, Color: true})
	},
	".short.txt": (*Report).WriteShort,
}

// TestRender renders real reports in each form and compares them with the texts beside them.
func TestRender(t *testing.T) {
	for _, path := range reports(t) {
		for ending, write := range forms {
			var got bytes.Buffer
			if err := write(read(t, path), &got); err != nil {
				t.Fatal(err)
			}
			golden := strings.TrimSuffix(path, ".json") + ending
			if *update {
				if err := os.WriteFile(golden, got.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				continue
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(want), got.String()); diff != "" {
				t.Errorf("%s (-want +got):\n%s", golden, diff)
			}
		}
	}
}

// TestRoundTrip: a document that is read back is the same document.
func TestRoundTrip(t *testing.T) {
	schema := compile(t)
	for _, path := range reports(t) {
		var once, twice bytes.Buffer
		r := read(t, path)
		if err := r.WriteJSON(&once); err != nil {
			t.Fatal(err)
		}
		validate(t, schema, path, once.Bytes())
		again, err := ReadJSON(bytes.NewReader(once.Bytes()))
		if err != nil {
			t.Fatal(err)
		}
		if err := again.WriteJSON(&twice); err != nil {
			t.Fatal(err)
		}
		if once.String() != twice.String() {
			t.Errorf("%s: %s", path, cmp.Diff(once.String(), twice.String()))
		}
	}
}

// TestEmpty: a document of nothing has lists, not nulls, and is valid.
func TestEmpty(t *testing.T) {
	r := New(diagnose.Diagnosis{Verdict: diagnose.Unknown}, nil)
	r.Node.Distribution = registry.Unknown
	var out bytes.Buffer
	if err := r.WriteJSON(&out); err != nil {
		t.Fatal(err)
	}
	validate(t, compile(t), "an empty report", out.Bytes())
}

func TestReadJSONErrors(t *testing.T) {
	for _, text := range []string{"", "{", "[]", `{"schema": 99}`} {
		if _, err := ReadJSON(strings.NewReader(text)); err == nil {
			t.Errorf("%q: no error", text)
		}
	}
}

// TestNoControlCharacters: text of a log or a registry cannot steer the terminal.
func TestNoControlCharacters(t *testing.T) {
	hostile := "\x1b[2Jgone\r\x07\u202e\u200b"
	r := New(diagnose.Diagnosis{
		Findings: []diagnose.Finding{{
			Severity: diagnose.Error, Title: hostile, Detail: hostile, Endpoint: hostile, Images: []string{hostile},
			Fix: []diagnose.Note{{Text: hostile, Command: hostile}},
		}},
		Endpoints: []diagnose.Endpoint{{URL: hostile, Error: hostile, Status: "failed"}},
	}, []registry.Source{{Path: hostile, Status: registry.StatusUnreadable, Detail: hostile}})
	var out bytes.Buffer
	if err := r.WriteText(&out, TextOptions{Verbose: true}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(out.String(), "\x1b\r\x07\u202e\u200b") {
		t.Errorf("%q", out.String())
	}
}

func reports(t *testing.T) []string {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.json")
	if err != nil || len(paths) == 0 {
		t.Fatal("no reports", err)
	}
	return paths
}

func compile(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(Schema()))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("report.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("report.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

func validate(t *testing.T, schema *jsonschema.Schema, name string, doc []byte) {
	t.Helper()
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := schema.Validate(value); err != nil {
		t.Errorf("%s: %v", name, err)
	}
}
