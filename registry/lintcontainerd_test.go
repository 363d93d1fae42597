package registry

import (
	"slices"
	"strings"
	"testing"
)

// TestUnreadHosts: hosts.toml files that containerd reads, and such that it does not for want
// of a config_path.
func TestUnreadHosts(t *testing.T) {
	const (
		config = "/etc/containerd/config.toml"
		hosts  = "/etc/containerd/certs.d/docker.io/hosts.toml"
		v2     = "version = 2\n[plugins.'" + pluginV2 + "'.registry]\n"
		v3     = "version = 3\n[plugins.'" + pluginV3 + "'.registry]\n"
		mirror = "[plugins.'" + pluginV2 + "'.registry.mirrors.'docker.io']\nendpoint = ['https://a.example.com']\n"
	)
	for _, tc := range []struct {
		name, version string
		files         map[string]string
		line          int
		fix           string // in it; "" where nothing is to be found
	}{
		{"1.x", "1.7.24", map[string]string{config: v2, hosts: ""}, 2, `"` + pluginV2 + `"`},
		{"1.x, format 1", "1.7.24", map[string]string{config: "", hosts: ""}, 0, `"cri"`},
		{"2.x", "2.1.5", map[string]string{config: "version = 3\n", hosts: ""}, 0, `"` + pluginV3 + `"`},
		{"1.x without config.toml", "1.7.24", map[string]string{hosts: ""}, 0, "version = 2"},
		{"2.x without config.toml", "2.1.5", map[string]string{hosts: ""}, 0, "version = 3"},
		{"mirrors in config.toml", "2.2.7", map[string]string{config: v2 + mirror, hosts: ""}, 2, "move the mirrors"},
		{"config_path", "1.7.24", map[string]string{config: v2 + "config_path = '/etc/containerd/certs.d'\n", hosts: ""}, 0, ""},
		{"another config_path", "1.7.24", map[string]string{config: v2 + "config_path = '/elsewhere'\n", hosts: "", "/elsewhere/quay.io/hosts.toml": ""}, 0, ""},
		{"a config_path that is not there", "", map[string]string{config: v2 + "config_path = '/elsewhere'\n", hosts: ""}, 2, `config_path = "/etc/containerd/certs.d"`},
		{"a config_path that is not there, nor any other", "1.7.24", map[string]string{config: v2 + "config_path = '/elsewhere'\n"}, 0, ""},
		{"2.2, whose default is two directories", "2.2.7", map[string]string{config: "version = 3\n", hosts: ""}, 0, `config_path = "/etc/containerd/certs.d"`},
		{"2.2 without config.toml", "2.2.7", map[string]string{hosts: ""}, 0, "version = 3"},
		{"2.4, its default, Docker's directory", "2.4.2", map[string]string{config: "version = 4\n", "/etc/docker/certs.d/docker.io/hosts.toml": ""}, 0, `config_path = "/etc/docker/certs.d"`},
		{"2.4, a list", "2.4.2", map[string]string{config: v3 + "config_path = '/a:/b'\n", "/b/docker.io/hosts.toml": ""}, 2, `config_path = "/b"`},
		{"2.4, a list of directories without hosts.toml", "2.4.2", map[string]string{config: v3 + "config_path = '/a:/b'\n", hosts: ""}, 0, ""},
		{"2.4, the default, pulled without the transfer service", "2.4.2", map[string]string{config: "version = 3\n[plugins.'" + pluginV3 + "']\nuse_local_image_pull = true\n", hosts: ""}, 0, ""},
		{"2.0, which has no transfer service for CRI", "2.0.5", map[string]string{config: v3 + "config_path = '/a:/b'\n", "/b/docker.io/hosts.toml": ""}, 0, ""},
		{"release unknown", "", map[string]string{config: v2, hosts: ""}, 0, ""},
		{"no hosts.toml", "1.7.24", map[string]string{config: v2, "/etc/containerd/certs.d/docker.io/ca.crt": ""}, 0, ""},
		{"CRI is off", "1.7.24", map[string]string{config: "disabled_plugins = ['cri']\n", hosts: ""}, 0, ""},
		{"config.toml is a directory", "1.7.24", map[string]string{config + "/x": "", hosts: ""}, 0, ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			node := &Node{FS: nodeFS(tc.files), Distribution: Containerd, ContainerdVersion: tc.version}
			issues := Load(node).Lint(nil)
			i := slices.IndexFunc(issues, func(i Issue) bool { return i.Code == codeConflict })
			switch {
			case (i < 0) != (tc.fix == ""):
				t.Errorf("%s", codes(issues))
			case i >= 0 && (issues[i].Line != tc.line || !strings.Contains(issues[i].Fix, tc.fix) || issues[i].File != config):
				t.Errorf("%+v", issues[i])
			}
		})
	}
}
