package registry

import (
	"fmt"
	"strings"
	"testing"
)

// TestNoSecretIsShown: credentials are written in many places where K3s does not look for them,
// and in none of them does a finding or a patch show them.
func TestNoSecretIsShown(t *testing.T) {
	for _, yaml := range misplaced() {
		config := LoadAssuming(&Node{Distribution: K3s}, Assumption{Registries: []byte(yaml), RegistriesPath: "registries.yaml"})
		var edits [][]Edit
		issues := config.Lint(nil)
		for _, issue := range issues {
			edits = append(edits, issue.Edits)
		}
		if told := fmt.Sprintf("%+v\n%s", issues, config.PatchAll(edits)); strings.Contains(told, "hunter2") {
			t.Errorf("%s\nof\n%s", told, yaml)
		}
	}
}

// misplaced are files with a password in all kinds of places, alone and beside a mistake that a
// patch mends.
func misplaced() (files []string) {
	for _, place := range []string{
		"", "mirrors", "mirrors r.example.com", "mirrors r.example.com auth", "mirrors r.example.com tls", "mirrors r.example.com configs auth",
		"configs", "configs r.example.com", "configs r.example.com auth", "configs r.example.com tls", "configs r.example.com mirrors",
		"auths", "auths r.example.com", "config r.example.com auth", "mirror r.example.com",
	} {
		above, indent := "", ""
		for _, key := range strings.Fields(place) {
			above, indent = above+indent+key+":\n", indent+"  "
		}
		for _, form := range []string{"%s: hunter2", "{%s: hunter2}", "- %s: hunter2", "%s: [hunter2]", "%s: # hunter2"} {
			for _, key := range []string{"password", "auth", "token", "key_password"} {
				line := indent + fmt.Sprintf(form, key) + "\n"
				const mended = "mirrors:\n  docker.io:\n    endpoints:\n      - https://mirror.example.com\n"
				files = append(files, above+line, mended+above+line, mended+"  "+line)
			}
		}
	}
	return files
}
