package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/report"
)

// A watching is a watcher of the demonstration's node, on which a pull can fail and succeed.
type watching struct {
	*testing.T
	*watcher
	demo    *demoNode
	reports chan *report.Report
	began   time.Time // after what stands in the log
	minutes int       // of the log's time since
}

func watchDemo(t *testing.T) *watching {
	w := &watching{T: t, demo: newDemoNode(), reports: make(chan *report.Report, 100), began: time.Now().UTC()}
	t.Cleanup(w.demo.close)
	dir := t.TempDir()
	if err := w.demo.write(dir); err != nil {
		t.Fatal(err)
	}
	read, write := io.Pipe()
	go w.readReports(read)
	t.Cleanup(func() { write.Close() })
	d := &diagnosis{env: &env{out: write, log: zerolog.Nop(), hostRoot: dir}, timeout: 5 * time.Second}
	w.watcher = d.newWatcher(watchFlags{fromEnd: true})
	w.patrol.turns.spread = no
	if _, err := w.refresh(time.Now()); err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *watching) readReports(in io.Reader) {
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if err := validate(lines.Bytes()); err != nil {
			w.Errorf("%v: %s", err, lines.Bytes())
		}
		var r report.Report
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			w.Error(err)
		}
		w.reports <- &r
	}
}

// next is the next report.
func (w *watching) next() *report.Report {
	w.Helper()
	select {
	case r := <-w.reports:
		return r
	case <-time.After(scriptPatience):
		w.Fatal("no report came")
		return nil
	}
}

// append writes lines to the log, a minute later each time.
func (w *watching) append(lines ...string) {
	w.Helper()
	w.minutes++
	path, err := w.resolve()
	if err != nil {
		w.Fatal(err)
	}
	log, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		w.Fatal(err)
	}
	defer log.Close()
	for i, line := range lines {
		at := w.began.Add(time.Duration(w.minutes)*time.Minute + time.Duration(i+1)*time.Microsecond)
		if _, err := fmt.Fprintf(log, "time=%q %s\n", at.Format(time.RFC3339Nano), line); err != nil {
			w.Fatal(err)
		}
	}
}

func (w *watching) fail() {
	w.Helper()
	host, _, _ := strings.Cut(w.demo.image(), "/")
	mirror := demoMirror + ":" + w.demo.mirror.Port
	w.append(
		fmt.Sprintf(`level=info msg="PullImage \"%s\""`, w.demo.image()),
		fmt.Sprintf(`level=info msg="trying next host" error="failed to do request: Head \"https://%s/v2/shop/cart/manifests/1.4.2?ns=%s\": tls: failed to verify certificate: x509: certificate signed by unknown authority" host="%s"`, mirror, host, mirror),
		fmt.Sprintf(`level=info msg="fetch failed after status: 403 Forbidden" host="%s"`, host),
		fmt.Sprintf(`level=error msg="PullImage \"%s\" failed" error="failed to pull and unpack image \"%s\": failed to resolve reference \"%s\": unexpected status from HEAD request to https://%s/v2/shop/cart/manifests/1.4.2: 403 Forbidden"`, w.demo.image(), w.demo.image(), w.demo.image(), host),
	)
}

func (w *watching) succeed() {
	w.Helper()
	w.append(
		fmt.Sprintf(`level=info msg="PullImage \"%s\""`, w.demo.image()),
		fmt.Sprintf(`level=info msg="PullImage \"%s\" returns image reference \"sha256:1\""`, w.demo.image()),
	)
}

// wantPull checks what a report says of the one pull.
func (w *watching) wantPull(r *report.Report, status string, basis diagnose.Basis, failures int) {
	w.Helper()
	if len(r.Pulls) != 1 || r.Pulls[0].Status != status || r.Pulls[0].Failures != failures || r.Pulls[0].RootCause.Cause != "tls_unknown_authority" {
		w.Fatalf("pulls %+v, want one that is %s after %d failures", r.Pulls, status, failures)
	}
	if len(r.Findings) == 0 || r.Findings[0].Basis != basis {
		w.Errorf("findings %+v, want the first one %s", r.Findings, basis)
	}
}

func (w *watching) get(url, accept string) string {
	w.Helper()
	req, err := http.NewRequestWithContext(w.Context(), http.MethodGet, url, nil)
	if err != nil {
		w.Fatal(err)
	}
	req.Header.Set("Accept", accept)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		w.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode != http.StatusOK {
		w.Fatalf("%s: %s, %v: %s", url, resp.Status, err, text)
	}
	return string(text)
}

// holds waits until an answer holds all these texts: reports go out before the state that is
// served is renewed.
func (w *watching) holds(url, accept string, texts ...string) {
	w.Helper()
	for end := time.Now().Add(scriptPatience); ; time.Sleep(10 * time.Millisecond) {
		answer := w.get(url, accept)
		missing := slices.DeleteFunc(slices.Clone(texts), func(text string) bool { return strings.Contains(answer, text) })
		if len(missing) == 0 {
			return
		}
		if time.Now().After(end) {
			w.Fatalf("%s lacks %q:\n%s", url, missing, answer)
		}
	}
}

// TestWatch has a pull fail and succeed on a node with real registries: the log's word comes
// first, then the probe's, then the end. Nothing is left when watch has ended.
func TestWatch(t *testing.T) {
	w := watchDemo(t)
	leaks := goleak.IgnoreCurrent()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + listener.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- w.run(ctx, listener) }()
	for w.present.Load() == nil { // it reads from the end on
		time.Sleep(time.Millisecond)
	}
	if w.get(url+"/healthz", "") != "ok\n" || w.get(url+"/readyz", "") != "ok\n" {
		t.Error("neither healthy nor ready")
	}
	w.fail()
	w.wantPull(w.next(), diagnose.Failing, diagnose.Logged, 1)
	w.wantPull(w.next(), diagnose.Failing, diagnose.Confirmed, 1)
	w.fail()
	w.succeed()
	w.wantPull(w.next(), diagnose.Recovered, diagnose.Logged, 2)

	w.holds(url+"/metrics", "",
		`pullwhy_pull_failures_total{cause="tls_unknown_authority"} 2`, "pullwhy_config_info{fingerprint=", "pullwhy_build_info{",
		`pullwhy_endpoint_probe_duration_seconds_bucket{step="tls",le="+Inf"} 2`, "pullwhy_log_lag_seconds", "pullwhy_last_event_timestamp_seconds")
	w.holds(url+"/report", "text/plain", "0 pulls failing")
	if err := validate([]byte(w.get(url+"/report", "application/json"))); err != nil {
		t.Error(err)
	}
	http.DefaultClient.CloseIdleConnections()
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if err := goleak.Find(leaks, goleak.IgnoreTopFunction("github.com/nxadm/tail/watch.(*InotifyTracker).run"),
		goleak.IgnoreAnyFunction("github.com/fsnotify/fsnotify.(*inotify).readEvents")); err != nil {
		t.Error(err)
	}
}

// TestWatchProbeEnds takes a failure for ended where the probe passes, and not a second time
// where the pull fails again all the same.
func TestWatchProbeEnds(t *testing.T) {
	w := watchDemo(t)
	now := time.Now().Add(-time.Hour)
	step := func() {
		t.Helper()
		now = now.Add(leastStep)
		path, err := w.resolve()
		if err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for i, line := range strings.SplitAfter(string(text), "\n") {
			w.scanner.Line("log", i+1, []byte(strings.TrimSpace(line)))
		}
		if err := os.Truncate(path, 0); err != nil {
			t.Fatal(err)
		}
		w.step(now, false)
	}
	passes := func(at time.Time) {
		for _, ask := range w.asksFor(w.images[w.demo.image()].pull) {
			w.patrol.keep(probe.Result{Ask: ask, Status: probe.OK, Reachable: true, Time: at})
		}
		step()
	}
	step()
	<-w.reports // of what stood in the log
	w.fail()
	step()
	last := *w.images[w.demo.image()].pull.LastFailure
	passes(last.Add(-time.Minute))
	passes(last.Add(time.Second))
	w.wantPull(w.next(), diagnose.Recovered, diagnose.Logged, 2)
	w.fail()
	step()
	w.wantPull(w.next(), diagnose.Failing, diagnose.Logged, 3)
	passes(w.images[w.demo.image()].pull.LastFailure.Add(time.Second))
	w.succeed()
	step()
	w.wantPull(w.next(), diagnose.Recovered, diagnose.Logged, 3)
}

// TestWatchForMonths keeps state and memory bounded however many images fail.
func TestWatchForMonths(t *testing.T) {
	d := &diagnosis{env: &env{out: io.Discard, log: zerolog.Nop(), hostRoot: t.TempDir()}, noProbe: true}
	w := d.newWatcher(watchFlags{fromEnd: true})
	now := noon
	live := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	var before uint64
	const failures = 10_000
	for i := range failures {
		image := fmt.Sprintf("registry-%d.example.com/team/app:%d", i%700, i)
		w.scanner.Line("log", i, fmt.Appendf(nil, `time=%q level=error msg="PullImage \"%s\" failed" error="failed to pull and unpack image \"%s\": failed to resolve reference \"%s\": %s: not found"`,
			now.Format(time.RFC3339Nano), image, image, image, image))
		if now = now.Add(time.Second); i%500 == 0 {
			w.step(now, false)
			if len(w.images) > maxWatched {
				t.Fatalf("%d images are watched", len(w.images))
			}
		}
		if i == failures/2 {
			before = live()
		}
	}
	after := live()
	t.Logf("%d KiB after %d failures, %d KiB after %d", before>>10, failures/2, after>>10, failures)
	if after > before+before/4 {
		t.Errorf("%d bytes after %d failures, %d after %d", before, failures/2, after, failures)
	}
	problems, err := testutil.GatherAndLint(w.metrics.registry)
	if err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
	for _, name := range []string{"pullwhy_images_failing", "pullwhy_pull_failures_total", "pullwhy_endpoint_up"} {
		if n, err := testutil.GatherAndCount(w.metrics.registry, name); err != nil || n > maxSeries {
			t.Errorf("%d series of %s, %v", n, name, err)
		}
	}
}

// TestWatchAbsent waits for a log that is not there, and says so.
func TestWatchAbsent(t *testing.T) {
	dir := t.TempDir()
	var said bytes.Buffer
	writeFile(t, filepath.Join(dir, "etc/rancher/k3s/config.yaml"), "", 0o644)
	d := &diagnosis{env: &env{out: io.Discard, log: zerolog.New(&said), hostRoot: dir}, noProbe: true}
	w := d.newWatcher(watchFlags{})
	w.step(noon, false)
	sources := w.present.Load().report.Sources
	if last := sources[len(sources)-1]; last.Kind != "containerd_log" || last.Status != "absent" {
		t.Errorf("%+v", last)
	}
	if text := said.String(); !strings.Contains(text, "waiting for it") || strings.Contains(text, "waiting for pulls") {
		t.Error(text)
	}
}

// TestWatchSkips: what cannot be read of a line counts, as it does for logs.
func TestWatchSkips(t *testing.T) {
	var w watcher
	for _, line := range []string{"\x00", "fine"} {
		w.take(logparse.Line{Text: []byte(line)})
	}
	if w.skipped != 1 {
		t.Errorf("%d lines skipped, not 1", w.skipped)
	}
}
