package diagnose

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// TestProxyOfTheEnvironment: what no probe met is named by what the node's files say, without the
// proxy's credentials.
func TestProxyOfTheEnvironment(t *testing.T) {
	node := &registry.Node{Distribution: registry.K3s, Unit: "k3s", Env: map[string]string{"https_proxy": "http://you:hunter2@proxy.example.com:3128", "HTTP_PROXY": "proxy.example.com:80"}}
	for url, want := range map[string]string{
		"https://a.example.com": "mend the proxy http://proxy.example.com:3128",
		"http://a.example.com":  "mend the proxy http://proxy.example.com:80",
	} {
		f := observation{node: node, cause: cause.ProxyError, url: url}.finding(Error)
		if f.Fix[0].Text != want || f.Fix[0].File != "" {
			t.Errorf("%s: %+v", url, f.Fix)
		}
	}
}

// TestExempt: the line that keeps the proxy away, as the file that it goes into takes it, and
// what makes systemd read that file.
func TestExempt(t *testing.T) {
	for name, c := range map[string]struct {
		node          registry.Node
		text, restart string
	}{
		"K3s": {registry.Node{Distribution: registry.K3s, Unit: "k3s-agent"},
			"NO_PROXY=a.example.com in /etc/systemd/system/k3s-agent.service.env", "systemctl restart k3s-agent"},
		"a list that is there": {registry.Node{Distribution: registry.K3s, Unit: "k3s", Env: map[string]string{"no_proxy": "10.0.0.0/8"}, EnvFile: "/etc/default/k3s"},
			"NO_PROXY=10.0.0.0/8,a.example.com in /etc/default/k3s", "systemctl restart k3s"},
		"a long one": {registry.Node{Distribution: registry.K3s, Unit: "k3s", Env: map[string]string{"NO_PROXY": "127.0.0.0/8,10.0.0.0/8,172.16.0.0/12,192.168.0.0/16"}, EnvSource: "/proc/1/environ"},
			"append ,a.example.com to NO_PROXY in /etc/systemd/system/k3s.service.env", "systemctl restart k3s"},
		"a drop-in": {registry.Node{Distribution: registry.RKE2, Unit: "rke2-agent", EnvFile: "/etc/systemd/system/rke2-agent.service.d/proxy.conf"},
			"below [Service]: Environment=NO_PROXY=a.example.com in /etc/systemd/system/rke2-agent.service.d/proxy.conf", "systemctl daemon-reload && systemctl restart rke2-agent"},
		"containerd": {registry.Node{Distribution: registry.Containerd, Unit: "containerd"},
			"below [Service]: Environment=NO_PROXY=a.example.com in /etc/systemd/system/containerd.service.d/http-proxy.conf", "systemctl daemon-reload && systemctl restart containerd"},
	} {
		o := observation{node: &c.node, cause: cause.ProxyError, url: "https://a.example.com:5000", probe: &probe.Result{
			Status: probe.Failed, Cause: cause.ProxyError, Counterfactuals: []probe.Counterfactual{{Name: probe.WithoutProxy, Holds: true}},
		}}
		fix := o.finding(Error).Fix
		if diff := cmp.Diff([]string{c.text, c.restart}, []string{fix[0].Text, fix[1].Command}); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
