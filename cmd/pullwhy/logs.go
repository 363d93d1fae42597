package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
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
	given func() bool // whether --since was on the command line; nil where there is none
}

func (f *logFlags) add(flags *pflag.FlagSet) {
	flags.StringArrayVar(&f.files, "log", nil, "read this `FILE` instead of the node's log; repeatable, - is standard input")
	spanVar(flags, &f.since, "since", 24*time.Hour, "how far back in the node's log, such as 90m or 7d; 0 is all")
	f.given = func() bool { return flags.Changed("since") }
}

// nodeLog is what was read of the log, and from where.
type nodeLog struct {
	scanner *logparse.Scanner
	sources []registry.Source

	pulls   []logparse.Pull
	agent   logparse.AgentConfig
	version string // of containerd; "" where no line tells
}

// told takes what the scanner makes of all that it was given.
func (l *nodeLog) told() {
	l.pulls, l.agent, l.version = l.scanner.Pulls(), l.scanner.Agent(), l.scanner.ContainerdVersion()
}

func logsCommand(e *env) *cobra.Command {
	d := &diagnosis{env: e}
	cmd := &cobra.Command{
		Use:   "logs [FILE...]",
		Short: "Read only the log: which pulls failed, and why as far as it tells",
		Long: `Reads what containerd, the kubelet and their clients say of image pulls, and tells which failed and
why, as far as the text tells. A FILE may be a log, compressed or not, or whatever else holds such an
error, in any format: the journal, kubectl describe, events, pods as JSON or YAML, what crictl, ctr or
nerdctl printed, copied from a terminal or a mail; - is standard input. Without FILE it is the node's
log, with its rotated files. Nothing is asked of any registry.

It exits with 1 where a pull is failing, with --strict where something is amiss, and with 2 where
nothing could be read.`,
		Example: `  pullwhy logs                                      # this node, as root
  pullwhy logs containerd.log.gz -o json            # a file of another one
  kubectl describe pod POD | pullwhy logs -         # without a node
  journalctl -u containerd -o json | pullwhy logs - # as far back as the journal goes`,
		RunE: func(cmd *cobra.Command, files []string) error {
			d.logs.files = append(d.logs.files, files...)
			return e.print(d.onlyLogs(cmd.Context()))
		},
	}
	d.logs.add(cmd.Flags())
	cmd.Flags().BoolVar(&e.strict, "strict", false, strictUsage)
	return cmd
}

func (d *diagnosis) onlyLogs(ctx context.Context) *report.Report {
	start := time.Now()
	root := hostRoot(d.hostRoot)
	node := &registry.Node{Distribution: registry.Unknown}
	if len(d.logs.files) == 0 {
		node = registry.ReadNode(root)
	}
	log := d.readLogs(ctx, root, node, start)
	if log.version != "" {
		node.ContainerdVersion = log.version
	}
	sources := log.sources
	if node.Distribution == registry.Unknown { // why no log is known
		sources = slices.Concat(node.Sources, sources)
	}
	return d.report(node, diagnose.Evidence{Node: node, Pulls: log.pulls, Agent: log.agent, Sources: sources}, start)
}

// readLogs reads the files that were named, else what the node has.
func (d *diagnosis) readLogs(ctx context.Context, root fs.FS, node *registry.Node, now time.Time) nodeLog {
	log := nodeLog{scanner: &logparse.Scanner{Now: now}}
	if d.logs.since > 0 && (len(d.logs.files) == 0 || d.logs.given()) {
		log.scanner.Since = now.Add(-d.logs.since)
	}
	var named []logparse.Log
	for _, name := range d.logs.files {
		named = append(named, logparse.Log{Name: name, Open: func() (io.ReadCloser, error) { return d.openNamed(name) }})
	}
	log.addFiles(registry.KindContainerdLog, named)
	for i := range log.sources {
		if s := &log.sources[i]; s.Status == registry.StatusAbsent {
			s.Detail = "no such file or directory"
		}
	}
	if len(d.logs.files) == 0 {
		log.addNode(ctx, d.env, root, node)
	}
	log.told()
	if len(d.logs.files) > 0 && len(log.pulls) == 0 {
		log.pulls = log.scanner.Unended()
	}
	log.leftOut()
	log.forgotten()
	log.warn(d.env)
	return log
}

// leftOut says of a log in which nothing fails that it does so only for --since.
func (l *nodeLog) leftOut() {
	at, file := l.scanner.Before()
	fails := slices.ContainsFunc(l.pulls, func(p logparse.Pull) bool { return p.Failures > 0 && !p.Succeeded })
	if at.IsZero() || fails {
		return
	}
	for i := range l.sources {
		if s := &l.sources[i]; s.Path == file {
			s.Detail = "a pull failed at " + at.UTC().Format("2006-01-02 15:04:05 MST") + ", before --since: --since 0 counts it too"
		}
	}
}

// forgotten says in the last log that was read that more images failed than are told of.
func (l *nodeLog) forgotten() {
	for i, s := range slices.Backward(l.sources) {
		if n := l.scanner.Forgotten(); n > 0 && s.Status == registry.StatusRead {
			l.sources[i].Detail = fmt.Sprintf("up to %d more images failed, those that were heard of longest ago", n)
			return
		}
	}
}

// addNode reads the node's log with its rotated files, oldest first, and then what the
// kubelet says of the same pulls.
func (l *nodeLog) addNode(ctx context.Context, e *env, root fs.FS, node *registry.Node) {
	for _, log := range []registry.Source{
		{Path: node.LogPath, Kind: registry.KindContainerdLog}, {Path: node.KubeletLog(), Kind: registry.KindKubeletLog},
	} {
		if log.Path == "" {
			continue
		}
		var files []logparse.Log
		names, err := logparse.Files(root, strings.TrimPrefix(log.Path, "/"))
		if err != nil {
			l.sources = append(l.sources, registry.Source{Path: path.Dir(log.Path), Kind: log.Kind, Status: registry.StatusUnreadable, Detail: "looking for rotated files: " + reason(err)})
		}
		for _, name := range names {
			files = append(files, logparse.Log{Name: "/" + name, Open: func() (io.ReadCloser, error) { return root.Open(name) }})
		}
		l.addFiles(log.Kind, files)
	}
	for _, unit := range node.Journals() {
		l.addJournal(ctx, e, root, unit)
	}
}

// addFiles reads files, oldest first; what cannot be read stands in the sources.
func (l *nodeLog) addFiles(kind string, files []logparse.Log) {
	for i, result := range l.scanner.ScanAll(files) {
		source := registry.Source{Path: files[i].Name, Kind: kind, Status: registry.StatusRead, Lines: result.Lines, Skipped: result.Skipped}
		switch err := result.Err; {
		case errors.Is(err, fs.ErrNotExist):
			source.Status = registry.StatusAbsent
		case err != nil:
			source.Status = registry.StatusUnreadable
			source.Detail = strings.TrimPrefix(reason(err), fmt.Sprintf("reading %q: ", source.Path))
		case result.Older:
			source.Detail = "left out: by its name it is older than --since"
		}
		l.sources = append(l.sources, source)
	}
}

func (l *nodeLog) scan(source *registry.Source, r io.Reader) error {
	stats, err := l.scanner.Scan(source.Path, r)
	source.Lines, source.Skipped = stats.Lines, stats.Skipped
	return err
}

// reason is an error's without the path, which stands beside it.
func reason(err error) string {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return pathErr.Err.Error()
	}
	return err.Error()
}

// warn names on standard error what could not be read, and what is absent where that leaves
// containerd's word out; an input that is empty, as after a command that failed; and what to
// read instead of a list of pods.
func (l *nodeLog) warn(e *env) {
	nothing := !slices.ContainsFunc(l.sources, func(s registry.Source) bool { return s.Status == registry.StatusRead })
	for _, s := range l.sources {
		absent := s.Status == registry.StatusAbsent && (nothing || s.Kind == registry.KindContainerdLog)
		if absent || s.Status == registry.StatusUnreadable {
			event := e.log.Warn().Str("path", s.Path).Str("status", s.Status)
			if s.Detail != "" {
				event = event.Str("detail", s.Detail)
			}
			event.Msg("log not read")
		}
	}
	for _, s := range l.sources {
		if s.Path == "-" && s.Status == registry.StatusRead && s.Lines == 0 {
			e.log.Warn().Msg("nothing was read: the input is empty")
		}
	}
	if len(l.pulls) == 0 && l.scanner.Nameless() {
		e.log.Warn().Str("try", "kubectl describe pod POD | pullwhy logs -").Msg("pods are named whose images cannot be pulled, but neither the images nor why")
	}
}
