package registry

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJournals(t *testing.T) {
	for name, tc := range map[string]struct {
		files   map[string]string
		want    []Journal
		kubelet string
	}{
		"nothing": {},
		"k3s agent": {files: map[string]string{"/etc/systemd/system/k3s-agent.service": ""},
			want: []Journal{{Unit: "k3s-agent"}}},
		"k3s of no unit": {files: map[string]string{"/etc/rancher/k3s/registries.yaml": ""}},
		"rke2": {files: map[string]string{"/usr/lib/systemd/system/rke2-server.service": "", "/etc/rancher/rke2/config.yaml": "data-dir: /data/rke2\n"},
			want: []Journal{{Unit: "rke2-server"}}, kubelet: "/data/rke2/agent/logs/kubelet.log"},
		"plain containerd, kind": {files: map[string]string{"/etc/containerd/config.toml": ""},
			want: []Journal{{Unit: "containerd", Runtime: true}, {Unit: "kubelet"}}},
		"MicroK8s": {files: map[string]string{"/var/snap/microk8s/current/args/containerd.toml": ""},
			want: []Journal{{Unit: "snap.microk8s.daemon-containerd", Runtime: true}, {Unit: "snap.microk8s.daemon-kubelite"}}},
		"k0s worker": {files: map[string]string{"/etc/k0s/containerd.toml": ""},
			want: []Journal{{Unit: "k0sworker", Runtime: true}}},
		"k0s controller": {files: map[string]string{"/etc/k0s/containerd.toml": "", "/etc/systemd/system/k0scontroller.service": ""},
			want: []Journal{{Unit: "k0scontroller", Runtime: true}}},
	} {
		node := ReadNode(nodeFS(tc.files))
		if diff := cmp.Diff(tc.want, node.Journals()); diff != "" || node.KubeletLog() != tc.kubelet {
			t.Errorf("%s: kubelet's log %q, journals (-want +got):\n%s", name, node.KubeletLog(), diff)
		}
	}
}
