package main

import (
	"encoding/json"
	"fmt"
	"io"

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

// unknownVerdict says which file or permission was missing.
func unknownVerdict(r *report.Report) error {
	for _, s := range r.Sources {
		if s.Status == registry.StatusUnreadable {
			return fmt.Errorf("nothing could be read: reading %q: %s", s.Path, s.Detail)
		}
	}
	for _, s := range r.Sources {
		if s.Kind == registry.KindJournal {
			return fmt.Errorf("nothing could be read: %s: %s", s.Path, s.Detail)
		}
	}
	if len(r.Sources) > 0 {
		return fmt.Errorf("nothing could be read: %q is absent; is this the node's filesystem? See --host-root", r.Sources[0].Path)
	}
	return fmt.Errorf("nothing could be read below %q: no K3s, RKE2 or containerd there; see --host-root", r.Node.HostRoot)
}

func (e *env) writeJSON(v any) error {
	enc := json.NewEncoder(e.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

func schemaCommand(e *env) *cobra.Command {
	return &cobra.Command{
		Use:   "schema",
		Short: "Print the JSON Schema of the report",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := e.out.Write(report.Schema())
			return err
		},
	}
}
