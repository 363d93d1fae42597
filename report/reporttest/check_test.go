package reporttest

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	const schema = `{"type": "object", "required": ["pulls"], "properties": {"pulls": {"type": ["array", "null"]}, "when": {"format": "date-time"}}}`
	tests := []struct{ doc, want string }{
		{`{"pulls": []}`, ""},
		{`{"pulls": [{"last_failure": null, "root_cause": null}]}`, ""},
		{`{"pulls": null}`, ".pulls is null"},
		{`{"pulls": [{"attempts": null}]}`, ".pulls[0].attempts is null"},
		{`{"pulls": [null]}`, ".pulls[0] is null"},
		{`{}`, "missing property 'pulls'"},
		{`{"pulls": [], "when": "yesterday"}`, "date-time"},
		{`{`, "reading the report"},
	}
	for _, tt := range tests {
		got := ""
		if err := Check([]byte(schema), []byte(tt.doc)); err != nil {
			got = err.Error()
		}
		if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s: %q, want %q", tt.doc, got, tt.want)
		}
	}
}
