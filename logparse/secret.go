package logparse

import (
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

const (
	maxSecrets = 64
	// secretTime is how long before a failure its pod's pull secret is looked for.
	secretTime = time.Minute
)

// A PullSecret is one that the kubelet could not read for some pod.
type PullSecret struct {
	Name string // "" for none
	File string
	Line int
}

// secretLine reads that the kubelet lacks a pull secret of a pod, and goes on without; false
// where text does not tell so. (pkg/kubelet/kubelet_pods.go, getPullSecretsForPod)
func (r *record) secretLine(m message) bool {
	text := m.text + " " + m.err
	if !strings.Contains(text, "nable to retrieve pull secret") && !strings.Contains(text, "nable to retrieve some image pull secrets (") {
		return false
	}
	_, names, _ := strings.Cut(text, "pull secrets (")
	for _, name := range []string{names[:len(names)-len(strings.TrimLeft(names, dnsName))], quotedAfter(text, `secret "`), quotedAfter(text, `secrets "`)} {
		if len(name) <= 253 && secretName().MatchString(name) {
			r.kind, r.text = kindSecret, name
			return true
		}
	}
	return true
}

const dnsName = "abcdefghijklmnopqrstuvwxyz0123456789.-"

var secretName = lazyregexp.New(`^[a-z0-9][a-z0-9.-]*$`)

// lacks remembers a pull secret that could not be read.
func (s *Scanner) lacks(r record) {
	if len(s.secrets) == maxSecrets {
		s.secrets = s.secrets[1:]
	}
	s.secrets = append(s.secrets, r)
}

// secretOf is the pull secret for want of which f may have failed.
func (s *Scanner) secretOf(f *failure) PullSecret {
	switch f.reported.Cause {
	case cause.AuthMissing, cause.AuthRejected, cause.Forbidden:
	default:
		return PullSecret{}
	}
	for _, r := range slices.Backward(s.secrets) {
		unknown := f.time.IsZero() || r.time.IsZero()
		if before := f.time.Sub(r.time); unknown && f.file == r.file || !unknown && before >= -sameReport && before <= secretTime {
			return PullSecret{Name: r.text, File: r.file, Line: r.line}
		}
	}
	return PullSecret{}
}
