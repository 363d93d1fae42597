package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/pullwhy/pullwhy/registry"
)

// TestManyMistakes: of a large file with a mistake in each line, some get a patch of their own.
func TestManyMistakes(t *testing.T) {
	text := "mirrors:\n"
	for i := range 3000 {
		text += fmt.Sprintf("  https://r%d.example.com/:\n    endpoint: [https://m.example.com]\n", i)
	}
	node := registry.ReadNode(fstest.MapFS{"etc/rancher/k3s/registries.yaml": {Data: []byte(text)}})
	config := registry.Load(node)
	config.Issues = config.Lint(nil)
	patched := 0
	findings := Diagnose(Evidence{Node: node, Config: config}).Findings
	for _, f := range findings {
		if strings.Contains(f.Fix[0].Text, "\n@@ ") {
			patched++
		}
	}
	if patched != config.MaxPatches() || patched >= len(findings) {
		t.Errorf("%d patches for %d findings, want %d", patched, len(findings), config.MaxPatches())
	}
}
