package registry

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// Lint returns every mistake in the node's registry configuration: the Issues that Load
// found, and those that stop no pull by themselves or that only the text shows. seen are
// images of this node; judgements that need them are left out where there are none.
func (c *Config) Lint(seen []Reference) []Issue {
	l := c.state()
	n := &linter{loader: l, file: l.registries, seen: seen}
	n.loaded(c.Issues)
	n.lint()
	n.blameInvisible()
	c.Sources = l.files.sources
	issues := n.found.all
	for i := range issues {
		n.complete(&issues[i])
	}
	slices.SortStableFunc(issues, func(a, b Issue) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
	})
	return issues
}

// loaded takes over what was found while loading. Of a file that is no YAML at all, that is one
// mistake.
func (n *linter) loaded(issues []Issue) {
	for _, i := range issues {
		if i.Code == codeSyntax && i.File == n.file.path {
			if what, fix := foreignText(n.file.text); what != "" {
				i.Line, i.Column, i.Detail, i.Fix = 1, 1, "this is "+what+": K3s says "+i.Detail, fix
			}
			if root := n.file.root; root != nil && root.Kind == yaml.SequenceNode { // such as tasks of Ansible
				if at, path := embeddedText(root, "", maxNested); at != nil {
					i.Fix = n.alone(path)
				}
			}
		}
		n.found.add(i)
	}
}

// blameInvisible advises to replace the first character that deceives where the file does not
// parse for a reason that is not known better: such a reason comes lines later.
func (n *linter) blameInvisible() {
	all := n.found.all
	first := slices.IndexFunc(all, func(i Issue) bool { return i.Code == codeInvisible })
	for i := range all {
		if first >= 0 && all[i].Code == codeSyntax && all[i].Fix == "" && all[i].File == n.file.path && all[i].Line >= all[first].Line {
			what, _, _ := strings.Cut(strings.TrimPrefix(all[first].Detail, "here stands "), ",")
			all[i].Fix = strings.Replace(all[first].Fix, " it ", fmt.Sprintf(" %s in line %d ", what, all[first].Line), 1)
		}
	}
}

// A linter looks at one registries.yaml and at what stands rendered beside it.
type linter struct {
	*loader
	file   *registriesFile
	seen   []Reference
	found  issueList
	listed []listed           // the endpoints of all mirrors; nil until they are asked for
	text   []string           // of the file, by line
	open   map[int]bool       // the lines that hold no secret
	fits   map[patternOf]bool // what canMatch said
}

// lines are those of registries.yaml.
func (n *linter) lines() []string {
	if n.text == nil {
		n.text = strings.Split(string(n.file.text), "\n")
	}
	return n.text
}

func (n *linter) lint() {
	n.lintText()
	n.lintWritten() // what has a value of the wrong type, too
	if n.void == nil {
		n.lintLaterDocuments()
		n.lintMirrors()
		n.lintConfigs()
		n.lintFiles()
		n.lintFlags()
		n.lintDrift()
	}
	n.lintFlagFiles()
	n.lintPrivateRegistry()
	n.lintShadowed()
	n.lintHosts()
	n.lintTemplates()
	n.lintEnvironment()
	n.lintChanged()
	n.lintMisplaced()
	n.lintHostsElsewhere()
	n.lintConflicts()
	n.lintConfigTOML()
	n.lintPlainAuth()
}

// complete fills in what follows from an issue's code and place.
func (n *linter) complete(i *Issue) {
	rule, _ := RuleOf(i.Code)
	i.Severity = cmp.Or(i.Severity, rule.Severity)
	if i.Severity != SeverityInfo {
		i.Fix = cmp.Or(i.Fix, fileFixes[i.Code], rule.Fix)
	}
	if n.node.Distribution == RKE2 {
		i.Detail, i.Fix = ofRKE2().ReplaceAllString(i.Detail, "${1}RKE2 "), ofRKE2().ReplaceAllString(i.Fix, "${1}RKE2 ")
	}
	if i.File == n.file.path {
		i.Excerpt = n.excerpt(i.Line)
	}
	for other := range i.Others {
		n.complete(&i.Others[other])
	}
}

// ofRKE2 is the word for the program that reads the file, which is RKE2 on a node of its.
var ofRKE2 = lazyregexp.New(`(^|\s)K3s\s`)

// report adds an issue unless the same was found already.
func (n *linter) report(at Position, i Issue) {
	i.File, i.Line, i.Column = at.File, at.Line, at.Column
	n.found.add(i)
}
