package main

import (
	"go/build"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/pullwhy/pullwhy/"

// mayImport is who may import whom. Tests are free.
var mayImport = map[string][]string{
	"cause":             {},
	"cause/lazyregexp":  {},
	"registry":          {"cause", "cause/lazyregexp"},
	"logparse":          {"cause", "cause/lazyregexp"},
	"logparse/bench":    {},
	"probe":             {"cause", "cause/lazyregexp", "registry", "logparse"},
	"probe/probetest":   {},
	"diagnose":          {"cause", "cause/lazyregexp", "registry", "logparse", "probe"},
	"report":            {"cause", "cause/lazyregexp", "registry", "logparse", "probe", "diagnose"},
	"report/reporttest": {},
	"cmd/pullwhy":       {"cause", "registry", "logparse", "probe", "probe/probetest", "diagnose", "report"},
}

func TestImportsRunOneWay(t *testing.T) {
	for pkg, allowed := range mayImport {
		p, err := build.ImportDir(filepath.Join("..", "..", filepath.FromSlash(pkg)), 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range p.Imports {
			if name, ours := strings.CutPrefix(path, module); ours && !slices.Contains(allowed, name) {
				t.Errorf("%s imports %s", pkg, name)
			}
		}
	}
}

// TestEveryPackageIsListed fails for a package that the table does not know.
func TestEveryPackageIsListed(t *testing.T) {
	for _, pattern := range []string{"../../*/*.go", "../../*/*/*.go"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			pkg := strings.TrimPrefix(filepath.ToSlash(filepath.Dir(f)), "../../")
			if _, known := mayImport[pkg]; !known && !strings.HasPrefix(pkg, "e2e") {
				t.Errorf("%s is not in the table of imports", pkg)
			}
		}
	}
}
