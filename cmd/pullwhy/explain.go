package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agext/levenshtein"
	"github.com/spf13/cobra"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

func explainCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "explain [CODE]",
		Short: "Say what a code means, how it shows, and what to do; without one, list them",
		Example: `  pullwhy explain tls_unknown_authority
  pullwhy explain | grep auth`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return e.listRules()
			}
			return e.explain(args[0])
		},
	}
	hideFlags(cmd, "host-root", "verbose")
	return cmd
}

func (e *env) listRules() error {
	if e.output == formatJSON {
		return report.WriteJSON(e.out, diagnose.Rules())
	}
	for _, r := range diagnose.Rules() {
		if _, err := fmt.Fprintf(e.out, "%-32s %s\n", r.Code, r.Title); err != nil {
			return fmt.Errorf("writing the list of codes: %w", err)
		}
	}
	return nil
}

func (e *env) explain(code string) error {
	code = strings.ToLower(code)
	rules := diagnose.Rules()
	i := slices.IndexFunc(rules, func(r registry.Rule) bool { return r.Code == code })
	if i < 0 {
		if like := holding(rules, code); like != "" {
			return fmt.Errorf("unknown code %q; did you mean one of %s?", code, like)
		}
		near := slices.MinFunc(rules, func(a, b registry.Rule) int {
			return levenshtein.Distance(code, a.Code, nil) - levenshtein.Distance(code, b.Code, nil)
		})
		return fmt.Errorf("unknown code %q; did you mean %s? pullwhy explain lists all", code, near.Code)
	}
	if e.output == formatJSON {
		return report.WriteJSON(e.out, rules[i])
	}
	return report.WriteRule(e.out, rules[i], e.textOptions())
}

// holding lists the codes that a word is a part of.
func holding(rules []registry.Rule, word string) string {
	var codes []string
	for _, r := range rules {
		if strings.Contains(r.Code, word) {
			codes = append(codes, r.Code)
		}
	}
	return strings.Join(codes, ", ")
}
