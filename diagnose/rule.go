package diagnose

import (
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// A rule says what a cause means and what to do about it.
type rule struct {
	title  string                     // what is wrong, without where
	detail func(o observation) string // what that means on this node
	fix    func(o observation) []Note // what to type, in order
}

// Codes of the configuration that diagnose knows by name.
const (
	codeSyntax      = "config_syntax"
	codeUndecodable = "config_undecodable_hosts"
)

func ruleFor(c cause.Cause) rule {
	for _, table := range []map[cause.Cause]rule{networkRules, tlsRules, answerRules, contentRules, nodeRules} {
		if r, ok := table[c]; ok {
			return r
		}
	}
	return nodeRules[cause.Unknown]
}

// says makes a rule's detail of a sentence in which %s stands for the host that failed.
func says(format string) func(observation) string {
	return func(o observation) string {
		if !strings.Contains(format, "%s") {
			return format
		}
		return fmt.Sprintf(format, o.subject())
	}
}

// subject is what failed, in words.
func (o observation) subject() string {
	switch {
	case o.target != "":
		return o.target + " (on behalf of " + o.url + ")"
	case o.url != "":
		return o.url
	}
	return "the endpoint"
}

// issueFinding is the finding of a mistake that no failure was tied to.
func issueFinding(issue registry.Issue, node *registry.Node) Finding {
	o := observation{node: node, cause: cause.ConfigInvalid, issue: &issue}
	f := o.finding(Error)
	f.Code, f.Cause, f.Title, f.Detail = issue.Code, "", issueTitles[issue.Code], issue.Detail
	if f.Title == "" {
		f.Title = "mistake in the registry configuration"
	}
	f.ID = fmt.Sprintf("%s@%s:%d", issue.Code, issue.File, issue.Line)
	f.Fix = o.mend()
	return f
}

var issueTitles = map[string]string{
	codeSyntax:                         "the agent cannot read its registry configuration and does not start",
	codeUndecodable:                    "containerd ignores a hosts.toml that it cannot decode",
	string(cause.ConfigFileUnreadable): "a configured certificate or key file cannot be used",
	"config_rewrite_invalid":           "a rewrite that cannot work",
	"config_rewrite_ambiguous":         "two rewrites match the same name",
}
