package diagnose

import "testing"

// TestRank: of errors, what concerns an image that was asked for stands before what concerns more.
func TestRank(t *testing.T) {
	all := rank([]Finding{
		{ID: "info", Severity: Info, Images: []string{"asked"}},
		{ID: "one", Severity: Error, Images: []string{"a"}},
		{ID: "two", Severity: Error, Images: []string{"a", "b"}},
		{ID: "asked", Severity: Error, Images: []string{"asked"}},
		{ID: "syntax", Severity: Error, Code: codeSyntax},
	}, []string{"asked"})
	got := ""
	for _, f := range all {
		got += f.ID + " "
	}
	if want := "syntax asked two one info "; got != want {
		t.Errorf("%s, not %s", got, want)
	}
}
