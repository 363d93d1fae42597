package registry

import (
	"fmt"
	"strings"
	"testing"
)

// TestHostsThatAreNone: web sites in the place of a registry, in files that people write.
func TestHostsThatAreNone(t *testing.T) {
	for _, tc := range []struct{ host, text, want string }{
		{"docker.io", "server = \"https://docker.io\"\n[host.\"https://a.example.com\"]\n", "1"},
		{"docker.io", "server = \"https://registry-1.docker.io\"\n[host.\"https://docker.io\"]\n", "2"},
		{"docker.io", "server = \"https://registry-1.docker.io\"\n[host.\"https://a.example.com\"]\n", ""},
		{"docker.io", "[host.\"https://hub.docker.com\"]\n", "1"},
		{"docker.io", "[host.\"https://quay.io\"]\n", "1"},
		{"docker.io", "[host.\"https://quay.io/v2/mirror\"]\noverride_path = true\n", ""},
		{"quay.io", "server = \"https://quay.io\"\n", ""},
		{"registry.cn-hangzhou.aliyuncs.com", "server = \"https://registry.cn-hangzhou.aliyuncs.com\"\n", ""},
		{"docker.io", "skip_verify = true\n[host]\n", ""},
	} {
		abs := "/etc/containerd/certs.d/" + tc.host + "/hosts.toml"
		node := &Node{Distribution: Containerd, ContainerdVersion: "v2.1.5", FS: nodeFS(map[string]string{
			abs: tc.text, "/etc/containerd/config.toml": "version = 3\n[plugins.'" + pluginV3 + "'.registry]\nconfig_path = '/etc/containerd/certs.d'\n",
		})}
		var got []string
		for _, i := range Load(node).Lint(nil) {
			if i.Code != codeEndpointNoMirror || i.File != abs || i.Fix == "" {
				t.Errorf("%+v", i)
			}
			got = append(got, fmt.Sprint(i.Line))
		}
		if strings.Join(got, " ") != tc.want {
			t.Errorf("%q in lines %q, want %q", tc.text, got, tc.want)
		}
	}
}
