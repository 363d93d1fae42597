package main

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

// A linting holds the flags of lint, and what it found.
type linting struct {
	*env
	config   configFlags
	node     *registry.Node
	issues   []registry.Issue
	findings []diagnose.Finding // the same as the report has them
	sources  []registry.Source
	read     int    // files
	empty    int    // of them: a registries.yaml without mirrors and configs
	patch    string // that mends them
}

func lintCommand(e *env) *cobra.Command {
	l := &linting{env: e}
	cmd := &cobra.Command{
		Use:   "lint [FILE...]",
		Short: "Find the mistakes in the registry configuration; no network",
		Long: `Judges the node's registries.yaml and what stands rendered beside it, or the FILEs as registries.yaml;
- is standard input. Where the host root is no K3s or RKE2 node, the certificates and keys that a FILE
names are not looked for. -o sarif is for code hosts that annotate the lines of a pull request.

It exits with 1 where there is an error, with --strict for a warning too, and with 2 where the file
cannot be read; also with --fix-diff. A script that has set -o pipefail lets the 1 pass:
{ pullwhy lint --fix-diff || [ $? = 1 ]; } | patch -p1 -d /`,
		Example: `  pullwhy lint                               # this node, as root
  pullwhy lint registries.yaml -o short      # a file, a line for each mistake
  pullwhy lint --registries registries.yaml  # the file on this node, before a restart with it
  pullwhy lint --fix-diff | patch -p1 -d /   # mend what can be`,
		Args: func(_ *cobra.Command, files []string) error {
			if len(files) > 0 && l.config.registries != "" {
				return errors.New("--registries is for the node as it would be; name the FILE alone to judge it by itself")
			}
			return nil
		},
		RunE: func(_ *cobra.Command, files []string) error { return l.run(files) },
	}
	hideFlags(cmd, "verbose")
	l.config.add(cmd.Flags())
	cmd.Flags().BoolVar(&e.strict, "strict", false, "warnings count for the exit status")
	cmd.Flags().BoolVar(&e.fixDiff, "fix-diff", false, "print only a patch that mends registries.yaml, for patch -p1")
	return cmd
}

func (l *linting) run(files []string) error {
	start := time.Now()
	l.node = registry.ReadNode(newNodeRoot(l.hostRoot))
	l.node.Root = l.hostRoot
	var err error
	if len(files) == 0 {
		err = l.lintNode()
	} else {
		err = l.lintFiles(files)
	}
	if err != nil {
		return err
	}
	return l.end(start)
}

func (l *linting) lintNode() error {
	config, err := l.config.load(l.env, l.node)
	if err != nil {
		return err
	}
	l.found(config, config.Lint(l.node.ListedImages()))
	l.sources = append(l.node.Sources, config.Sources...)
	for _, s := range l.sources {
		if s.Kind == registry.KindRegistriesYAML && s.Status == registry.StatusUnreadable && len(l.issues) == 0 {
			return fmt.Errorf("reading %q: %s", s.Path, s.Detail)
		}
		if s.Kind == registry.KindRegistriesYAML && s.Status == registry.StatusRead {
			l.countEmpty(config)
		}
		if s.Status == registry.StatusRead && (s.Kind == registry.KindRegistriesYAML || s.Kind == registry.KindHostsTOML || s.Kind == registry.KindConfigTOML) {
			l.read++
		}
	}
	l.tellDenied(l.sources)
	if l.read == 0 && len(l.issues) == 0 {
		l.log.Warn().Msgf("no registry configuration found below %q", l.hostRoot)
	}
	l.patch = patchOf(config, l.issues)
	return nil
}

// lintFiles judges each file by itself. One that cannot be read does not hide the others.
func (l *linting) lintFiles(files []string) error {
	for _, name := range files {
		source := registry.Source{Path: name, Kind: registry.KindRegistriesYAML, Status: registry.StatusRead}
		text, err := l.readNamed(name, aRegistriesYAML)
		switch {
		case err != nil && len(files) == 1:
			return err
		case err != nil:
			source.Status, source.Detail = registry.StatusUnreadable, err.Error()
			l.found(nil, []registry.Issue{{
				Code: "config_file_unreadable", Severity: registry.SeverityError, File: name, Detail: err.Error() + remedy(err), Fix: "correct the file's name, or its permissions",
			}})
		default:
			l.read++
			config := registry.LoadAssuming(l.node, registry.Assumption{
				Registries: text, RegistriesPath: name, DisableDefaultEndpoint: l.config.disableDefault,
			})
			l.countEmpty(config)
			found := slices.DeleteFunc(config.Lint(nil), func(i registry.Issue) bool { return i.File != name })
			l.found(config, found)
			l.patch += patchOf(config, found)
		}
		l.sources = append(l.sources, source)
	}
	return nil
}

func (l *linting) found(config *registry.Config, issues []registry.Issue) {
	l.issues = append(l.issues, issues...)
	l.findings = append(l.findings, diagnose.Mistakes(l.node, config, issues)...)
}

// countEmpty notes a registries.yaml that configures nothing.
func (l *linting) countEmpty(config *registry.Config) {
	if len(config.Mirrors())+len(config.ConfigsKeys()) == 0 {
		l.empty++
	}
}

// patchOf mends all the issues that a patch can mend.
func patchOf(config *registry.Config, issues []registry.Issue) string {
	var mistakes [][]registry.Edit
	for _, i := range issues {
		if len(i.Edits) > 0 {
			mistakes = append(mistakes, i.Edits)
		}
	}
	return config.PatchAll(mistakes)
}

// end writes what was found and ends by the worst of it.
func (l *linting) end(start time.Time) error {
	verdict := diagnose.Healthy
	for _, i := range l.issues {
		switch {
		case i.Severity == registry.SeverityError:
			verdict = diagnose.Fails
		case i.Severity == registry.SeverityWarning && verdict == diagnose.Healthy:
			verdict = diagnose.Degraded
		}
	}
	if err := l.writeIssues(verdict, start); err != nil {
		return err
	}
	return l.byVerdict(verdict)
}

func (l *linting) writeIssues(verdict diagnose.Verdict, start time.Time) error {
	d := diagnose.Diagnosis{Verdict: verdict, Findings: l.findings, Patch: l.patch}
	r := report.New(d, l.sources)
	l.head(r, l.node, start)
	switch {
	case l.fixDiff:
		return l.writePatch(l.patch)
	case l.output == formatSARIF:
		return report.WriteSARIF(l.out, l.issues, toolVersion())
	case l.output == formatShort && len(l.issues) > 0:
		return report.WriteLintShort(l.out, l.issues, l.textOptions())
	case l.output == formatText:
		return report.WriteLint(l.out, l.issues, l.read, l.empty, l.textOptions())
	}
	return l.write(r)
}
