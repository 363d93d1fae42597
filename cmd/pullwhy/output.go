package main

import (
	"fmt"
	"io"
	"slices"

	"github.com/spf13/cobra"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

const (
	formatText  = "text"
	formatShort = "short"
	formatJSON  = "json"
	formatSARIF = "sarif" // of lint only
)

func checkFormat(format string, lint bool) error {
	switch {
	case format == formatText, format == formatShort, format == formatJSON, format == formatSARIF && lint:
		return nil
	case lint:
		return fmt.Errorf("unknown output format %q: text, short, json or sarif", format)
	}
	return fmt.Errorf("unknown output format %q: text, short or json", format)
}

// print writes the report and ends by its verdict.
func (e *env) print(r *report.Report) error {
	write := e.write
	if e.fixDiff {
		write = func(r *report.Report) error { return e.writePatch(r.Patch) }
	}
	if err := write(r); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	if r.Verdict == diagnose.Unknown {
		return unknownVerdict(r)
	}
	return e.byVerdict(r.Verdict)
}

// byVerdict turns a verdict into the command's end.
func (e *env) byVerdict(v diagnose.Verdict) error {
	if v == diagnose.Fails || e.strict && v == diagnose.Degraded {
		return errFailing
	}
	return nil
}

// writePatch prints the patch alone.
func (e *env) writePatch(patch string) error {
	if patch == "" {
		e.log.Warn().Msg("no mistake was found that a patch of registries.yaml mends")
	}
	if _, err := io.WriteString(e.out, patch); err != nil {
		return fmt.Errorf("writing the patch: %w", err)
	}
	return nil
}

func (e *env) write(r *report.Report) error {
	switch e.output {
	case formatJSON:
		return r.WriteJSON(e.out)
	case formatShort:
		return r.WriteShort(e.out)
	}
	return r.WriteText(e.out, e.textOptions())
}

// unknownVerdict says which file or permission was missing: what could not be read rather
// than what is not there, and a log rather than a file of the configuration.
func unknownVerdict(r *report.Report) error {
	for _, matters := range []func(registry.Source) bool{
		func(s registry.Source) bool { return s.Status == registry.StatusUnreadable },
		func(s registry.Source) bool { return s.Kind == registry.KindContainerdLog },
		func(s registry.Source) bool { return s.Kind == registry.KindJournal },
		func(registry.Source) bool { return r.Node.Distribution != registry.Unknown },
	} {
		i := slices.IndexFunc(r.Sources, matters)
		switch {
		case i < 0:
		case r.Sources[i].Detail != "":
			return fmt.Errorf("nothing could be read: %q: %s", r.Sources[i].Path, r.Sources[i].Detail)
		default:
			return fmt.Errorf("nothing could be read: %q is absent; is this the node's filesystem? See --host-root", r.Sources[i].Path)
		}
	}
	return fmt.Errorf("nothing could be read below %q: no K3s, RKE2 or containerd there; see --host-root", r.Node.HostRoot)
}

func schemaCommand(e *env) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the report",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := e.out.Write(report.Schema())
			return err
		},
	}
	hideFlags(cmd, "color", "host-root", "output", "verbose")
	return cmd
}
