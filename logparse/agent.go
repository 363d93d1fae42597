package logparse

import (
	"strings"
	"time"
)

// An AgentConfig is what the journal of K3s or RKE2 says of their reading registries.yaml.
// An agent that cannot use the file starts neither containerd nor the kubelet, reads it
// anew every 5 to 10 seconds, and says no more of it than an information that sounds like
// trouble with the server. (k3s pkg/agent/config/config.go)
type AgentConfig struct {
	Path    string    // the file that it reads; "" where no line tells
	Refused Failure   // its last complaint, Cause empty; zero for none
	Times   int       // complaints
	First   time.Time // of the complaints, UTC; zero: unknown
	Last    time.Time
	Over    bool // it has used the file since
}

// The words of K3s before the path of the file, and before what it has against it.
const (
	agentReads = "Using private registry config file at "
	agentWaits = "Waiting to retrieve agent configuration; server is not ready: "
)

// Agent returns what was read so far of registries.yaml's use.
func (s *Scanner) Agent() AgentConfig {
	a := s.agent
	a.Over = a.Over || a.Times > 0 && s.booted.After(a.Last)
	return a
}

// agentLine reads K3s' own lines; false where text is none of them. A server that is really
// not ready is no matter of the file.
func (r *record) agentLine(text string) bool {
	if path, ok := strings.CutPrefix(text, agentReads); ok {
		r.kind, r.text = kindAgentReads, path
		return true
	}
	reason, ok := strings.CutPrefix(text, agentWaits)
	if ok && (strings.HasPrefix(reason, "yaml: ") || strings.Contains(reason, "registries.yaml")) {
		r.kind, r.text = kindAgentRefuses, text
	}
	return ok
}

func (a *AgentConfig) take(r record, since time.Time) {
	if r.kind == kindAgentReads {
		a.Path, a.Over = r.text, a.Times > 0
		return
	}
	if !r.time.IsZero() && r.time.Before(since) {
		return
	}
	if a.Times == 0 {
		a.First = r.time
	}
	a.Times++
	a.Last, a.Over = r.time, false
	a.Refused = Failure{Error: r.text, File: r.file, Line: r.line}
}
