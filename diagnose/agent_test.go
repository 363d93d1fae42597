package diagnose

import (
	"testing"
	"testing/fstest"
	"time"

	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/registry"
)

// TestAgent joins K3s' complaint about registries.yaml with the file as it stands.
func TestAgent(t *testing.T) {
	const path = "/etc/rancher/k3s/registries.yaml"
	agent := logparse.AgentConfig{
		Path: path, Times: 3, First: time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC), Last: time.Date(2026, 3, 1, 8, 0, 20, 0, time.UTC),
		Refused: logparse.Failure{Error: "Waiting to retrieve agent configuration; server is not ready: yaml: line 2: could not find expected ':'", File: "journal:k3s", Line: 3},
	}
	over := agent
	over.Over = true
	load := func(text string) *registry.Config {
		return registry.Load(registry.ReadNode(fstest.MapFS{path[1:]: {Data: []byte(text)}}))
	}
	const broken, mended = "mirrors:\n  docker.io\n    endpoint:\n", "mirrors:\n  docker.io:\n    endpoint: [https://mirror.example.com]\n"
	read := []registry.Source{{Path: path, Kind: registry.KindRegistriesYAML, Status: registry.StatusRead}}
	for name, c := range map[string]struct {
		config  *registry.Config
		agent   logparse.AgentConfig
		verdict Verdict
		basis   Basis
	}{
		"refused":                {load(broken), agent, Fails, Confirmed},
		"broken anew":            {load(broken), over, Fails, Configured},
		"corrected, not read":    {load(mended), agent, Healthy, Logged},
		"corrected and used":     {load(mended), over, Healthy, Logged},
		"only the log":           {nil, agent, Fails, Logged},
		"only the log, and over": {nil, over, Healthy, Logged},
	} {
		node := &registry.Node{Distribution: registry.K3s}
		d := Diagnose(Evidence{Node: node, Config: c.config, Agent: c.agent, Sources: read})
		if len(d.Findings) != 1 || d.Verdict != c.verdict {
			t.Errorf("%s: verdict %s, findings %+v", name, d.Verdict, d.Findings)
			continue
		}
		f := d.Findings[0]
		said := len(f.Evidence) > 0 && f.Evidence[len(f.Evidence)-1].File == "journal:k3s"
		if f.Code != codeSyntax || f.Basis != c.basis || said != (c.basis != Configured) || (f.Severity == Error) != (len(f.Fix) > 0) {
			t.Errorf("%s: %+v", name, f)
		}
	}
	if d := Diagnose(Evidence{Config: load(mended), Sources: read}); len(d.Findings) > 0 {
		t.Errorf("nothing in the journal: %+v", d.Findings)
	}
}
