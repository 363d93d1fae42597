package registry

import (
	"path"
	"slices"
	"strings"
)

// A Journal is a unit of systemd whose part of the node's journal tells of image pulls.
type Journal struct {
	Unit string
	// Runtime is set where containerd logs there: no file holds what it says.
	Runtime bool
}

// Journals are the units that log about pulls: containerd's own and the kubelet's, or the
// agent's of K3s or RKE2, which holds K3s' kubelet. nil where none is known to run.
func (n *Node) Journals() []Journal {
	switch {
	case n.isK3s() && n.Unit != "":
		return []Journal{{Unit: n.Unit}}
	case n.isK3s(), n.Distribution == Unknown, n.Distribution == "":
		return nil
	case n.Unit == microk8sUnit:
		return []Journal{{n.Unit, true}, {Unit: "snap.microk8s.daemon-kubelite"}}
	case slices.Contains(k0sUnits, n.Unit):
		return []Journal{{n.Unit, true}}
	}
	return []Journal{{Containerd, true}, {Unit: "kubelet"}}
}

// KubeletLog is the file that the kubelet logs to, absolute on the node; "" where it logs to
// the journal. (rke2 pkg/podexecutor)
func (n *Node) KubeletLog() string {
	if n.Distribution != RKE2 {
		return ""
	}
	return path.Join(n.dataDir(), "agent/logs/kubelet.log")
}

const microk8sUnit = "snap.microk8s.daemon-containerd"

var k0sUnits = []string{"k0sworker", "k0scontroller"}

// runtimeUnits are the units of a containerd that neither K3s nor RKE2 runs, by the place
// of its configuration.
func (n *Node) runtimeUnits() []string {
	switch {
	case strings.HasPrefix(n.ConfigTOML, "/var/snap/microk8s/"):
		return []string{microk8sUnit}
	case strings.HasPrefix(n.ConfigTOML, "/etc/k0s/"):
		return k0sUnits
	}
	return []string{Containerd}
}
