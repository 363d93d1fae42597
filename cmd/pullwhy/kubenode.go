package main

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/report"
)

const (
	// conditionType is True while images cannot be pulled, as conditions of
	// node-problem-detector are.
	conditionType = "ImagePullProblem"

	maxEventMessage = 1024 // of bytes; the API server refuses longer ones (pkg/apis/core/validation/events.go)
	maxEvents       = 20   // for one report
)

// A kubeNode is this node as the cluster knows it: what pullwhy finds is told there as
// events and a condition. The zero value of events and condition tells nothing.
type kubeNode struct {
	api       *kubeAPI
	name      string
	events    bool
	condition bool
	now       func() time.Time

	told    map[string]diagnose.Finding // findings whose beginning was told, by id
	status  string                      // the condition's last, "" before the first
	changed time.Time                   // when that began
}

// tell brings the cluster up to date with r. What could not be told is told the next time.
func (n *kubeNode) tell(ctx context.Context, r *report.Report) error {
	var err error
	if n.events {
		err = n.tellEvents(ctx, r)
	}
	if n.condition {
		err = cmp.Or(err, n.tellCondition(ctx, r))
	}
	return err
}

// tellEvents writes an event for each failure that began or ended.
func (n *kubeNode) tellEvents(ctx context.Context, r *report.Report) error {
	if n.told == nil {
		n.told = map[string]diagnose.Finding{}
	}
	left := maxEvents
	failing := map[string]bool{}
	for _, f := range r.Findings {
		failing[f.ID] = f.Severity == diagnose.Error
		if _, known := n.told[f.ID]; known || !failing[f.ID] || left == 0 {
			continue
		}
		if err := n.event(ctx, "Warning", "ImagePullProblem", begins(f)); err != nil {
			return err
		}
		n.told[f.ID] = f
		left--
	}
	for id, f := range n.told {
		if failing[id] || left == 0 {
			continue
		}
		if err := n.event(ctx, "Normal", "ImagePullProblemEnded", "no longer: "+f.Code+" at "+cmp.Or(f.Endpoint, f.File, "this node")); err != nil {
			return err
		}
		delete(n.told, id)
		left--
	}
	return nil
}

// begins says what fails, why, and what to do first.
func begins(f diagnose.Finding) string {
	text := f.Code + ": "
	if len(f.Images) > 0 {
		text = f.Images[0]
		if len(f.Images) > 1 {
			text += fmt.Sprintf(" and %d more", len(f.Images)-1)
		}
		text += " cannot be pulled: " + f.Code + ": "
	}
	if f.Endpoint != "" {
		text += f.Endpoint + ": "
	}
	text += f.Detail
	if len(f.Fix) > 0 {
		text += "; fix: " + cmp.Or(f.Fix[0].Command, f.Fix[0].Text)
	}
	return text
}

// An object is one of the API server's, as JSON.
type object = map[string]any

// event writes one about the node. Like the kubelet's own it stands in the namespace
// default and names the node in place of its uid, by which kubectl describe finds it.
// (kubernetes pkg/kubelet/kubelet.go, nodeRef)
func (n *kubeNode) event(ctx context.Context, kind, reason, message string) error {
	now := n.now().UTC()
	at := now.Format(time.RFC3339)
	return n.api.do(ctx, http.MethodPost, "/api/v1/namespaces/default/events", "application/json", object{
		"apiVersion": "v1", "kind": "Event",
		"metadata":       object{"name": fmt.Sprintf("%s.%x", n.name, now.UnixNano()), "namespace": "default"},
		"involvedObject": object{"apiVersion": "v1", "kind": "Node", "name": n.name, "uid": n.name},
		"type":           kind, "reason": reason, "message": cut(message, maxEventMessage),
		"source":         object{"component": "pullwhy", "host": n.name},
		"firstTimestamp": at, "lastTimestamp": at, "count": 1,
		"reportingComponent": "pullwhy", "reportingInstance": n.name,
	}, nil)
}

// tellCondition sets the node's condition; what others set on the node stays.
func (n *kubeNode) tellCondition(ctx context.Context, r *report.Report) error {
	status, reason, message := conditionOf(r)
	if n.status == "" {
		if err := n.recall(ctx); err != nil {
			return err
		}
	}
	now := n.now().UTC()
	changed := n.changed
	if status != n.status || changed.IsZero() {
		changed = now
	}
	condition := object{
		"type": conditionType, "status": status, "reason": reason, "message": message,
		"lastHeartbeatTime": now.Format(time.RFC3339), "lastTransitionTime": changed.UTC().Format(time.RFC3339),
	}
	err := n.api.do(ctx, http.MethodPatch, n.path()+"/status", "application/strategic-merge-patch+json",
		object{"status": object{"conditions": []object{condition}}}, nil)
	if err == nil {
		n.status, n.changed = status, changed
	}
	return err
}

func (n *kubeNode) path() string { return "/api/v1/nodes/" + url.PathEscape(n.name) }

// recall reads the condition that an earlier run set.
func (n *kubeNode) recall(ctx context.Context) error {
	var node struct {
		Status struct {
			Conditions []struct {
				Type, Status       string
				LastTransitionTime time.Time
			}
		}
	}
	if err := n.api.do(ctx, http.MethodGet, n.path(), "application/json", nil, &node); err != nil {
		return err
	}
	for _, c := range node.Status.Conditions {
		if c.Type == conditionType {
			n.status, n.changed = c.Status, c.LastTransitionTime
		}
	}
	return nil
}

// conditionOf is the condition's status, reason and message.
func conditionOf(r *report.Report) (status, reason, message string) {
	worst := slices.IndexFunc(r.Findings, func(f diagnose.Finding) bool { return f.Severity == diagnose.Error })
	switch {
	case r.Verdict == diagnose.Unknown:
		return "Unknown", "NothingKnown", "neither log nor configuration could be read"
	case r.Verdict != diagnose.Fails && unread(r) != "":
		return "Unknown", "LogUnreadable", unread(r)
	case r.Verdict != diagnose.Fails:
		return "False", "ImagesCanBePulled", "no image pull is failing"
	case worst < 0:
		return "True", "ImagePullsFail", "image pulls are failing"
	}
	f := r.Findings[worst]
	return "True", camel(f.Code), cut(begins(f), maxEventMessage)
}

// camel writes a code as the reasons of Kubernetes are: TlsExpired for tls_expired.
func camel(code string) string {
	var b strings.Builder
	for word := range strings.SplitSeq(code, "_") {
		if word != "" {
			b.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return b.String()
}

// cut shortens text to so many bytes, at the beginning of a character.
func cut(text string, most int) string {
	if len(text) <= most {
		return text
	}
	end := most - len("…")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "…"
}
