package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/pflag"

	"github.com/pullwhy/pullwhy/report"
)

const (
	kubeHeartbeat = 5 * time.Minute  // as often as node-problem-detector confirms its conditions
	kubeRetry     = 30 * time.Second // after the API server could not be told
)

// kubeFlags say what the cluster is told.
type kubeFlags struct{ events, condition bool }

func (f *kubeFlags) add(flags *pflag.FlagSet) {
	flags.BoolVar(&f.events, "kube-events", false, "write an event on the Node for each failure that begins or ends")
	flags.BoolVar(&f.condition, "kube-condition", false, "keep the Node's condition "+conditionType+": True while images cannot be pulled")
}

// A kubeTeller tells the cluster of reports, in its own time: only the newest one counts.
type kubeTeller struct {
	node    kubeNode
	log     zerolog.Logger
	pending chan *report.Report // of one
}

// start is nil where the cluster is to be told nothing. hostname is the node's, which counts
// where the token does not name the node.
func (f *kubeFlags) start(log zerolog.Logger, hostname string) (*kubeTeller, error) {
	if !f.events && !f.condition {
		return nil, nil
	}
	api, err := newKubeAPI(serviceAccount, os.Getenv)
	if err != nil {
		return nil, err
	}
	name := cmp.Or(api.nodeName(), strings.ToLower(hostname))
	if name == "" {
		return nil, fmt.Errorf("finding this node in the cluster: neither the token of %q nor /etc/hostname names it", serviceAccount)
	}
	return &kubeTeller{
		node:    kubeNode{api: api, name: name, events: f.events, condition: f.condition, now: time.Now},
		log:     log,
		pending: make(chan *report.Report, 1),
	}, nil
}

// tell hands over a report in place of one that was not told yet, and never waits. There
// must be one caller.
func (t *kubeTeller) tell(r *report.Report) {
	select {
	case <-t.pending:
	default:
	}
	t.pending <- r
}

// run tells until ctx ends. A node whose API server does not answer is asked again later.
func (t *kubeTeller) run(ctx context.Context) {
	var last *report.Report
	again := time.NewTimer(kubeHeartbeat)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case last = <-t.pending:
		case <-again.C:
		}
		wait := kubeHeartbeat
		if last != nil {
			if err := t.node.tell(ctx, last); err != nil && ctx.Err() == nil {
				t.log.Warn().Err(err).Msg("the cluster could not be told")
				wait = kubeRetry
			}
		}
		again.Reset(wait)
	}
}
