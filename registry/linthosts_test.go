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
		{"docker.io", "capabilities = [\"pull\"]\n[host]\n", ""},
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

// TestHostsMistakes: what containerd ignores of a hosts.toml that people write, and what it makes
// of it.
func TestHostsMistakes(t *testing.T) {
	for _, tc := range []struct{ file, text, want string }{
		{"hosts.toml", "[host.\"https://a.example.com\"]\n  skip-verify = true\n", `config_unknown_key:2 did you mean "skip_verify"?`},
		{"hosts.toml", "Server = \"https://quay.io\"\nca_file = \"/a.crt\"\n[host.\"https://a.example.com\".header]\n  x = \"y\"\n", `config_unknown_key:2 did you mean "ca"?`},
		{"hosts.toml", "[host.\"https://a.example.com\"]\n[host.\"https://a.example.com\".rewrite]\n  \"^a\" = \"b\"\n", "config_unknown_key:2 give the host a path in its URL, and override_path = true"},
		{"hosts.toml", "[host.\"https://a.example.com/v2/quay\"]\n", "config_endpoint_path:1 write override_path = true below it"},
		{"hosts.toml", "[host.\"https://a.example.com/v2/quay\"]\n  override_path = true\n[host.\"https://b.example.com/v2\"]\n[host.\"https://c.example.com/quay\"]\n", ""},
		{"hosts.toml", "server = \"*\"\n[host.\"https://a.example.com\"]\n", `config_endpoint_invalid:1 write server = ""`},
		{"hosts.toml", "[host.\"https://a.example.com\"]\n  skip_verify = true\n", "config_insecure:2 name the authority's certificate with ca instead"},
		{"hosts.toml", "[host.\"https://a.example.com\"]\n  skip_verify = false\n", ""},
		{"hosts.toml", "[host.\"http://a.example.com:5000\"]\n  skip_verify = true\n", "config_http_with_tls:2 say https, or remove ca, client and skip_verify below it"},
		{"hosts.toml", "[host.\"https://a.example.com\"]\n  capabilities = [\"pull\", \"resolve\"]\n", ""},
		{"hosts.toml", "[host.\"https://a.example.com\"]\n  capabilities = [\"pull\"]\n", `config_endpoint_not_a_mirror:2 if it is a mirror, write capabilities = ["pull", "resolve"]`},
		{"hosts.toml", "[host.\"https://a.example.com\"]\n  capabilities = [\"push\"]\n", `config_endpoint_not_a_mirror:2 if it is a mirror, write capabilities = ["pull", "resolve"]`},
		{"hosts.toml", "[hosts.\"https://a.example.com\"]\n  capabilities = [\"pull\"]\n", `config_unknown_key:1 did you mean "host"?`},
		{"host.toml", "[host.\"https://a.example.com\"]\n", "config_misplaced_file:1 rename it"},
		{"hosts.toml", "", ""},
		{"hosts.toml.bak", "[host.\"https://a.example.com\"]\n", ""},
	} {
		dir := "/etc/containerd/certs.d/quay.io/"
		node := &Node{Distribution: Containerd, ContainerdVersion: "v2.1.5", FS: nodeFS(map[string]string{
			dir + tc.file: tc.text, "/etc/containerd/config.toml": "version = 3\n[plugins.'" + pluginV3 + "'.registry]\nconfig_path = '/etc/containerd/certs.d'\n",
		})}
		var got []string
		for _, i := range Load(node).Lint(nil) {
			got = append(got, fmt.Sprintf("%s:%d %s", i.Code, i.Line, i.Fix))
		}
		if strings.Join(got, "\n") != tc.want {
			t.Errorf("%q: %q, want %q", tc.text, got, tc.want)
		}
	}
}

// TestHostsNobodyReads: a directory for another port than that of the images, and one that only
// another containerd than K3s' reads.
func TestHostsNobodyReads(t *testing.T) {
	const (
		usual      = "/etc/containerd/certs.d/a.example.com/hosts.toml"
		other      = "/etc/containerd/certs.d/a.example.com_5000_/hosts.toml"
		configTOML = "/etc/containerd/config.toml"
		registries = "/etc/rancher/k3s/registries.yaml"
		ofHub      = "/etc/containerd/certs.d/registry-1.docker.io/hosts.toml"
	)
	plain := "version = 3\n[plugins.'" + pluginV3 + "'.registry]\nconfig_path = '/etc/containerd/certs.d'\n"
	for _, tc := range []struct {
		files  map[string]string
		images string
		want   string
	}{
		{map[string]string{usual: "", configTOML: plain}, "a.example.com:5000/b:1", `config_mirror_unmatched did you mean "a.example.com:5000"?`},
		{map[string]string{usual: "", configTOML: plain}, "a.example.com:5000/b:1 a.example.com/b:1", ""},
		{map[string]string{usual: "", other: "", configTOML: plain}, "a.example.com:5000/b:1", ""},
		{map[string]string{usual: "", configTOML: plain}, "b.example.com:5000/b:1", ""},
		{map[string]string{ofHub: "", configTOML: plain}, "", `config_registry_name rename the directory: "docker.io"`},
		{map[string]string{ofHub: "", configTOML: plain}, "registry-1.docker.io/team/app:1", ""},
		{map[string]string{usual: "", registries: ""}, "", "config_misplaced_file say the same in /etc/rancher/k3s/registries.yaml, and remove this one"},
		{map[string]string{usual: "", registries: "", configTOML: plain}, "", ""},
	} {
		var images []Reference
		for _, text := range strings.Fields(tc.images) {
			ref, err := ParseReference(text)
			if err != nil {
				t.Fatal(err)
			}
			images = append(images, ref)
		}
		node := &Node{Distribution: Containerd, ContainerdVersion: "v2.1.5", FS: nodeFS(tc.files)}
		if _, ok := tc.files[registries]; ok {
			node.Distribution = K3s
		}
		var got []string
		for _, i := range Load(node).Lint(images) {
			got = append(got, i.Code+" "+i.Fix)
		}
		if strings.Join(got, "\n") != tc.want {
			t.Errorf("%v, images %q: %q, want %q", tc.files, tc.images, got, tc.want)
		}
	}
}
