// Package diagnose turns evidence into findings and root causes: what the log said, what
// the probe saw and what the configuration says are joined per endpoint and image, each
// such observation is judged, equal findings are merged over images, what follows from
// something else is masked, and the rest is ranked.
//
// It is pure: no input or output, no clock, no environment.
package diagnose

import (
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// Evidence is all that a diagnosis rests on. The zero value is no evidence.
type Evidence struct {
	Node    *registry.Node   // nil: unknown
	Config  *registry.Config // nil: unknown
	Routes  []Route          // one per image that failed or was asked for, where there is a configuration
	Pulls   []logparse.Pull
	Agent   logparse.AgentConfig // what K3s or RKE2 logged of their registries.yaml
	Probes  []probe.Result
	Images  []string          // asked for by name: normalised, or as written where they do not parse
	Sources []registry.Source // everything that was read or looked for
	Flags   []string          // of the command line, without which pullwhy would not see the same again
}

// A Diagnosis is what the evidence comes to.
type Diagnosis struct {
	Verdict    Verdict
	Findings   []Finding
	Registries []Registry
	Endpoints  []Endpoint
	Pulls      []Pull
	Images     []Image
	Patch      string // unified diff that mends registries.yaml as far as it can; "" for none
}

// Diagnose judges the evidence.
func Diagnose(e Evidence) Diagnosis {
	j := join(e)
	d := Diagnosis{
		Registries: documentRegistries(j.registries),
		Endpoints:  j.endpoints(),
		Images:     j.images(),
		Pulls:      j.pulls(),
	}
	d.Findings = rank(j.judge(d), e.Images)
	d.Patch = j.patch(d.Findings)
	d.Verdict = verdict(e, d)
	return d
}
