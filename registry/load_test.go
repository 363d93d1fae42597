package registry

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

const (
	k3sYAML = "/etc/rancher/k3s/registries.yaml"
	k3sTOML = "/var/lib/rancher/k3s/agent/etc/containerd/config.toml"
	k3sCert = "/var/lib/rancher/k3s/agent/etc/containerd/certs.d"
	k3sLog  = "/var/lib/rancher/k3s/agent/containerd/containerd.log"
	plain   = "/etc/containerd/config.toml"
	plainD  = "/etc/containerd/certs.d"

	configPathV2 = "version = 2\n[plugins.\"io.containerd.grpc.v1.cri\".registry]\nconfig_path = \"" + plainD + "\"\n"
)

// routes lists the endpoints' URLs, with marks for what is out of the ordinary.
func routes(t *testing.T, c *Config, image string) string {
	t.Helper()
	ref, err := ParseReference(image)
	if err != nil {
		t.Fatal(err)
	}
	endpoints, err := c.Endpoints(ref)
	if err != nil {
		return "error: " + err.Error()
	}
	var all []string
	for _, e := range endpoints {
		text := e.URL()
		for mark, on := range map[string]bool{" (http next)": e.HTTPFallback, " (unverified)": e.SkipVerify} {
			if on {
				text += mark
			}
		}
		if e.Auth.Type != AuthNone {
			text = e.Auth.Username + "@" + text
		}
		if e.Repository != ref.Repository {
			text += "/" + e.Repository
		}
		all = append(all, text)
	}
	return strings.Join(all, " ")
}

// Where config.toml stands, what stands in certs.d counts; an assumed registries.yaml
// counts over it; and a broken one stops nothing that is already rendered.
func TestLoadJudges(t *testing.T) {
	mirrorTo := func(host string) string { return "mirrors:\n  docker.io:\n    endpoint: [https://" + host + "]\n" }
	rendered := func(host string) string {
		f, _ := readRegistries("", []byte(mirrorTo(host)))
		return f.hosts(false, "")["docker.io"].toml(K3s)
	}
	stands := "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = \"" + k3sCert + "\"\n" +
		"[plugins.'io.containerd.cri.v1.images'.registry.configs.'old.example.com'.auth]\nusername = \"u\"\n"
	for _, tc := range []struct {
		name   string
		files  map[string]string
		assume Assumption
		want   string
	}{
		{"rendered", map[string]string{k3sYAML: mirrorTo("new.example.com"), k3sCert + "/docker.io/hosts.toml": rendered("old.example.com")}, Assumption{},
			"https://new.example.com/v2 https://registry-1.docker.io/v2"},
		{"as it stands", map[string]string{k3sYAML: mirrorTo("new.example.com"), k3sTOML: stands, k3sCert + "/docker.io/hosts.toml": rendered("old.example.com")}, Assumption{},
			"u@https://old.example.com/v2 https://registry-1.docker.io/v2"},
		{"as it stands, yaml broken", map[string]string{k3sYAML: "mirrors:\n\tx", k3sTOML: stands, k3sCert + "/docker.io/hosts.toml": rendered("old.example.com")}, Assumption{},
			"u@https://old.example.com/v2 https://registry-1.docker.io/v2"},
		{"assumed", map[string]string{k3sTOML: stands, k3sCert + "/docker.io/hosts.toml": rendered("old.example.com")}, Assumption{Registries: []byte(mirrorTo("new.example.com"))},
			"https://new.example.com/v2 https://registry-1.docker.io/v2"},
		{"assumed, and broken", map[string]string{k3sTOML: stands}, Assumption{Registries: []byte("mirrors:\n\tx")},
			"error: yaml: line 2: found character that cannot start any token"},
		{"assumed empty: K3s removes its own", map[string]string{k3sTOML: stands, k3sCert + "/docker.io/hosts.toml": rendered("old.example.com")}, Assumption{Registries: []byte{}},
			"https://registry-1.docker.io/v2"},
		{"assumed empty: others stay", map[string]string{k3sTOML: stands, k3sCert + "/docker.io/hosts.toml": "[host.\"https://admin.example.com\"]\n"}, Assumption{Registries: []byte{}},
			"https://admin.example.com/v2"},
		{"flag over rendered files", map[string]string{k3sYAML: mirrorTo("old.example.com"), k3sTOML: stands, k3sCert + "/docker.io/hosts.toml": rendered("old.example.com")},
			Assumption{DisableDefaultEndpoint: true}, "u@https://old.example.com/v2"},
		{"flag over rendered files, defeated", map[string]string{k3sYAML: mirrorTo("old.example.com") + "configs:\n  docker.io:\n", k3sTOML: stands, k3sCert + "/docker.io/hosts.toml": rendered("old.example.com")},
			Assumption{DisableDefaultEndpoint: true}, "u@https://old.example.com/v2 https://registry-1.docker.io/v2"},
		{"flag over rendered files, no yaml", map[string]string{k3sTOML: stands, k3sCert + "/docker.io/hosts.toml": rendered("old.example.com")},
			Assumption{DisableDefaultEndpoint: true}, "u@https://old.example.com/v2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := LoadAssuming(ReadNode(nodeFS(tc.files)), tc.assume)
			if got := routes(t, c, "nginx"); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// TestRewritten: the rule that decided what is asked for has a place, in registries.yaml or in the
// file that containerd reads.
func TestRewritten(t *testing.T) {
	const rules = "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      ^rancher/(.*): a/$1\n      '^library\\\\.(.*)': b/$1\n      ^library/(.*): c/$1\n"
	dir := k3sCert + "/docker.io/hosts.toml"
	for _, tc := range []struct {
		name, image string
		files       map[string]string
		want        Position
	}{
		{"by the last rule", "nginx", map[string]string{k3sYAML: rules}, Position{k3sYAML, 7, 7}},
		{"by none", "team/app", map[string]string{k3sYAML: rules}, Position{}},
		{"by a file of the user's own", "nginx", map[string]string{k3sYAML: "mirrors:\n",
			k3sTOML: "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = \"" + k3sCert + "\"\n",
			dir:     "[host.'https://m.example.com']\n[host.'https://m.example.com'.rewrite]\n'^library/' = 'z/'\n"}, Position{File: dir, Line: 2}},
	} {
		ref, _ := ParseReference(tc.image)
		endpoints, err := Load(ReadNode(nodeFS(tc.files))).Endpoints(ref)
		if err != nil || endpoints[0].Rewritten != tc.want {
			t.Errorf("%s: %v %+v", tc.name, err, endpoints)
		}
	}
}

// TestDialTimeout: it counts from the releases on that know it.
func TestDialTimeout(t *testing.T) {
	files := map[string]string{plain: configPathV2, plainD + "/quay.io/hosts.toml": "[host.'https://a.example.com']\ndial_timeout = '2s'\n"}
	for release, want := range map[string]time.Duration{"v1.7.27": 0, "v2.0.6": 0, "v2.0.7": 2 * time.Second, "v2.1.0": 2 * time.Second} {
		node := ReadNode(nodeFS(files))
		node.ContainerdVersion = release
		ref, _ := ParseReference("quay.io/a/b")
		endpoints, err := Load(node).Endpoints(ref)
		if err != nil || endpoints[0].DialTimeout != want {
			t.Errorf("%s: %v, %+v", release, err, endpoints)
		}
	}
}

// hosts.toml and config.toml as the releases of containerd read them.
func TestLoadContainerd(t *testing.T) {
	started := func(version string) string {
		return `time="2026-01-31T12:00:00Z" level=info msg="starting containerd" revision=abc version=` + version + "\n"
	}
	const image = "registry.example.com:5000/a:1"
	dir := plainD + "/registry.example.com:5000/hosts.toml"
	for _, tc := range []struct {
		name, version, image string
		files                map[string]string
		want                 string
	}{
		{"http with TLS settings", "v1.7.22", image, map[string]string{plain: configPathV2, dir: "server = \"http://m.example.com:81\"\nskip_verify = false\n[host]\n"}, "https://m.example.com:81/v2 (http next)"},
		{"the same, before https was tried", "v1.7.7", image, map[string]string{plain: configPathV2, dir: "server = \"http://m.example.com:81\"\nskip_verify = false\n[host]\n"}, "http://m.example.com:81/v2"},
		{"without port", "v1.7.25", image, map[string]string{plain: configPathV2, dir: "server = \"http://m.example.com\"\nskip_verify = false\n[host]\n"}, "http://m.example.com/v2"},
		{"without port, later", "v1.7.26", image, map[string]string{plain: configPathV2, dir: "server = \"http://m.example.com\"\nskip_verify = false\n[host]\n"}, "https://m.example.com/v2 (http next)"},
		{"no host table", "v1.7.27", image, map[string]string{plain: configPathV2, dir: "server = \"https://m.example.com\"\n"}, "https://registry.example.com:5000/v2"},
		{"no host table, later", "v2.0.0", image, map[string]string{plain: configPathV2, dir: "server = \"https://m.example.com\"\n"}, "https://m.example.com/v2"},
		{"table returned to", "v2.1.5", image, map[string]string{plain: configPathV2, dir: "[host.'https://a.example.com']\n[host.'https://b.example.com']\n[host.'https://a.example.com'.header]\nx = 'y'\n"},
			"https://a.example.com/v2 https://b.example.com/v2 https://a.example.com/v2 https://registry.example.com:5000/v2"},
		{"table returned to, once", "v1.7.27", image, map[string]string{plain: configPathV2, dir: "[host.'https://a.example.com']\n[host.'https://b.example.com']\n[host.'https://a.example.com'.header]\nx = 'y'\n"},
			"https://a.example.com/v2 https://b.example.com/v2 https://registry.example.com:5000/v2"},
		{"unknown capability voids the file", "v2.1.5", image, map[string]string{plain: configPathV2, dir: "[host.'https://a.example.com']\ncapabilities = ['fetch']\n"}, "https://registry.example.com:5000/v2"},
		{"only pushing", "v2.1.5", image, map[string]string{plain: configPathV2, dir: "capabilities = ['push']\nserver = 'https://m.example.com'\n"}, "error: no resolve hosts: not found"},
		{"upstream knows no rewrite", "v2.1.5", image, map[string]string{plain: configPathV2, dir: "[host.'https://a.example.com']\n[host.'https://a.example.com'.rewrite]\n'.*' = 'z'\n"}, "https://a.example.com/v2 https://registry.example.com:5000/v2"},
		{"the K3s build does", "v2.1.5-k3s1", image, map[string]string{plain: configPathV2, dir: "[host.'https://a.example.com']\n[host.'https://a.example.com'.rewrite]\n'.*' = 'z'\n"}, "https://a.example.com/v2/z"},
		{"no config_path", "v2.1.5", image, map[string]string{plain: "version = 3\n", dir: "server = \"https://m.example.com\"\n"}, "https://registry.example.com:5000/v2"},
		{"first root with a directory", "v1.7.22", "quay.io/a/b:1", map[string]string{
			plain:                      strings.Replace(configPathV2, plainD, "/one:/two", 1),
			"/one/_default/hosts.toml": "server = 'https://one.example.com'\n[host]\n", "/two/quay.io/hosts.toml": "server = 'https://two.example.com'\n[host]\n",
		}, "https://one.example.com/v2"},
		{"two roots in the transfer service match nothing", "v2.1.5", "quay.io/a/b:1", map[string]string{
			plain: strings.Replace(configPathV2, plainD, "/one:/two", 1), "/one/_default/hosts.toml": "server = 'https://one.example.com'\n[host]\n",
		}, "https://quay.io/v2"},
		{"legacy mirrors", "v1.7.22", image, map[string]string{plain: "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry.mirrors.'registry.example.com:5000']\nendpoint = ['http://a.example.com', 'https://b.example.com/x']\n[plugins.'io.containerd.grpc.v1.cri'.registry.configs.'b.example.com'.auth]\nusername = 'u'\n"},
			"http://a.example.com/v2 u@https://b.example.com/x https://registry.example.com:5000/v2"},
		{"legacy, no schemes", "v1.7.22", image, map[string]string{plain: "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry.mirrors.'registry.example.com:5000']\nendpoint = ['a:5000', 'b.example.com/x', '192.0.2.1:5000', 'localhost:5000', '[::1]:5000', 'registry.example.com:5000']\n"},
			"https://a:5000/v2 https://b.example.com/x https://192.0.2.1:5000/v2 http://localhost:5000/v2 http://[::1]:5000/v2 https://registry.example.com:5000/v2"},
		{"legacy, CA missing", "v1.7.22", image, map[string]string{plain: "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry.configs.'registry.example.com:5000'.tls]\nca_file = '/absent.pem'\n"},
			`error: unable to read CA cert "/absent.pem": open /absent.pem: no such file or directory`},
		{"legacy wildcard names the registry", "v1.7.22", "quay.io/a/b:1", map[string]string{plain: "version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry.mirrors.'*']\nendpoint = ['quay.io']\n"}, "https://quay.io/v2"},
		{"version 1", "v1.6.20", image, map[string]string{plain: "[plugins.cri.registry]\nconfig_path = '" + plainD + "'\n", dir: "server = 'https://m.example.com'\n[host]\n"}, "https://m.example.com/v2"},
		{"version 1 with the name of version 2", "v1.6.20", image, map[string]string{plain: strings.TrimPrefix(configPathV2, "version = 2\n"), dir: "server = 'https://m.example.com'\n[host]\n"}, "https://registry.example.com:5000/v2"},
		{"imports", "v2.0.5", image, map[string]string{plain: "version = 3\nimports = ['conf.d/*.toml']\n", "/etc/containerd/conf.d/a.toml": "version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = '" + plainD + "'\n", dir: "server = 'https://m.example.com'\n"}, "https://m.example.com/v2"},
		{"loopback of old", "v1.6.24", "localhost:5000/a:1", map[string]string{plain: configPathV2}, "http://localhost:5000/v2 (unverified)"},
		{"loopback without config_path", "v2.1.5", "localhost:5000/a:1", nil, "http://localhost:5000/v2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			node := ReadNode(nodeFS(tc.files))
			node.ContainerdVersion = parsed(t, started(tc.version))
			if got := routes(t, Load(node), tc.image); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// parsed is the version in the first line of a log.
func parsed(t *testing.T, line string) string {
	f := newFiles(nodeFS(map[string]string{"/log": line}))
	v := f.versionOfLog("/log")
	if v == "" {
		t.Fatalf("no version in %q", line)
	}
	return v
}

func TestIssues(t *testing.T) {
	cert, key := mint(t)
	_, other := mint(t)
	for _, tc := range []struct{ name, yaml, want string }{
		{"nothing wrong", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\nconfigs:\n  m.example.com:\n    tls: {ca_file: /ca.pem, cert_file: /ca.pem, key_file: /ca.key}\n", ""},
		{"syntax", "mirrors:\n\tdocker.io:\n", "config_syntax 2:1"},
		{"two types wrong", "mirrors:\n  a:\n    endpoint: x\nconfigs:\n  b:\n    tls: []\n", "config_syntax 3:15, config_syntax 6:10"},
		{"CA missing, once for two files", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\nconfigs:\n  m.example.com:\n    tls:\n      ca_file: /absent.pem\n", "config_file_unreadable 7:7"},
		{"CA is a key", "configs:\n  m.example.com:\n    tls:\n      ca_file: /ca.key\n", "config_ca_invalid 4:7"},
		{"certificate without key", "configs:\n  m.example.com:\n    tls:\n      cert_file: /ca.pem\n", "config_key_pair_invalid 4:7"},
		{"key of another", "configs:\n  m.example.com:\n    tls:\n      cert_file: /ca.pem\n      key_file: /other.key\n", "config_key_pair_invalid 4:7"},
		{"backslash", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      'a\\.b': c\n", "config_rewrite_invalid 5:7"},
		{"backslash doubled", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      'a\\\\.b': c\n", ""},
		{"pattern", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      '(a': c\n", "config_rewrite_invalid 5:7"},
		{"group", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      '^a/.*': b/$1\n", "config_rewrite_invalid 5:7"},
		{"group there", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      '^a/(?P<x>.*)': b/${1}$$c\n", ""},
		{"two rules", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      '^rancher/(.*)': a/$1\n      '^(.*)': b/$1\n", "config_rewrite_ambiguous 5:7"},
		{"two rules apart", "mirrors:\n  docker.io:\n    endpoint: [https://m.example.com]\n    rewrite:\n      '^rancher/(.*)': a/$1\n      '^library/(.*)': b/$1\n", ""},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := Load(ReadNode(nodeFS(map[string]string{k3sYAML: tc.yaml, "/ca.pem": cert, "/ca.key": key, "/other.key": other})))
			var got []string
			for _, i := range config.Issues {
				if i.File != k3sYAML {
					t.Errorf("file %q", i.File)
				}
				got = append(got, fmt.Sprintf("%s %d:%d", i.Code, i.Line, i.Column))
			}
			if diff := cmp.Diff(tc.want, strings.Join(got, ", ")); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestUndecodableAsItStands(t *testing.T) {
	files := map[string]string{plain: configPathV2, plainD + "/quay.io/hosts.toml": "server = 'https://m.example.com'\n[host.x]\n[host.x]\n"}
	c := Load(ReadNode(nodeFS(files)))
	if len(c.Issues) != 1 || c.Issues[0].Code != codeUndecodableHosts || c.Issues[0].Line != 3 || c.Issues[0].Registry != "quay.io" {
		t.Errorf("issues %+v", c.Issues)
	}
}

// A file that only this process may not read says nothing of containerd, which is root.
func TestPermissionIsNoFault(t *testing.T) {
	for _, settings := range []string{"ca_file: /ca.pem", "cert_file: /ca.pem, key_file: /ca.pem"} {
		files := nodeFS(map[string]string{"/ca.pem": "", k3sYAML: "configs:\n  quay.io:\n    tls: {" + settings + "}\n"})
		c := Load(ReadNode(denied{files}))
		if got := routes(t, c, "quay.io/a/b"); got != "https://quay.io/v2" || len(c.Issues) > 0 {
			t.Errorf("%s: routes %q, issues %+v", settings, got, c.Issues)
		}
		if s := c.Sources[len(c.Sources)-1]; s.Path != "/ca.pem" || s.Status != StatusUnreadable {
			t.Errorf("%s: source %+v", settings, s)
		}
	}
}

// denied refuses to open /ca.pem.
type denied struct{ fstest.MapFS }

func (d denied) Open(name string) (fs.File, error) {
	if name == "ca.pem" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return d.MapFS.Open(name)
}

func TestRegistries(t *testing.T) {
	yaml := "mirrors:\n  quay.io:\n    endpoint:\n      - https://m.example.com:5000/x\n  \"*\":\n    endpoint: [https://w.example.com]\nconfigs:\n  m.example.com:5000:\n    auth: {username: u, password: p}\n  ghcr.io:\n"
	c := Load(ReadNode(nodeFS(map[string]string{k3sYAML: yaml, "/etc/rancher/k3s/config.yaml": "embedded-registry: true"})))
	var got []string
	for _, r := range c.Registries() {
		for _, e := range r.Endpoints {
			got = append(got, fmt.Sprintf("%s %s %d %t %t", r.Name, e.Spelling(), e.Written.Line, e.Default, e.Embedded))
		}
	}
	want := []string{
		"* https://127.0.0.1:6443 0 false true",
		"* https://w.example.com 6 false false",
		"m.example.com:5000 https://m.example.com:5000 8 true false",
		"quay.io https://127.0.0.1:6443 0 false true",
		"quay.io https://m.example.com:5000/x 4 false false",
		"quay.io https://quay.io 2 true false",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestWritten(t *testing.T) {
	yaml := "configs:\n  docker.io:\n    auth: {token: x}\n  \"m.example.com\":\n    tls: {}\n    auth: {auth: bm8=}\nmirrors:\n  docker.io:\n    endpoint:\n      - https://u:p@m.example.com:5000\n      - docker.io\n"
	c := Load(ReadNode(nodeFS(map[string]string{k3sYAML: yaml, "/etc/rancher/k3s/config.yaml": "embedded-registry: true"})))
	at := func(line, column int) Position { return Position{k3sYAML, line, column} }
	keys := []ConfigsKey{
		{Name: "docker.io", At: at(2, 3), Auth: at(3, 5), Type: AuthNone},
		{Name: "m.example.com", At: at(4, 3), Auth: at(6, 5), TLS: at(5, 5), Type: AuthError},
	}
	if diff := cmp.Diff(keys, c.ConfigsKeys()); diff != "" {
		t.Errorf("configs (-want +got):\n%s", diff)
	}
	mirrors := []Mirror{{Name: "docker.io", At: at(8, 3), Endpoints: []MirrorEndpoint{
		{Text: "https://m.example.com:5000", Scheme: "https", Host: "m.example.com:5000", At: at(10, 9)},
		{Text: "docker.io", Scheme: "https", Host: "registry-1.docker.io", At: at(11, 9)},
	}}}
	if diff := cmp.Diff(mirrors, c.Mirrors()); diff != "" {
		t.Errorf("mirrors (-want +got):\n%s", diff)
	}
}

// No way of printing what was read shows a secret.
func TestSecretsDoNotPrint(t *testing.T) {
	yaml := "configs:\n  quay.io:\n    auth: {username: u, password: hunter2, identity_token: hunter2, auth: aHVudGVyMg==}\n"
	c := Load(ReadNode(nodeFS(map[string]string{k3sYAML: yaml})))
	ref, _ := ParseReference("quay.io/a/b")
	endpoints, err := c.Endpoints(ref)
	if err != nil || endpoints[0].Auth.Secret.Reveal() != "hunter2" {
		t.Fatalf("endpoints %v, error %v", endpoints, err)
	}
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x"} {
		for _, value := range []any{endpoints, c, *c, c.loader.cri, *c.loader.cri, c.loader.registries.configs["quay.io"].auth} {
			if text := fmt.Sprintf(format, value); strings.Contains(text, "hunter2") || strings.Contains(text, "aHVudGVyMg") || strings.Contains(text, "68756e74657232") {
				t.Errorf("%s of %T shows the secret: %s", format, value, text)
			}
		}
	}
}

func TestRouteErrorHasPlace(t *testing.T) {
	c := Load(ReadNode(nodeFS(map[string]string{k3sYAML: "mirrors:\n  docker.io:\n    endpoint: x\n"})))
	ref, _ := ParseReference("nginx")
	_, err := c.Endpoints(ref)
	route, ok := errors.AsType[*RouteError](err)
	if !ok || route.Stage != StageRegistriesYAML || route.File != k3sYAML || route.Line != 3 {
		t.Errorf("error %#v", err)
	}
}

// A Config that was not loaded says what a node without files does.
func TestZeroConfig(t *testing.T) {
	if got := routes(t, &Config{}, "quay.io/a/b"); got != "https://quay.io/v2" {
		t.Error(got)
	}
}
