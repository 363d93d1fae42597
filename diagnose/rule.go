package diagnose

import (
	"cmp"
	"fmt"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// A rule says what a cause means and what to do about it. Where it happened is told beside
// it: no sentence repeats the endpoint.
type rule struct {
	title  string                     // what is wrong, without where
	noun   string                     // the same as a thing that another error is preferred over
	detail func(o observation) string // what that means on this node
	seen   func(o observation) string // of a warning: what the probe saw
	fix    func(o observation) []Note // what to type, in order
	doc    doc
}

// Codes of the configuration that diagnose knows by name.
const (
	codeSyntax         = "config_syntax"
	codeUndecodable    = "config_undecodable_hosts"
	codeRewriteInvalid = "config_rewrite_invalid"
	codeConflict       = "config_conflict"
	codeMisplaced      = "config_misplaced_file"
	codeHTTPWithTLS    = "config_http_with_tls"
	codeInvisible      = "config_invisible_character"
	codeEndpointPath   = "config_endpoint_path"
)

func ruleFor(c cause.Cause) rule {
	for _, table := range ruleTables {
		if r, ok := table[c]; ok {
			return r
		}
	}
	return nodeRules[cause.Unknown]
}

// says makes a rule's detail of a sentence that is true of every node.
func says(sentence string) func(observation) string {
	return func(observation) string { return sentence }
}

// explained is what a failure means on this node: by the mistake behind it where there is one.
func (o observation) explained(r rule) string {
	recovered := o.pull != nil && o.pull.Status == Recovered
	switch {
	case o.allowedNow():
		return o.allowed()
	case recovered && o.passes:
		return "when it failed last: " + r.detail(o.asLogged())
	}
	text := r.detail(o)
	if o.behind != nil && !o.behind.plain {
		text = o.behind.means + o.issue.Detail
	}
	switch {
	case recovered:
		return "when it failed last: " + text
	case o.served != "":
		return o.servedElsewhere() + text
	case o.former:
		return formerly + text
	}
	return text
}

// Mistakes are the findings of mistakes in a configuration, each by itself.
func Mistakes(node *registry.Node, config *registry.Config, issues []registry.Issue) []Finding {
	var all []Finding
	for _, issue := range issues {
		all = append(all, issueFinding(issue, node, config))
	}
	return all
}

// issueFinding is the finding of a mistake that no failure was tied to.
func issueFinding(issue registry.Issue, node *registry.Node, config *registry.Config) Finding {
	rule, _ := registry.RuleOf(issue.Code)
	o := observation{node: node, config: config, cause: cause.ConfigInvalid, issue: &issue}
	f := o.finding(Severity(cmp.Or(issue.Severity, rule.Severity)))
	f.Code, f.Also, f.Cause, f.Title, f.Detail = issue.Code, []string{}, "", rule.Title, issue.Detail
	f.ID = fmt.Sprintf("%s@%s:%d:%d", issue.Code, issue.File, issue.Line, issue.Column)
	f.Edits = issue.Edits
	if f.Severity == Info {
		f.Fix = []Note{}
	}
	return f
}
