package diagnose

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// TestConfigure: a setting goes beside what is written already, never into a second key of
// the same name.
func TestConfigure(t *testing.T) {
	const (
		file  = "/etc/rancher/k3s/registries.yaml"
		entry = `"mirror.example.com:5000"`
		tls   = `{ca_file: /PATH/ca.crt}`
	)
	for name, c := range map[string]struct {
		yaml, want string
		line       int
	}{
		"no configs":           {"mirrors:\n", `configs: {` + entry + `: {tls: ` + tls + `}}`, 0},
		"a file that is none":  {"configs: [\n", `configs: {` + entry + `: {tls: ` + tls + `}}`, 0},
		"configs of others":    {"mirrors:\nconfigs:\n  a.example.com:\n    auth: {username: you}\n", `below configs: ` + entry + `: {tls: ` + tls + `}`, 2},
		"another port":         {"configs:\n  mirror.example.com:\n    tls: {ca_file: /a}\n", `below configs: ` + entry + `: {tls: ` + tls + `}`, 1},
		"configs in braces":    {"configs: {}\n", `below configs: ` + entry + `: {tls: ` + tls + `}`, 1},
		"an entry with auth":   {"configs:\n  # yours\n  " + entry + ":\n    auth: {username: you}\n", `below ` + entry + `: tls: ` + tls, 3},
		"an entry in braces":   {"configs: {" + entry + ": {auth: {username: you}}}\n", `below ` + entry + `: tls: ` + tls, 1},
		"an entry of nothing":  {"configs:\n  " + entry + ":\n", `below ` + entry + `: tls: ` + tls, 2},
		"a part with others":   {"configs:\n  " + entry + ":\n    tls:\n      insecure_skip_verify: false\n", `below tls set ca_file: /PATH/ca.crt`, 3},
		"an alias as entry":    {"x-a: &a\n  auth: {username: you}\nconfigs:\n  " + entry + ": *a\n", `in place of *a: {<<: *a, tls: ` + tls + `}`, 4},
		"an alias as part":     {"x-a: &a {cert_file: /c}\nconfigs:\n  " + entry + ":\n    tls: *a\n", `in place of *a: {<<: *a, ca_file: /PATH/ca.crt}`, 4},
		"an anchor that holds": {"configs:\n  " + entry + ": &a\n    auth: {username: you}\n", `below ` + entry + `: tls: ` + tls, 2},
	} {
		node := registry.ReadNode(fstest.MapFS{strings.TrimPrefix(file, "/"): {Data: []byte(c.yaml)}})
		o := observation{node: node, config: registry.Load(node), url: "https://mirror.example.com:5000"}
		got := o.configure("", aCA)
		if len(got) != 1 || got[0] != (Note{Text: c.want, File: file, Line: c.line}) {
			t.Errorf("%s:\ngot  %+v\nwant %s (%s:%d)", name, got, c.want, file, c.line)
		}
	}
}

// TestMoved: what stands under a name that is not looked up is moved to the one that is, and
// copied where the name may be another registry's.
func TestMoved(t *testing.T) {
	const own = "  \"mirror.example.com:5000\":\n    tls: {insecure_skip_verify: true}\n"
	for name, c := range map[string]struct {
		yaml, want string
		line       int
	}{
		"no port, an entry":    {"configs:\n  mirror.example.com:\n    auth: {username: you}\n" + own, `move auth below "mirror.example.com:5000" in line 4`, 3},
		"a port, an entry":     {"configs:\n  mirror.example.com:8443:\n    auth: {username: you}\n" + own, `copy auth below "mirror.example.com:5000" in line 4`, 3},
		"a port, no entry":     {"configs:\n  mirror.example.com:8443:\n    auth: {username: you}\n", `copy auth to a new entry "mirror.example.com:5000"`, 3},
		"a secret on the line": {"configs:\n  mirror.example.com: {auth: {username: you}}\n", `write "mirror.example.com:5000" in place of "mirror.example.com"`, 2},
		"the mirrored one":     {"configs:\n  docker.io:\n    auth: {username: you}\n", `below configs: "mirror.example.com:5000": {auth: {username: USER, password: PASSWORD}}`, 1},
	} {
		files := fstest.MapFS{"etc/rancher/k3s/registries.yaml": {Data: []byte(c.yaml + "mirrors: {docker.io: {endpoint: [https://mirror.example.com:5000]}}\n")}}
		node := registry.ReadNode(files)
		config := registry.Load(node)
		ref, _ := registry.ParseReference("nginx")
		endpoints, err := config.Endpoints(ref)
		if err != nil {
			t.Fatal(err)
		}
		j := join(Evidence{Node: node, Config: config})
		o := j.tieKey(observation{node: node, config: config, cause: cause.AuthMissing, url: endpoints[0].Spelling(), endpoint: &endpoints[0]},
			func(k registry.ConfigsKey) bool { return k.Type != registry.AuthNone }, true)
		if got := o.credentials("")[0]; got.Text != c.want || got.Line != c.line {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

// TestConfigureContainerd: containerd's own files, where it reads them and as each release
// takes them.
func TestConfigureContainerd(t *testing.T) {
	const (
		hostsTOML  = "etc/containerd/certs.d/docker.io/hosts.toml"
		configTOML = "etc/containerd/config.toml"
		certsD     = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"/etc/containerd/certs.d\"\n"
	)
	for name, c := range map[string]struct {
		version, config, hosts string
		set                    setting
		want                   []string // file:line text
	}{
		"a table": {"1.7.20", certsD, "server = \"https://a.example.com\"\n[host.\"https://mirror.example.com\"]\n", aCA,
			[]string{`/etc/containerd/certs.d/docker.io/hosts.toml:2 below [host."https://mirror.example.com"]: ca = "/PATH/ca.crt"`}},
		"no hosts.toml": {"1.7.20", certsD, "", aCA,
			[]string{`/etc/containerd/certs.d/docker.io/hosts.toml:0 [host."https://registry-1.docker.io"] and below it: ca = "/PATH/ca.crt"`}},
		"no config_path, 1.7": {"1.7.20", "version = 2\n", "", aCA,
			[]string{`/etc/containerd/config.toml:0 [plugins."io.containerd.grpc.v1.cri".registry.configs."registry-1.docker.io".tls] and below it: ca_file = "/PATH/ca.crt"`}},
		"no config_path, 2.1": {"2.1.5", "version = 3\n", "", aCA, []string{
			`/etc/containerd/config.toml:0 below [plugins."io.containerd.cri.v1.images".registry]: config_path = "/etc/containerd/certs.d"`,
			`/etc/containerd/certs.d/docker.io/hosts.toml:0 [host."https://registry-1.docker.io"] and below it: ca = "/PATH/ca.crt"`}},
		"no config_path, 2.2": {"2.2.3", "version = 3\n", "", aCA, []string{
			`/etc/containerd/config.toml:0 below [plugins."io.containerd.cri.v1.images".registry]: config_path = "/etc/containerd/certs.d"`,
			`/etc/containerd/certs.d/docker.io/hosts.toml:0 [host."https://registry-1.docker.io"] and below it: ca = "/PATH/ca.crt"`}},
		"no config_path, 2.2, local pull": {"2.2.3", "version = 3\n[plugins.\"io.containerd.cri.v1.images\"]\nuse_local_image_pull = true\n", "", aCA,
			[]string{`/etc/containerd/certs.d/docker.io/hosts.toml:0 [host."https://registry-1.docker.io"] and below it: ca = "/PATH/ca.crt"`}},
		"credentials": {"2.1.5", certsD, "", someCredentials,
			[]string{`/etc/containerd/config.toml:0 [plugins."io.containerd.grpc.v1.cri".registry.configs."registry-1.docker.io".auth] and below it: username = "USER" and password = "PASSWORD"`}},
	} {
		files := fstest.MapFS{configTOML: {Data: []byte(c.config)}}
		if c.hosts != "" {
			files[hostsTOML] = &fstest.MapFile{Data: []byte(c.hosts)}
		}
		node := registry.ReadNode(files)
		node.ContainerdVersion = c.version
		config := registry.Load(node)
		ref, _ := registry.ParseReference("nginx")
		endpoints, err := config.Endpoints(ref)
		if err != nil {
			t.Fatal(err)
		}
		o := observation{node: node, config: config, url: endpoints[0].Spelling(), endpoint: &endpoints[0]}
		var got []string
		for _, n := range o.configure("", c.set) {
			got = append(got, fmt.Sprintf("%s:%d %s", n.File, n.Line, n.Text))
		}
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
