package registry

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestChangesNotApplied: variables and files that were changed after what reads them did, and such
// as only look like it.
func TestChangesNotApplied(t *testing.T) {
	const (
		envFile = "/etc/systemd/system/k3s.service.env"
		dropIn  = "/etc/systemd/system/containerd.service.d/http-proxy.conf"
		plain   = "/etc/containerd/config.toml"
		tomlDir = "/var/lib/rancher/k3s/agent/etc/containerd/"
	)
	began := time.Unix(1767225600+42, 0)
	system := map[string]string{"/proc/stat": "cpu 1\nbtime 1767225600\n"}
	const ticks = "S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 12 0 4250 1 2\n"
	k3s := map[string]string{
		"/proc/7/cmdline": "/usr/local/bin/k3s\x00server\x00", "/proc/7/stat": "7 (k3s-server) " + ticks, "/proc/7/environ": "\x00",
		"/proc/8/cmdline": "containerd\x00-c\x00" + tomlDir + "config.toml\x00", "/proc/8/stat": "8 (containerd) " + ticks,
		"/etc/systemd/system/k3s.service": "[Service]\nEnvironmentFile=-" + envFile + "\nExecStart=/usr/local/bin/k3s server\n",
	}
	containerd := map[string]string{
		"/proc/8/cmdline": "/usr/bin/containerd\x00", "/proc/8/stat": "8 (containerd) " + ticks,
		"/usr/lib/systemd/system/containerd.service": "[Service]\nExecStart=/usr/bin/containerd\n",
	}
	for _, tc := range []struct {
		name    string
		node    map[string]string
		file    string
		text    string
		environ string // of containerd
		later   time.Duration
		want    string // severity, line, what of the detail, command; "" for nothing
	}{
		{"proxy", k3s, envFile, "A=b\nHTTPS_PROXY=http://you:hunter2@192.0.2.9:3128\n", "HTTPS_PROXY=http://192.0.2.1:3128", 2 * time.Second, "error 2 not in effect: HTTPS_PROXY of k3s.service.env, changed after k3s began systemctl restart k3s"},
		{"proxy, for containerd alone", k3s, envFile, "CONTAINERD_HTTPS_PROXY=http://192.0.2.9:3128\n", "", 2 * time.Second, "error 1 not in effect: HTTPS_PROXY of k3s.service.env, changed after k3s began systemctl restart k3s"},
		{"two variables", k3s, envFile, "HTTP_PROXY=http://192.0.2.9:3128\nno_proxy=a.example.com\n", "NO_PROXY=.svc", 2 * time.Second, "error 1 not in effect: HTTP_PROXY, NO_PROXY of systemctl restart k3s"},
		{"the same value", k3s, envFile, "HTTPS_PROXY=http://192.0.2.1:3128\n", "HTTPS_PROXY=http://192.0.2.1:3128", time.Hour, ""},
		{"the same value in other letters", k3s, envFile, "https_proxy='http://192.0.2.1:3128'\n", "HTTPS_PROXY=http://192.0.2.1:3128", time.Hour, ""},
		{"exceptions that the server added to", k3s, envFile, "NO_PROXY=a.example.com,.b.example.com\n", "NO_PROXY=.svc,.cluster.local,a.example.com,.b.example.com", time.Hour, ""},
		{"exceptions with blanks between", k3s, envFile, "NO_PROXY=\"a.example.com, b.example.com\"\n", "NO_PROXY=a.example.com,b.example.com,.svc", time.Hour, ""},
		{"another value, in an older file", k3s, envFile, "HTTPS_PROXY=http://192.0.2.9:3128\n", "HTTPS_PROXY=http://192.0.2.1:3128", -time.Second, ""},
		{"set no more, or never there", k3s, envFile, "A=b\n", "HTTPS_PROXY=http://192.0.2.1:3128", time.Hour, ""},
		{"variable of something else", k3s, envFile, "K3S_TOKEN=hunter2\n", "", time.Hour, ""},
		{"drop-in", containerd, dropIn, "[Service]\nEnvironment=HTTPS_PROXY=http://192.0.2.9:3128\n", "PATH=/bin", 2 * time.Second, "error 2 not in effect: HTTPS_PROXY of http-proxy.conf, changed after containerd began systemctl daemon-reload && systemctl restart containerd"},
		{"drop-in of before", containerd, dropIn, "[Service]\nEnvironment=HTTPS_PROXY=http://192.0.2.9:3128\n", "PATH=/bin", -time.Hour, ""},
		{"config.toml", containerd, plain, "version = 3\n", "", time.Hour, "warning 0 config.toml was changed after containerd read it systemctl restart containerd"},
		{"config.toml as it began", containerd, plain, "version = 3\n", "", time.Second, ""},
		{"config.toml of the agent's, edited", k3s, tomlDir + "config.toml", "version = 3\n", "", time.Hour, "warning 0 config.toml was changed after containerd read it (2026-01-01 00:00:42 UTC), and the agent writes it anew systemctl restart k3s"},
		{"config.toml as the agent writes it", k3s, tomlDir + "config.toml", "version = 3\n", "", -2 * time.Second, ""},
	} {
		files := nodeFS(nil)
		for _, more := range []map[string]string{system, tc.node, {"/proc/8/environ": tc.environ + "\x00"}} {
			for abs, file := range nodeFS(more) {
				files[abs] = file
			}
		}
		files[name(tc.file)] = nodeFS(map[string]string{tc.file: tc.text})[name(tc.file)]
		files[name(tc.file)].ModTime = began.Add(tc.later)
		issues := slices.DeleteFunc(Load(ReadNode(files)).Lint(nil), func(i Issue) bool { return i.Code != codeNotApplied })
		if tc.want == "" {
			if len(issues) > 0 {
				t.Errorf("%s: %+v", tc.name, issues)
			}
			continue
		}
		if len(issues) != 1 {
			t.Errorf("%s: %+v", tc.name, issues)
			continue
		}
		got := fmt.Sprintf("%s %d %s %s", issues[0].Severity, issues[0].Line, issues[0].Detail, issues[0].Command)
		what, command, _ := strings.Cut(tc.want, " systemctl ")
		if !strings.HasPrefix(got, what) || !strings.HasSuffix(got, " systemctl "+command) || issues[0].File != tc.file || strings.Contains(got, "hunter2") {
			t.Errorf("%s: got %s (%s), want %s (%s)", tc.name, got, issues[0].File, tc.want, tc.file)
		}
	}
}

// TestTemplateChanged: a template of config.toml that is newer than what was made of it.
func TestTemplateChanged(t *testing.T) {
	const dir = "/var/lib/rancher/k3s/agent/etc/containerd/"
	files := nodeFS(map[string]string{dir + "config.toml": "version = 3\n", dir + "config-v3.toml.tmpl": `{{ template "base" . }}`})
	made := time.Unix(1767225600, 0)
	for later, want := range map[time.Duration]int{-time.Hour: 0, time.Second: 0, time.Hour: 1} {
		files[name(dir+"config.toml")].ModTime = made
		files[name(dir+"config-v3.toml.tmpl")].ModTime = made.Add(later)
		issues := Load(ReadNode(files)).Lint(nil)
		n := 0
		for _, i := range issues {
			if i.Code == codeNotApplied && i.File == dir+"config-v3.toml.tmpl" && strings.Contains(i.Fix, "systemctl restart k3s") {
				n++
			}
		}
		if n != want {
			t.Errorf("%s later: %+v", later, issues)
		}
	}
}
