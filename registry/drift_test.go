package registry

import (
	"slices"
	"testing"
)

// What K3s rendered with a flag that no file shows is no drift from a file without it.
func TestFlagThatIsNotSeen(t *testing.T) {
	for _, flag := range []bool{false, true} {
		for _, stands := range []struct {
			text  string
			drift bool
		}{{mirrored, false}, {mirrored + "      - https://mirror2.example.com\n", true}} {
			files := map[string]string{"/" + tomlPath: configPath, "/" + yamlPath: mirrored}
			f, errs := readRegistries("", []byte(stands.text))
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			for dir, h := range f.hosts(flag, "") {
				files["/"+certsPath+dir+"/hosts.toml"] = h.toml(K3s)
			}
			issues := Load(ReadNode(nodeFS(files))).Lint(nil)
			if got := slices.ContainsFunc(issues, func(i Issue) bool { return i.Code == codeNotApplied }); got != stands.drift {
				t.Errorf("rendered with the flag %t: drift %t, want %t", flag, got, stands.drift)
			}
		}
	}
}
