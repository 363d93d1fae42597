package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/report"
)

// An apiServer takes events and patches as a cluster's would, and keeps what it was told.
type apiServer struct {
	node   string // of GET
	down   bool
	events []string
	status []string
	tokens map[string]bool
}

func (s *apiServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.tokens[r.Header.Get("Authorization")] = true
	var in struct {
		Type, Reason, Message string
		Status                struct {
			Conditions []struct{ Type, Status, Reason, LastTransitionTime string }
		}
	}
	_ = json.Unmarshal(body, &in)
	switch {
	case s.down:
		w.WriteHeader(http.StatusServiceUnavailable)
		_, _ = io.WriteString(w, `{"kind":"Status","message":"etcd is away"}`)
	case r.Method == http.MethodPost && r.URL.Path == "/api/v1/namespaces/default/events":
		s.events = append(s.events, in.Type+" "+in.Reason+" "+in.Message)
	case r.Method == http.MethodPatch && r.URL.Path == "/api/v1/nodes/node-1/status":
		c := in.Status.Conditions[0]
		s.status = append(s.status, strings.Join([]string{c.Type, c.Status, c.Reason, c.LastTransitionTime}, " "))
	case r.Method == http.MethodGet && r.URL.Path == "/api/v1/nodes/node-1":
		_, _ = io.WriteString(w, s.node)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// start serves, and returns the node as a pod with its service account would know it.
func (s *apiServer) start(t *testing.T) *kubeNode {
	t.Helper()
	s.tokens = map[string]bool{}
	server := httptest.NewTLSServer(s)
	t.Cleanup(server.Close)
	folder := t.TempDir()
	writeFile(t, filepath.Join(folder, "ca.crt"), string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})), 0o600)
	writeFile(t, filepath.Join(folder, "token"), tokenFor("node-1")+"\n", 0o600)
	u, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"KUBERNETES_SERVICE_HOST": u.Hostname(), "KUBERNETES_SERVICE_PORT": u.Port()}
	api, err := newKubeAPI(folder, func(name string) string { return env[name] })
	if err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	return &kubeNode{api: api, name: api.nodeName(), events: true, condition: true, now: func() time.Time {
		now = now.Add(time.Minute)
		return now
	}}
}

func tokenFor(node string) string {
	return "e30." + base64.RawURLEncoding.EncodeToString([]byte(`{"kubernetes.io":{"node":{"name":"`+node+`"}}}`)) + ".signature"
}

var (
	expired = diagnose.Finding{
		ID: "tls_expired@https://mirror.example.com", Code: "tls_expired", Severity: diagnose.Error,
		Endpoint: "https://mirror.example.com", Images: []string{"docker.io/library/nginx:1.27", "docker.io/library/redis:7"},
		Detail: "its certificate expired", Fix: []diagnose.Note{{Text: "renew it"}},
	}
	insecure = diagnose.Finding{ID: "config_insecure", Code: "config_insecure", Severity: diagnose.Warning}
)

func reportOf(v diagnose.Verdict, findings ...diagnose.Finding) *report.Report {
	return report.New(diagnose.Diagnosis{Verdict: v, Findings: findings}, nil)
}

func TestKubeNode(t *testing.T) {
	s := &apiServer{node: `{"status":{"conditions":[{"type":"Ready","status":"True"}]}}`}
	n := s.start(t)
	reports := []*report.Report{
		reportOf(diagnose.Degraded, insecure),
		reportOf(diagnose.Fails, expired, insecure),
		reportOf(diagnose.Fails, expired, insecure), // told already
		reportOf(diagnose.Degraded, insecure),
	}
	for _, r := range reports {
		if err := n.tell(context.Background(), r); err != nil {
			t.Fatal(err)
		}
	}
	wantEvents := []string{
		"Warning ImagePullProblem docker.io/library/nginx:1.27 and 1 more cannot be pulled: tls_expired: https://mirror.example.com: its certificate expired; fix: renew it",
		"Normal ImagePullProblemEnded no longer: tls_expired at https://mirror.example.com",
	}
	if diff := cmp.Diff(wantEvents, s.events); diff != "" {
		t.Errorf("events: -want +got:\n%s", diff)
	}
	wantStatus := []string{ // the time is that of the change
		"ImagePullProblem False ImagesCanBePulled 2026-01-02T03:05:05Z",
		"ImagePullProblem True TlsExpired 2026-01-02T03:07:05Z",
		"ImagePullProblem True TlsExpired 2026-01-02T03:07:05Z",
		"ImagePullProblem False ImagesCanBePulled 2026-01-02T03:10:05Z",
	}
	if diff := cmp.Diff(wantStatus, s.status); diff != "" {
		t.Errorf("condition: -want +got:\n%s", diff)
	}
	if !s.tokens["Bearer "+tokenFor("node-1")] || len(s.tokens) != 1 {
		t.Errorf("tokens sent: %d, wanted the service account's", len(s.tokens))
	}
}

// An agent that was restarted keeps the time at which its condition began.
func TestKubeNodeRecalls(t *testing.T) {
	s := &apiServer{node: `{"status":{"conditions":[{"type":"ImagePullProblem","status":"True","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}`}
	n := s.start(t)
	if err := n.tell(context.Background(), reportOf(diagnose.Fails, expired)); err != nil {
		t.Fatal(err)
	}
	if want := []string{"ImagePullProblem True TlsExpired 2026-01-01T00:00:00Z"}; !cmp.Equal(want, s.status) {
		t.Errorf("got %v, wanted %v", s.status, want)
	}
}

// What the API server did not take is told the next time.
func TestKubeNodeServerAway(t *testing.T) {
	s := &apiServer{node: "{}", down: true}
	n := s.start(t)
	r := reportOf(diagnose.Fails, expired)
	err := n.tell(context.Background(), r)
	if err == nil || !strings.Contains(err.Error(), "etcd is away") {
		t.Fatalf("got %v, wanted the API server's words", err)
	}
	s.down = false
	if err := n.tell(context.Background(), r); err != nil {
		t.Fatal(err)
	}
	if len(s.events) != 1 || len(s.status) != 1 {
		t.Errorf("got events %v, condition %v; wanted one of each", s.events, s.status)
	}
}

func TestKubeTellerKeepsTheNewest(t *testing.T) {
	teller := &kubeTeller{pending: make(chan *report.Report, 1)}
	first, second := reportOf(diagnose.Fails, expired), reportOf(diagnose.Healthy)
	teller.tell(first)
	teller.tell(second)
	if got := <-teller.pending; got != second {
		t.Errorf("got %v, wanted the newest report", got.Verdict)
	}
}

func TestCut(t *testing.T) {
	if got := cut(strings.Repeat("é", 600), maxEventMessage); len(got) > maxEventMessage || !strings.HasSuffix(got, "é…") {
		t.Errorf("got %d bytes ending in %q", len(got), got[len(got)-8:])
	}
}
