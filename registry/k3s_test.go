package registry

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestHosts holds what K3s' own test of getHostConfigs asserts
// (pkg/agent/containerd/config_test.go): by directory the endpoints in their order, and behind
// a bar the default endpoint.
func TestHosts(t *testing.T) {
	const (
		hub      = "https://registry-1.docker.io/v2"
		embedded = "https://127.0.0.1:6443/v2"
		own      = "; 127.0.0.1:6443: | " + embedded + " tls"
	)
	tests := []struct {
		name, text          string
		noDefault, embedded bool
		want                string
	}{
		{"nothing", "", false, false, ""},
		{"empty mirrors", "mirrors: {docker.io: , reg.example.com: , localhost: , 'localhost:443': , 'localhost:5000': , '*': }", false, false, ""},
		{"itself alone", "mirrors: {docker.io: {endpoint: [docker.io]}}", false, false, ""},
		{"empty, embedded", "mirrors: {docker.io: }", false, true, "docker.io: " + embedded + " tls | " + hub + own},
		{"empty, embedded, flag", "mirrors: {docker.io: }", true, true, "docker.io: " + embedded + " tls" + own},
		{"auth of the Hub", "configs: {docker.io: {auth: {username: u}}}", false, false, "docker.io: | " + hub + " auth"},
		{"auth of a mirror that is itself", "mirrors: {docker.io: {endpoint: [docker.io]}}\nconfigs: {docker.io: {auth: {username: u}}}", false, false, "docker.io: | " + hub + " auth"},
		{"auth alone", "configs: {r.example.com: {auth: {username: u}}}", false, false, "r.example.com: | https://r.example.com/v2 auth"},
		{"paths", "mirrors: {docker.io: {endpoint: ['https://m/prefix/v2', m/prefix/v2, m/v2/, m/v2, 'https://m', m]}}", false, false,
			"docker.io: https://m/prefix/v2 override, https://m/v2/ override, https://m/v2 | " + hub},
		{"ports kept", "mirrors: {docker.io: {endpoint: ['m:443', 1.2.3.4, '1.2.3.4:443']}}", false, false,
			"docker.io: https://m:443/v2, https://1.2.3.4/v2, https://1.2.3.4:443/v2 | " + hub},
		{"duplicates", "mirrors: {docker.io: {endpoint: [m, n, 'https://m/v2', m]}}", false, false, "docker.io: https://m/v2, https://n/v2 | " + hub},
		{"loopback", "mirrors: {docker.io: {endpoint: ['localhost:5000', '127.0.0.1:5000', 'https://localhost:5000', localhost]}}", false, false,
			"docker.io: http://localhost:5000/v2, http://127.0.0.1:5000/v2, https://localhost:5000/v2, https://localhost/v2 | " + hub},
		{"auth of a mirror's host", "mirrors: {docker.io: {endpoint: [m]}}\nconfigs: {m: {auth: {username: u}}}", false, false,
			"docker.io: https://m/v2 auth | " + hub + "; m: | https://m/v2 auth"},
		{"the same, flag", "mirrors: {docker.io: {endpoint: [m]}}\nconfigs: {m: {auth: {username: u}}}", true, false,
			"docker.io: https://m/v2 auth; m: | https://m/v2 auth"},
		{"the same, embedded, rewrite", "mirrors: {docker.io: {endpoint: [m], rewrite: {a: b}}}\nconfigs: {m: {auth: {username: u}}}", false, true,
			"docker.io: " + embedded + " tls, https://m/v2 auth rewrite | " + hub + "; m: | https://m/v2 auth; 127.0.0.1:6443: | " + embedded + " tls"},
		{"the Hub last, embedded, flag", "mirrors: {docker.io: {endpoint: [a, b, docker.io]}}", true, true,
			"docker.io: " + embedded + " tls, https://a/v2, https://b/v2, " + hub + own},
		{"wildcard", "mirrors: {'*': {endpoint: [m]}}", false, false, "_default: https://m/v2 | "},
		{"wildcard, embedded, flag", "mirrors: {'*': {endpoint: [m]}}", true, true, "_default: " + embedded + " tls, https://m/v2" + own},
		{"wildcard settings", "configs: {'*': {auth: {username: u}, tls: {insecure_skip_verify: true}}}", false, false, "_default: |  auth tls"},
		{"loopback, embedded", "mirrors: {'localhost:5000': }", false, true, own[2:]},
		{"loopback with settings", "mirrors: {'localhost:5000': {endpoint: ['https://localhost:5000']}}\nconfigs: {'localhost:5000': {tls: {insecure_skip_verify: true}}}", false, false,
			"localhost:5000: https://localhost:5000/v2 tls | http://localhost:5000/v2 tls"},
		{"merged, the earlier wins", "a: &a {endpoint: [a]}\nb: &b {endpoint: [b], rewrite: {x: y}}\nmirrors: {docker.io: {<<: [*a, *b]}}", false, false,
			"docker.io: https://a/v2 rewrite | " + hub},
		{"settings of the Hub's host first", "mirrors: {docker.io: {endpoint: [docker.io/x]}}\nconfigs: {docker.io: {auth: {username: u}}, registry-1.docker.io: {tls: {}}}", false, false,
			"docker.io: https://registry-1.docker.io/x override tls | " + hub + " auth; registry-1.docker.io: | " + hub + " tls"},
	}
	for _, tt := range tests {
		f, errs := readRegistries("registries.yaml", []byte(tt.text))
		if len(errs) > 0 {
			t.Fatalf("%s: %v", tt.name, errs)
		}
		n := &Node{Distribution: K3s}
		if tt.embedded {
			f.embed(n)
		}
		if got := described(f.hosts(tt.noDefault, n.embeddedAddress())); got != tt.want {
			t.Errorf("%s:\n got %s\nwant %s", tt.name, got, tt.want)
		}
	}
}

// described lists the directories, that of the embedded registry last.
func described(all map[string]*k3sHosts) string {
	names := slices.Sorted(maps.Keys(all))
	slices.SortStableFunc(names, func(a, b string) int { return strings.Count(a, ":6443") - strings.Count(b, ":6443") })
	var dirs []string
	for _, name := range names {
		var endpoints []string
		for _, e := range all[name].endpoints {
			endpoints = append(endpoints, e.describe())
		}
		text := strings.TrimSpace(name + ": " + strings.Join(endpoints, ", "))
		if d := all[name].fallback; d != nil {
			text += " | " + d.describe()
		}
		dirs = append(dirs, text)
	}
	return strings.Join(dirs, "; ")
}

func (e *k3sEndpoint) describe() string {
	text := e.text()
	for what, has := range map[string]bool{"auth": e.settings.auth != nil, "override": e.override, "rewrite": len(e.rewrites) > 0, "tls": e.settings.tls != nil} {
		if has {
			text += fmt.Sprint(" ", what)
		}
	}
	words := strings.Split(text, " ")
	slices.Sort(words[1:])
	return strings.Join(words, " ")
}

// The directories that containerd looks for, and the image host that each serves.
func TestHostDirectories(t *testing.T) {
	for host, want := range map[string]string{
		"docker.io":            "docker.io _default",
		"reg.example.com:5000": "reg.example.com_5000_ reg.example.com:5000 _default",
		"[fd00::10]:5000":      "[fd00::10]_5000_ [fd00::10]:5000 _default",
	} {
		dirs := hostDirectories(host)
		if got := strings.Join(dirs, " "); got != want {
			t.Errorf("%s: %s, want %s", host, got, want)
		}
		for _, dir := range dirs[:len(dirs)-1] {
			if got := imageHost(dir); got != host {
				t.Errorf("%s serves %s, want %s", dir, got, host)
			}
		}
	}
	if got := imageHost("_default"); got != wildcard {
		t.Errorf("_default serves %s", got)
	}
}
