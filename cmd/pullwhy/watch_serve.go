package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/munnerz/goautoneg"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"golang.org/x/net/netutil"

	"github.com/pullwhy/pullwhy/report"
)

const (
	serveTime  = 10 * time.Second // for one request
	maxClients = 32               // at a time
	stuckAfter = time.Minute      // without a look at the log, watch hangs
)

// serve answers over HTTP until ctx ends. Nothing can be changed that way.
func (w *watcher) serve(ctx context.Context, l net.Listener) {
	server := &http.Server{
		Handler: w.handler(), ReadTimeout: serveTime, WriteTimeout: serveTime, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10,
	}
	defer context.AfterFunc(ctx, func() { server.Close() })()
	w.log.Info().Stringer("address", l.Addr()).Msg("serving metrics")
	if err := server.Serve(netutil.LimitListener(l, maxClients)); !errors.Is(err, http.ErrServerClosed) {
		w.log.Error().Err(err).Msg("serving metrics")
	}
}

func (w *watcher) handler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(w.metrics.registry, promhttp.HandlerOpts{}))
	mux.HandleFunc("GET /healthz", func(rw http.ResponseWriter, _ *http.Request) {
		state(rw, secondsSince(&w.metrics.looked) < stuckAfter.Seconds(), "the log was not looked at for a minute")
	})
	mux.HandleFunc("GET /readyz", func(rw http.ResponseWriter, _ *http.Request) {
		problem := "the log has not been read to its end yet"
		if now := w.present.Load(); now != nil {
			problem = unread(now.report)
		}
		state(rw, problem == "", problem)
	})
	mux.HandleFunc("GET /report", w.serveReport)
	return mux
}

// state answers as Kubernetes' probes want it.
func state(rw http.ResponseWriter, ok bool, otherwise string) {
	text := "ok"
	if !ok {
		rw.WriteHeader(http.StatusServiceUnavailable)
		text = otherwise
	}
	_, _ = io.WriteString(rw, text+"\n")
}

// serveReport answers with the present report on the whole node.
func (w *watcher) serveReport(rw http.ResponseWriter, r *http.Request) {
	now := w.present.Load()
	if now == nil {
		http.Error(rw, "the log has not been read to its end yet", http.StatusServiceUnavailable)
		return
	}
	rw.Header().Set("Vary", "Accept")
	rw.Header().Set("X-Content-Type-Options", "nosniff")
	if goautoneg.Negotiate(r.Header.Get("Accept"), []string{"application/json", "text/plain"}) == "text/plain" {
		rw.Header().Set("Content-Type", "text/plain; charset=utf-8")
		_ = now.report.WriteText(rw, report.TextOptions{})
		return
	}
	rw.Header().Set("Content-Type", "application/json")
	_ = now.report.WriteJSON(rw)
}
