package registry

import (
	"strings"
	"testing"
)

// TestConfigVersions: under which plugin each release looks for the registry table, by the
// version that the file gives.
func TestConfigVersions(t *testing.T) {
	section := func(plugin, path string) string {
		return "[plugins.'" + plugin + "'.registry]\nconfig_path = '" + path + "'\n"
	}
	for _, tc := range []struct {
		name, version, text, imported string
		want                          string // config_path
		ignored                       string // in the reason why a table does not count
	}{
		{name: "1.x, version 2", version: "v1.7.20", text: "version = 2\n" + section(pluginV2, "/a"), want: "/a"},
		{name: "1.x, no version", version: "v1.7.20", text: section(pluginV2, "/a"), ignored: "no version"},
		{name: "1.x, version 1", version: "v1.7.20", text: "version = 1\n" + section(pluginV1, "/a"), want: "/a"},
		{name: "1.x, version 3", version: "v1.7.20", text: "version = 3\n" + section(pluginV3, "/a"), ignored: "does not start"},
		{name: "2.x, no version", version: "v2.1.5", text: section(pluginV2, "/a"), want: "/a"},
		{name: "2.x, version 1", version: "v2.1.5", text: "version = 1\n" + section(pluginV1, "/a"), want: "/a"},
		{name: "2.x, version 2 with the new name", version: "v2.1.5", text: "version = 2\n" + section(pluginV3, "/a"), want: "/a"},
		{name: "2.x, version 2 with both: the old one is migrated over the new", version: "v2.1.5", text: "version = 2\n" + section(pluginV3, "/a") + section(pluginV2, "/b"), want: "/b"},
		{name: "2.2, version 3 with the old name", version: "v2.2.7", text: "version = 3\n" + section(pluginV2, "/a"), want: "/etc/containerd/certs.d:/etc/docker/certs.d", ignored: "version 3"},
		{name: "2.3, version 3 with the old name", version: "v2.3.4", text: "version = 3\n" + section(pluginV2, "/a"), want: "/a"},
		{name: "2.2, empty path", version: "v2.2.7", text: "version = 3\n" + section(pluginV3, ""), want: "/etc/containerd/certs.d:/etc/docker/certs.d"},
		{name: "unknown, version 2", text: "version = 2\n" + section(pluginV2, "/a"), want: "/a"},
		{name: "unknown, version 3", text: "version = 3\n" + section(pluginV3, "/a"), want: "/a"},
		{name: "unknown, no version", text: section(pluginV2, "/a"), ignored: "no version"},
		{name: "unknown, old name in version 3", text: "version = 3\n" + section(pluginV2, "/a"), ignored: "version 3"},
		{name: "2.x, import of another version", version: "v2.1.5", text: "version = 3\nimports = ['/i.toml']\n" + section(pluginV3, "/a"), imported: "version = 2\n" + section(pluginV2, "/b"), want: "/b"},
		{name: "2.x, import without a registry", version: "v2.1.5", text: "version = 3\nimports = ['/i.toml']\n" + section(pluginV3, "/a"), imported: "version = 3\n[plugins.'" + pluginV3 + "']\nx = 1\n", want: "/a"},
		{name: "1.x, import replaces the plugin as a whole", version: "v1.7.20", text: "version = 2\nimports = ['/i.toml']\n" + section(pluginV2, "/a"), imported: "version = 2\n[plugins.'" + pluginV2 + "']\nx = 1\n"},
		{name: "import of itself", version: "v2.1.5", text: "version = 3\nimports = ['/c.toml', '/none.toml']\n" + section(pluginV3, "/a"), want: "/a"},
		{name: "template of MicroK8s", version: "v1.7.20", text: "version = 2\n" + section(pluginV2, "${SNAP_DATA}/args/certs.d"), want: "/var/snap/microk8s/current/args/certs.d"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			f := newFiles(nodeFS(map[string]string{"/c.toml": tc.text, "/i.toml": tc.imported}))
			c := f.readCRI("/c.toml", parseVersion(tc.version))
			if c == nil {
				t.Fatal("not read")
			}
			if got := strings.Join(c.configPath, ":"); got != tc.want {
				t.Errorf("config_path %q, want %q", got, tc.want)
			}
			if (c.ignored == "") != (tc.ignored == "") || !strings.Contains(c.ignored, tc.ignored) {
				t.Errorf("ignored: %q, want %q in it", c.ignored, tc.ignored)
			}
		})
	}
}

// TestConflictPositions: what is wrong in config.toml is shown where it stands.
func TestConflictPositions(t *testing.T) {
	for _, tc := range []struct {
		text, code string
		line       int
	}{
		{"version = 2\n[plugins.'" + pluginV2 + "'.registry]\nconfig_path = '/a'\n[plugins.'" + pluginV2 + "'.registry.mirrors.'docker.io']\nendpoint = ['https://m.example.com']\n", codeConflict, 4},
		{"version = 2\n[plugins.'" + pluginV2 + "'.registry]\nconfig_path = '/a'\nconfigs.'m.example.com'.tls.insecure_skip_verify = true\n", codeConflict, 4},
		{"version = 2\n\n[plugins.'" + pluginV3 + "'.registry]\nconfig_path = '/a'\n", codeConflict, 3},
		{"version = 2\n[plugins\n", codeSyntax, 2},
		{"version = 2\n[plugins]\n[plugins." + pluginV2 + ".registry.mirrors.'docker.io']\nendpoint = ['https://m.example.com']\n", codeConflict, 3},
		{"version = 2\n[plugins.'" + pluginV2 + "'.registry.mirrors]\n\n[plugins.'io.containerd.grpc.v1'.cri.registry.mirrors.'docker.io']\nendpoint = ['https://m.example.com']\n", codeConflict, 4},
		{"version = 3\n[plugins.'io.containerd.cri.v1.image'.registry]\nconfig_path = '/a'\n", codeConflict, 2},
		{"version = 2\n[plugins.'" + pluginV2 + ".registry']\nconfig_path = '/a'\n", codeConflict, 2},
		{"version = 2\n[plugins.'io.containerd.snapshotter.v1.stargz'.registry.mirrors.'docker.io']\nendpoint = ['https://m.example.com']\n", "", 0},
		{"version = 2\n[plugins.'" + pluginV2 + "'.registry.mirrors.'docker.io']\nendpoint = ['https://m.example.com']\n", "", 0},
		{"version = 2\n[plugins.'" + pluginV2 + "'.registry]\nconfig_path = '/a'\n[plugins.'" + pluginV2 + "'.registry.configs.'m.example.com'.auth]\nusername = 'you'\npassword = 'x'\n", "", 0},
		{"version = 2\n[plugins.'" + pluginV2 + "'.registry]\nconfig_path = '/a'\n[plugins.'" + pluginV2 + "'.registry.configs.'a.example.com'.auth]\nusername = 'you'\npassword = 'x'\n[plugins.'" + pluginV2 + "'.registry.configs.'m.example.com'.auth]\nusername = 'you'\n", codeAuthUndecodable, 7},
		{"version = 2\n[plugins.'" + pluginV2 + "'.registry.configs.'m.example.com'.auth]\nauth = 'hunter2'\n", codeAuthUndecodable, 2},
	} {
		issues := Load(ReadNode(nodeFS(map[string]string{"/etc/containerd/config.toml": tc.text}))).Lint(nil)
		switch {
		case tc.code == "" && len(issues) > 0:
			t.Errorf("%q: %s", tc.text, codes(issues))
		case tc.code != "" && (len(issues) != 1 || issues[0].Code != tc.code || issues[0].Line != tc.line):
			t.Errorf("%q: %s; want %s in line %d", tc.text, codes(issues), tc.code, tc.line)
		}
	}
}
