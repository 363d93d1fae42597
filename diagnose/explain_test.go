package diagnose

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/registry"
)

// codesIn are the texts of the constants of a Go file whose names begin with prefix, and
// that look like codes.
func codesIn(t *testing.T, path, prefix string) []string {
	t.Helper()
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var codes []string
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 || !strings.HasPrefix(spec.Names[0].Name, prefix) {
			return true
		}
		if lit, ok := spec.Values[0].(*ast.BasicLit); ok && lit.Kind == token.STRING {
			if code, _ := strconv.Unquote(lit.Value); code != "" {
				codes = append(codes, code)
			}
		}
		return true
	})
	return codes
}

// TestEveryCodeIsExplained: whatever a report can say, explain knows, once and in full.
func TestEveryCodeIsExplained(t *testing.T) {
	codes := codesIn(t, "../cause/cause.go", "")
	codes = append(codes, codesIn(t, "../registry/rule.go", "code")...)
	codes = append(codes, codesIn(t, "rules_warnings.go", "code")...)
	if len(codes) < 70 {
		t.Fatalf("only %d codes found", len(codes))
	}
	known := map[string]registry.Rule{}
	for _, r := range Rules() {
		if _, twice := known[r.Code]; twice {
			t.Errorf("%s is explained twice", r.Code)
		}
		known[r.Code] = r
	}
	for _, code := range codes {
		r, ok := known[code]
		if !ok {
			t.Errorf("%s is not explained", code)
			continue
		}
		for name, text := range map[string]string{
			"severity": r.Severity, "title": r.Title, "meaning": r.Meaning, "shows": r.Shows, "confirm": r.Confirm, "fix": r.Fix,
		} {
			if text == "" {
				t.Errorf("%s: %s is empty", code, name)
			}
		}
	}
}

// TestFailuresAreExplainedInFull: by containerd's releases, by hand, on each distribution.
func TestFailuresAreExplainedInFull(t *testing.T) {
	for _, r := range Rules() {
		if strings.HasPrefix(r.Code, "config_") && r.Code != "config_invalid" && r.Code != "config_file_unreadable" {
			continue
		}
		says := func(field, text string, words ...string) {
			for _, w := range words {
				if !strings.Contains(text, w) {
					t.Errorf("%s: %s does not speak of %s: %s", r.Code, field, w, text)
				}
			}
		}
		if r.Code != "image_never_pull" {
			says("shows", r.Shows, "2.4", "1.6", "K3s'")
		}
		if !strings.Contains(r.Confirm, "openssl") {
			says("confirm", r.Confirm, "curl")
		}
		if !strings.HasSuffix(r.Fix, everywhere) {
			says("fix", r.Fix, "K3s", "RKE2", "Plain containerd")
		}
	}
}

// TestRulesKeepTheirOrder: the failures come first, by the stage at which a pull meets them.
func TestRulesKeepTheirOrder(t *testing.T) {
	var codes []string
	for _, r := range Rules() {
		codes = append(codes, r.Code)
	}
	order := []string{"dns_not_found", "tls_expired", "auth_missing", "not_found", "blob_fetch_failed", "disk_full", "clock_skew", "config_syntax"}
	for i := range order[1:] {
		if slices.Index(codes, order[i]) > slices.Index(codes, order[i+1]) {
			t.Errorf("%s stands after %s", order[i], order[i+1])
		}
	}
}
