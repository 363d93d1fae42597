package kube

import "testing"

// A real API server takes the manifests, field by field.
func TestManifestsApply(t *testing.T) {
	c := startCluster(t)
	for _, m := range render(t, "base") {
		c.apply(t, m)
	}
}
