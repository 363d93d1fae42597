package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/pullwhy/pullwhy/logparse"
)

const (
	// memoryLimit is where the garbage collector begins to work harder. What is live stays
	// far below.
	memoryLimit = 16 << 20

	forgetEvery = 1 << 16 // lines

	// stopTime is how long the last state has to reach a standard output that is not read.
	stopTime = 800 * time.Millisecond
)

// watchFlags are those of watch alone.
type watchFlags struct {
	fromEnd bool          // --since was not on the command line
	since   time.Duration // 0: all
	every   time.Duration
	listen  string
	kube    kubeFlags
}

func watchCommand(e *env) *cobra.Command {
	d := &diagnosis{env: e}
	f := watchFlags{}
	cmd := &cobra.Command{
		Use:   "watch",
		Short: "Follow containerd's log; at each failure that begins, changes or ends say why, as a line of JSON",
		Long: `Follows containerd's log through rotation. For each failing pull that begins, changes its cause or
ends, and for each mistake in the configuration, one report is written to standard output, as a line
of JSON. What fails is probed, within a budget of connections; a probe that tells more makes a further
report. It runs until SIGTERM, and exits with 0 then; with 2 where it cannot begin.`,
		Example: `  pullwhy watch                                     # on a node, as root
  pullwhy watch --since 24h --listen ""             # with what failed since yesterday, without metrics
  pullwhy watch --host-root /host --kube-events     # in a pod that has the node's files at /host`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if cmd.Flags().Changed("output") && e.output != formatJSON {
				return fmt.Errorf("watch prints a report of JSON a line, not %s", e.output)
			}
			f.fromEnd = !cmd.Flags().Changed("since")
			d.again = judgedBy(cmd.Flags())
			return d.watch(cmd.Context(), f)
		},
	}
	hideFlags(cmd, "color", "output", "verbose")
	flags := cmd.Flags()
	flags.StringArrayVar(&d.logs.files, "log", nil, "follow this `FILE` instead of the node's log")
	spanVar(flags, &f.since, "since", 0, "read the log from so far back first, 0 is all of it; without this flag it is read from its end on")
	flags.Lookup("since").DefValue = ""
	spanVar(flags, &d.timeout, "timeout", 5*time.Second, "bound of each probe step")
	flags.BoolVar(&d.noProbe, "no-probe", false, "no network at all")
	spanVar(flags, &f.every, "every", 10*time.Minute, "between background checks of one endpoint; 0 is none")
	flags.StringVar(&f.listen, "listen", "127.0.0.1:9558", "where /metrics, /healthz, /readyz and /report are served; empty is nowhere")
	d.config.add(flags)
	f.kube.add(flags)
	return cmd
}

// A watcher is the state of watch. All of it is the follower's goroutine's, but for what
// says otherwise.
type watcher struct {
	*diagnosis
	mu      sync.Mutex // of scanner, skipped and journal
	scanner logparse.Scanner
	skipped int // lines that could not be read
	journal journalTail

	fromEnd  bool
	follower logparse.Follower
	stats    logparse.FollowStats
	problem  string // why the log cannot be read; "" for nothing
	node     watchedNode
	images   map[string]*watched
	faults   string // of the node itself, as they were reported
	patrol   *patrol
	metrics  *metrics
	teller   *kubeTeller              // nil: the cluster is told nothing
	present  atomic.Pointer[presence] // for those who ask over HTTP
	judged   time.Time
	whole    whole
}

// A whole is when the report on the whole node was made last.
type whole struct {
	at    time.Time
	took  time.Duration
	stale bool // it is to be made anew
}

// watch follows the log until ctx ends.
func (d *diagnosis) watch(ctx context.Context, f watchFlags) (err error) {
	switch {
	case len(d.logs.files) > 1 || slices.Contains(d.logs.files, "-"):
		return errors.New("watch follows one file; for several, run several")
	case len(d.logs.files) == 1 && strings.HasSuffix(d.logs.files[0], ".gz"):
		return fmt.Errorf("watch follows a log that grows, and %q is compressed: pullwhy logs reads it", d.logs.files[0])
	case d.config.registries == "-":
		return errors.New("watch reads --registries anew every minute, which standard input cannot be")
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		defer debug.SetMemoryLimit(debug.SetMemoryLimit(memoryLimit))
	}
	defer debug.SetGCPercent(debug.SetGCPercent(50))
	w := d.newWatcher(f)
	if _, err := w.refresh(time.Now()); err != nil {
		return err
	}
	if w.teller, err = f.kube.start(d.log, w.node.node.Hostname); err != nil {
		return err
	}
	var listener net.Listener
	if f.listen != "" {
		if listener, err = net.Listen("tcp", f.listen); err != nil {
			return fmt.Errorf("serving metrics: %w", err)
		}
	}
	return w.run(ctx, listener)
}

func (d *diagnosis) newWatcher(f watchFlags) *watcher {
	now := time.Now()
	w := &watcher{
		diagnosis: d, fromEnd: f.fromEnd, images: map[string]*watched{}, patrol: newPatrol(f.every), scanner: logparse.Scanner{Now: now},
	}
	w.metrics = newMetrics(&w.present)
	w.patrol.observe = w.metrics.probed
	if f.since > 0 {
		w.scanner.Since = now.Add(-f.since)
	}
	w.follower = logparse.Follower{
		Resolve: w.resolve, FromEnd: f.fromEnd, Since: w.scanner.Since, CaughtUp: w.caughtUp, Problem: w.cannotRead,
	}
	return w
}

// run starts what goes on beside following, and ends it.
func (w *watcher) run(ctx context.Context, listener net.Listener) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var beside sync.WaitGroup
	if listener != nil {
		beside.Go(func() { w.serve(ctx, listener) })
	}
	if !w.noProbe {
		beside.Go(func() { w.patrol.run(ctx) })
	}
	if w.teller != nil {
		beside.Go(func() { w.teller.run(ctx) })
	}
	if len(w.logs.files) == 0 {
		beside.Go(func() { w.followJournal(ctx) })
	}
	done := make(chan error, 1)
	go func() {
		err := w.follow(ctx)
		cancel()
		beside.Wait()
		done <- err
	}()
	<-ctx.Done()
	select {
	case err := <-done:
		return err
	case <-time.After(stopTime):
		w.log.Warn().Msg("stopped before everything was written")
		return nil
	}
}

// follow is the work: lines to pulls, and at each pause what has come of them.
func (w *watcher) follow(ctx context.Context) error {
	w.log.Info().Str("log", cmp.Or(w.logName(), w.journal.name())).Msg("watching")
	err := w.follower.Follow(ctx, func(l logparse.Line) error {
		w.take(l)
		return nil
	})
	w.step(time.Now(), true)
	w.log.Info().Int("lines", w.stats.Lines).Int("failing", len(w.failing())).Msg("stopped")
	return err
}

// take reads a line. A log that is read from its beginning may name thousands of images.
func (w *watcher) take(l logparse.Line) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.scanner.Line(l.File, l.Number, l.Text) {
		w.skipped++
	}
	if l.Number%forgetEvery == 0 {
		w.scanner.Forget(maxWatched)
	}
}

func (w *watcher) caughtUp(s logparse.FollowStats) {
	w.mu.Lock()
	s.Lines, s.Skipped = s.Lines+w.journal.lines, s.Skipped+w.journal.skipped+w.skipped
	w.mu.Unlock()
	w.stats = s
	now := time.Now()
	w.metrics.caughtUp(now, s)
	w.step(now, false)
}

func (w *watcher) cannotRead(err error) {
	w.whole.stale = true
	if err == nil {
		w.problem = ""
		return
	}
	w.problem = reason(err)
	w.log.Warn().Err(err).Msg("the log cannot be read")
}

// resolve is where the log stands in this process' filesystem.
func (w *watcher) resolve() (string, error) {
	switch {
	case len(w.logs.files) > 0:
		if path, err := filepath.EvalSymlinks(w.logs.files[0]); err == nil {
			return path, nil
		}
		return w.logs.files[0], nil
	case w.node.node.LogPath == "":
		return "", fs.ErrNotExist
	}
	return hostRoot(w.hostRoot).resolve("open", strings.TrimPrefix(w.node.node.LogPath, "/"))
}

// logName is the log's path on the node, or as named; "" where the runtime has none.
func (w *watcher) logName() string {
	if len(w.logs.files) > 0 {
		return w.logs.files[0]
	}
	return w.node.node.LogPath
}
