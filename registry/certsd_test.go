package registry

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
)

// asked loads a plain containerd with these files below certs.d and lists its endpoints for
// an image; an error gives its message.
func asked(t *testing.T, version, image string, files map[string]string) string {
	t.Helper()
	node := fstest.MapFS{name(plain): {Data: []byte(configPathV2)}}
	cert, _ := mint(t)
	node["ca.crt"] = &fstest.MapFile{Data: []byte(cert)}
	for path, text := range files {
		if dir, ok := strings.CutSuffix(path, "/"); ok {
			node[name(plainD+"/"+dir)] = &fstest.MapFile{Mode: fs.ModeDir}
			continue
		}
		node[name(plainD+"/"+path)] = &fstest.MapFile{Data: []byte(text)}
	}
	return routes(t, Load(&Node{FS: node, Distribution: Containerd, ContainerdVersion: version}), image)
}

// What is less usual below certs.d, each case as the real containerd reads it.
func TestCertsD(t *testing.T) {
	const hub, mirror = "https://registry-1.docker.io/v2", "https://m.example.com/v2 https://registry-1.docker.io/v2"
	hosts := func(lines string) map[string]string {
		return map[string]string{"docker.io/hosts.toml": "[host.\"https://m.example.com\"]\n" + lines}
	}
	for _, tc := range []struct {
		name, version, image string
		files                map[string]string
		want                 string
	}{
		{"a file in place of the directory", "", "nginx", map[string]string{"docker.io": "x"}, "error: open /etc/containerd/certs.d/docker.io/hosts.toml: not a directory"},
		{"a file in place of the default's", "", "nginx", map[string]string{"_default": "x"}, "error: open /etc/containerd/certs.d/_default/hosts.toml: not a directory"},
		{"a file in place of an IPv6 host's", "", "[::1]/a/b", map[string]string{"[:_1]_": "x"}, "error: open /etc/containerd/certs.d/[:_1]_/hosts.toml: not a directory"},
		{"a file beside the directory", "", "nginx", map[string]string{"docker.io/": "", "_default": "x"}, hub},
		{"a directory named like a CA", "", "nginx", map[string]string{"docker.io/ca.crt/": "", "docker.io/client.cert/": ""}, hub},
		{"IPv6 loopback without port is none", "", "[::1]/a/b", nil, "https://[::1]/v2"},
		{"IPv6 loopback with port", "", "[::1]:443/a/b", nil, "https://[::1]:443/v2 (unverified)"},
		{"a CA beyond a directory that does not exist", "", "nginx", hosts("ca = '/absent/../ca.crt'"), `error: unable to read CA cert "/absent/../ca.crt": open /absent/../ca.crt: no such file or directory`},
		{"a CA beyond one that does", "", "nginx", hosts("ca = '/etc/../ca.crt'"), mirror},
		{"referrers unknown", "2.1.9", "nginx", hosts("capabilities = ['pull', 'resolve', 'referrers']"), hub},
		{"referrers known", "2.2.0", "nginx", hosts("capabilities = ['pull', 'resolve', 'referrers']"), mirror},
		{"dial_timeout of another type, unknown", "2.0.6", "nginx", hosts("dial_timeout = 5"), mirror},
		{"dial_timeout of another type", "2.1.0", "nginx", hosts("dial_timeout = 5"), hub},
		{"dial_timeout in a table that is not looked at", "2.1.0", "nginx", map[string]string{"docker.io/hosts.toml": "[host.'']\ndial_timeout = 5\n[host.\"https://m.example.com\"]\n"}, hub},
		{"a bracket in an array table's name", "1.7.34", "nginx", hosts("[[x.\"a]\"]]"), hub},
		{"a bracket in an array table's name, since 2.0", "2.0.0", "nginx", hosts("[[x.\"a]\"]]"), mirror},
		{"an inline table and its like", "1.7.34", "nginx", hosts("header = {}\n[host.\"https://m.example.com\".header]\nX-A = 'b'"), hub},
		{"a date at the end of a line", "1.7.34", "nginx", hosts("day = 2026-01-02\n"), hub},
		{"a date at the end of a line, since 2.0", "2.0.0", "nginx", hosts("day = 2026-01-02\n"), mirror},
		{"a host decoded but without a table", "1.7.34", "nginx", map[string]string{"docker.io/hosts.toml": "host.\"https://m.example.com\".skip_verify = false\n"}, mirror},
		{"a host decoded but without a table, since 2.0", "2.0.0", "nginx", map[string]string{"docker.io/hosts.toml": "host.\"https://m.example.com\".skip_verify = false\n"}, hub},
		{"server in capitals does not count for the fork", "1.7.22-k3s1", "nginx", map[string]string{"docker.io/hosts.toml": "SERVER = 'https://x.example.com'\n[host.\"https://m.example.com\"]\n"}, "https://m.example.com/v2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := asked(t, tc.version, tc.image, tc.files); got != tc.want {
				t.Errorf("got  %s\nwant %s", got, tc.want)
			}
		})
	}
}

// A text that only one of the two parsers takes is refused in words that quote no value.
func TestDecodeFirst(t *testing.T) {
	_, err := dialect{version: parseVersion("1.7.34")}.parse("/d", []byte("[host.\"https://m.example.com\".header]\nAuthorization = 'hunter2'\nday = 2026-01-02\n"))
	if err == nil || err.line != 3 || strings.Contains(err.message, "hunter2") {
		t.Errorf("got %+v", err)
	}
}

// TestFilesBesideDirectories: one that has a registry's name is in its way, others are not.
func TestFilesBesideDirectories(t *testing.T) {
	for file, want := range map[string]string{
		"quay.io": codeFileUnreadable, "registry.example.com_5000_": codeFileUnreadable, "_default": codeFileUnreadable,
		"ca.crt": "", "registry.example.com.pem": "", "README": "", "hosts.toml": "",
	} {
		c := Load(&Node{Distribution: Containerd, FS: nodeFS(map[string]string{plain: configPathV2, plainD + "/" + file: "x"})})
		if got := codes(c.Lint(nil)); (got == "") != (want == "") || !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %q", file, got, want)
		}
		if told := c.Registries(); (len(told) > 0) != (want != "") {
			t.Errorf("%s: registries %+v", file, told)
		}
	}
}
