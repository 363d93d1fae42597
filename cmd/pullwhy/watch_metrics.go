package main

import (
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
	"github.com/pullwhy/pullwhy/report"
)

// maxSeries bounds the series of one metric, whatever the configuration and the log hold.
const maxSeries = 500

// A presence is the present state as those see it who ask over HTTP.
type presence struct {
	report      *report.Report
	fingerprint string // of the configuration
}

// unread names what containerd logs to where it cannot be read, and says why; "" where it can.
func unread(r *report.Report) string {
	for _, s := range r.Sources {
		if s.Status == registry.StatusUnreadable && (s.Kind == registry.KindContainerdLog || s.Kind == registry.KindJournal) {
			return s.Path + " cannot be read: " + s.Detail
		}
	}
	return ""
}

// metrics are what is counted, and what is read off the present report when asked for.
type metrics struct {
	registry *prometheus.Registry
	present  *atomic.Pointer[presence]

	failures  *prometheus.CounterVec
	durations *prometheus.HistogramVec
	lastEvent atomic.Int64 // in seconds
	lines     atomic.Int64
	skipped   atomic.Int64
	lost      atomic.Int64
	looked    atomic.Int64 // when the log was last looked at, in nanoseconds; 0: never
	read      atomic.Int64 // when it could be read then
}

func newMetrics(present *atomic.Pointer[presence]) *metrics {
	m := &metrics{
		registry: prometheus.NewPedanticRegistry(),
		present:  present,
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "pullwhy_pull_failures_total", Help: "Failed image pulls that the log tells of, by root cause.",
		}, []string{"cause"}),
		durations: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "pullwhy_endpoint_probe_duration_seconds", Help: "How long steps of probes took.",
			Buckets: []float64{.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"step"}),
	}
	m.registry.MustRegister(
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
		m.failures, m.durations, presentCollector{m},
		counter("pullwhy_log_lines_total", "Lines of the log that were read.", &m.lines),
		counter("pullwhy_log_lines_skipped_total", "Lines of the log that were too long, binary, or broken JSON.", &m.skipped),
		counter("pullwhy_log_lines_lost_total", "Lines of the log known to be lost in rotation; a rotated file that cannot be read counts as one.", &m.lost),
		gauge("pullwhy_log_lag_seconds", "How long ago the log was last read to its end.", m.lag),
		gauge("pullwhy_last_event_timestamp_seconds", "When a pull ended last, by the log; 0 before the first.", func() float64 { return float64(m.lastEvent.Load()) }),
	)
	return m
}

func gauge(name, help string, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: name, Help: help}, value)
}

func counter(name, help string, value *atomic.Int64) prometheus.Collector {
	return prometheus.NewCounterFunc(prometheus.CounterOpts{Name: name, Help: help}, func() float64 { return float64(value.Load()) })
}

// caughtUp notes that the log was read to its end, as far as the present report says that
// it can be read.
func (m *metrics) caughtUp(now time.Time, s logparse.FollowStats) {
	m.looked.Store(now.UnixNano())
	if p := m.present.Load(); p == nil || unread(p.report) == "" {
		m.read.Store(now.UnixNano())
	}
	m.lines.Store(int64(s.Lines))
	m.skipped.Store(int64(s.Skipped))
	m.lost.Store(int64(s.Lost))
}

// lag counts from the first look at the log on.
func (m *metrics) lag() float64 { return secondsSince(&m.read) }

func secondsSince(nanoseconds *atomic.Int64) float64 {
	at := nanoseconds.Load()
	if at == 0 {
		return 0
	}
	return time.Since(time.Unix(0, at)).Seconds()
}

// failed counts pulls that failed.
func (m *metrics) failed(c cause.Cause, n int) {
	if n > 0 {
		m.failures.WithLabelValues(string(c)).Add(float64(n))
	}
}

// heard notes when a pull ended.
func (m *metrics) heard(p logparse.Pull) {
	for _, t := range []*time.Time{p.LastFailure, p.LastSuccess} {
		if t != nil && t.Unix() > m.lastEvent.Load() {
			m.lastEvent.Store(t.Unix())
		}
	}
}

// probed takes the times of a probe.
func (m *metrics) probed(r probe.Result) {
	for _, s := range r.Steps {
		if s.Status != probe.Skipped {
			m.durations.WithLabelValues(s.Name).Observe(float64(s.DurationMS) / 1000)
		}
	}
}

// A presentCollector reads metrics off the present report.
type presentCollector struct{ *metrics }

var (
	descFailing   = prometheus.NewDesc("pullwhy_images_failing", "Images whose pulls fail now, by root cause.", []string{"cause"}, nil)
	descUp        = prometheus.NewDesc("pullwhy_endpoint_up", "1 where the endpoint was reachable when it was probed last, 0 where not.", []string{"registry", "endpoint", "default"}, nil)
	descExpiry    = prometheus.NewDesc("pullwhy_certificate_expiry_timestamp_seconds", "When the endpoint's certificate expires.", []string{"endpoint"}, nil)
	descFindings  = prometheus.NewDesc("pullwhy_config_findings", "Mistakes in the registry configuration.", []string{"code", "severity"}, nil)
	descConfig    = prometheus.NewDesc("pullwhy_config_info", "The registry configuration: equal fingerprints, equal endpoints and rewrites.", []string{"fingerprint"}, nil)
	descBuildInfo = prometheus.NewDesc("pullwhy_build_info", "The running pullwhy.", []string{"version", "goversion"}, nil)
)

// Describe implements [prometheus.Collector].
func (c presentCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descFailing, descUp, descExpiry, descFindings, descConfig, descBuildInfo} {
		ch <- d
	}
}

// Collect implements [prometheus.Collector].
func (c presentCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		for i := range labels { // one that is no UTF-8 would hide all metrics
			labels[i] = strings.ToValidUTF8(labels[i], "\uFFFD")
		}
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	gauge(descBuildInfo, 1, toolVersion(), runtime.Version())
	now := c.present.Load()
	if now == nil {
		return
	}
	gauge(descConfig, 1, now.fingerprint)
	failing := map[cause.Cause]int{}
	for _, p := range now.report.Pulls {
		if p.Status == diagnose.Failing {
			failing[p.RootCause.Cause]++
		}
	}
	for c, n := range failing {
		gauge(descFailing, float64(n), string(c))
	}
	for k, n := range configFindings(now.report) {
		gauge(descFindings, float64(n), k.code, string(k.severity))
	}
	c.endpoints(now.report, gauge)
}

type kind struct {
	code     string
	severity diagnose.Severity
}

// configFindings counts mistakes in the configuration, those that a failure was tied to
// included.
func configFindings(r *report.Report) map[kind]int {
	counts := map[kind]int{}
	for _, f := range r.Findings {
		for _, code := range append([]string{f.Code}, f.Also...) {
			if strings.HasPrefix(code, "config_") && cause.Cause(code) != f.Cause {
				counts[kind{code, f.Severity}]++
			}
		}
	}
	return counts
}

// endpoints tells of those that were probed.
func (c presentCollector) endpoints(r *report.Report, gauge func(*prometheus.Desc, float64, ...string)) {
	defaults := map[string]string{}
	for _, reg := range r.Registries {
		defaults[reg.Name] = reg.DefaultEndpoint
	}
	series := 0
	for _, ep := range r.Endpoints {
		if ep.Status == probe.Skipped {
			continue
		}
		up := 0.0
		if ep.Reachable {
			up = 1
		}
		for _, name := range ep.Registries {
			if series++; series > maxSeries {
				return
			}
			isDefault := ep.Default || defaults[name] == ep.URL
			gauge(descUp, up, name, ep.URL, strconv.FormatBool(isDefault))
		}
		if ep.Certificate != nil {
			gauge(descExpiry, float64(ep.Certificate.NotAfter.Unix()), ep.URL)
		}
	}
}
