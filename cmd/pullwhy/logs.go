package main

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

// logFlags say which log is read, and how much of it.
type logFlags struct {
	files []string
	since time.Duration
	given func() bool // whether --since was on the command line
}

func (f *logFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.files, "log", nil, "read this log instead of the node's; repeatable, - is standard input")
	f.addSince(flags)
}

func (f *logFlags) addSince(flags *pflag.FlagSet) {
	flags.DurationVar(&f.since, "since", 24*time.Hour, "how far back in the node's log; 0 is all")
	f.given = func() bool { return flags.Changed("since") }
}

// nodeLog is what was read of the log, and from where.
type nodeLog struct {
	scanner *logparse.Scanner
	sources []registry.Source
}

func logsCommand(e *env) *cobra.Command {
	d := &diagnosis{env: e}
	cmd := &cobra.Command{
		Use:   "logs [FILE...]",
		Short: "Read only the log: which pulls failed, and why as far as it tells",
		RunE: func(_ *cobra.Command, files []string) error {
			d.logs.files = files
			return e.print(d.onlyLogs())
		},
	}
	d.logs.addSince(cmd.Flags())
	return cmd
}

func (d *diagnosis) onlyLogs() *report.Report {
	start := time.Now()
	root := hostRoot(d.hostRoot)
	node := &registry.Node{Distribution: registry.Unknown}
	if len(d.logs.files) == 0 {
		node = registry.ReadNode(root)
	}
	log := d.readLogs(root, node, start)
	if v := log.scanner.ContainerdVersion(); v != "" {
		node.ContainerdVersion = v
	}
	ev := diagnose.Evidence{Node: node, Pulls: log.scanner.Pulls(), Sources: log.sources}
	r := report.New(diagnose.Diagnose(ev), ev.Sources)
	d.head(r, node, start)
	return r
}

// readLogs reads the files that were named, else the node's log with its rotated files,
// oldest first.
func (d *diagnosis) readLogs(root fs.FS, node *registry.Node, now time.Time) nodeLog {
	log := nodeLog{scanner: &logparse.Scanner{Now: now}}
	if d.logs.since > 0 && (len(d.logs.files) == 0 || d.logs.given()) {
		log.scanner.Since = now.Add(-d.logs.since)
	}
	switch {
	case len(d.logs.files) > 0:
		for _, name := range d.logs.files {
			log.add(name, func() (io.ReadCloser, error) { return d.openNamed(name) })
		}
	case node.LogPath == "":
		log.sources = append(log.sources, registry.Source{
			Path: "journal", Kind: registry.KindJournal, Status: registry.StatusAbsent,
			Detail: "this runtime logs to the journal: journalctl -u containerd -o json | pullwhy logs -",
		})
	default:
		for _, name := range logparse.Files(root, strings.TrimPrefix(node.LogPath, "/")) {
			log.add("/"+name, func() (io.ReadCloser, error) { return root.Open(name) })
		}
	}
	log.warn(d.env)
	return log
}

func (e *env) openNamed(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(e.in), nil
	}
	return os.Open(name)
}

// add reads one file; what cannot be read stands in the sources.
func (l *nodeLog) add(name string, open func() (io.ReadCloser, error)) {
	source := registry.Source{Path: name, Kind: registry.KindContainerdLog, Status: registry.StatusRead}
	f, err := open()
	if err == nil {
		defer f.Close()
		var stats logparse.Stats
		stats, err = l.scanner.Scan(name, f)
		source.Lines, source.Skipped = stats.Lines, stats.Skipped
	}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		source.Status = registry.StatusAbsent
	case err != nil:
		source.Status, source.Detail = registry.StatusUnreadable, cause(err)
	}
	l.sources = append(l.sources, source)
}

// cause is the reason of an error without the path, which stands beside it.
func cause(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// warn names on standard error what could not be read.
func (l *nodeLog) warn(e *env) {
	for _, s := range l.sources {
		if s.Status != registry.StatusRead {
			e.log.Warn().Str("path", s.Path).Str("status", s.Status).Str("detail", s.Detail).Msg("log not read")
		}
	}
}
