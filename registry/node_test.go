package registry

import (
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// nodeFS is a node's file system of the texts given by absolute path.
func nodeFS(files map[string]string) fstest.MapFS {
	node := fstest.MapFS{}
	for abs, text := range files {
		node[name(abs)] = &fstest.MapFile{Data: []byte(text)}
	}
	return node
}

func TestReadNode(t *testing.T) {
	const logLine = `time="2026-01-31T12:00:00.000000000Z" level=info msg="starting containerd" revision=abc version=v2.1.5-k3s1` + "\n"
	for _, tc := range []struct {
		name  string
		files map[string]string
		want  Node
	}{
		{name: "empty", want: Node{Distribution: Unknown}},
		{name: "k3s server that runs", files: map[string]string{
			"/etc/hostname":                                        "node1\n",
			"/proc/1/cmdline":                                      "/sbin/init\x00",
			"/proc/70/cmdline":                                     "/usr/local/bin/k3s server",
			"/proc/70/environ":                                     "HTTP_PROXY=http://192.0.2.1:3128\x00PATH=/bin\x00",
			"/proc/71/cmdline":                                     "containerd\x00-c\x00/var/lib/rancher/k3s/agent/etc/containerd/config.toml\x00",
			"/proc/71/environ":                                     "HTTPS_PROXY=http://192.0.2.2:3128\x00K3S_TOKEN=secret\x00",
			"/etc/systemd/system/k3s.service":                      "[Service]\nExecStart=/usr/local/bin/k3s \\\n    server \\\n\t'--embedded-registry' \\\n\t'--private-registry' \\\n\t'/etc/r.yaml'\n",
			"/etc/rancher/k3s/config.yaml":                         "disable-default-registry-endpoint: yes\nservice-cidr: [fd00:43::/112]\n",
			"/var/lib/rancher/k3s/agent/x":                         "",
			"/etc/rancher/k3s/registries.yaml":                     "",
			"/var/lib/rancher/k3s/agent/containerd/containerd.log": logLine,
		}, want: Node{
			Hostname: "node1", Distribution: K3s, DataDir: "/var/lib/rancher/k3s", ContainerdVersion: "v2.1.5-k3s1", Unit: "k3s",
			Flags:     Flags{DisableDefaultEndpoint: true, EmbeddedRegistry: true, PrivateRegistry: "/etc/r.yaml", IPv6Only: true},
			Env:       map[string]string{"HTTPS_PROXY": "http://192.0.2.2:3128"},
			EnvSource: "/proc/71/environ", LogPath: "/var/lib/rancher/k3s/agent/containerd/containerd.log",
		}},
		{name: "k3s agent at rest, proxy in a drop-in and the environment file", files: map[string]string{
			"/etc/systemd/system/k3s-agent.service":              "[Service]\nEnvironmentFile=-/etc/default/%N\nEnvironmentFile=-/etc/systemd/system/k3s-agent.service.env\nExecStart=/usr/local/bin/k3s agent --data-dir=/data/k3s\n",
			"/etc/systemd/system/k3s-agent.service.d/proxy.conf": "[Service]\nEnvironment=\"HTTP_PROXY=http://192.0.2.1:3128\" NO_PROXY=192.0.2.0/24\n",
			"/etc/systemd/system/k3s-agent.service.env":          "K3S_TOKEN='secret'\nCONTAINERD_HTTP_PROXY=http://192.0.2.9:3128\n",
			"/etc/rancher/k3s/config.yaml.d/10.yaml":             "embedded-registry: true\n",
			"/etc/rancher/k3s/config.yaml.d/20.yaml":             "embedded-registry: false\n",
		}, want: Node{
			Distribution: K3s, DataDir: "/data/k3s", Unit: "k3s-agent",
			Env:       map[string]string{"HTTP_PROXY": "http://192.0.2.9:3128", "NO_PROXY": "192.0.2.0/24"},
			EnvSource: "/etc/systemd/system/k3s-agent.service.env", EnvFile: "/etc/systemd/system/k3s-agent.service.env", LogPath: "/data/k3s/agent/containerd/containerd.log",
		}},
		{name: "a node that runs, with its proxy in a file of defaults", files: map[string]string{
			"/proc/70/cmdline":                      "/usr/local/bin/k3s agent",
			"/proc/71/cmdline":                      "containerd\x00-c\x00/var/lib/rancher/k3s/agent/etc/containerd/config.toml\x00",
			"/proc/71/environ":                      "HTTPS_PROXY=http://192.0.2.2:3128\x00",
			"/etc/systemd/system/k3s-agent.service": "[Service]\nEnvironmentFile=-/etc/default/%N\nExecStart=/usr/local/bin/k3s agent\n",
			"/etc/default/k3s-agent":                "HTTPS_PROXY=http://192.0.2.2:3128\n",
		}, want: Node{
			Distribution: K3s, DataDir: "/var/lib/rancher/k3s", Unit: "k3s-agent", Env: map[string]string{"HTTPS_PROXY": "http://192.0.2.2:3128"},
			EnvSource: "/proc/71/environ", EnvFile: "/etc/default/k3s-agent", LogPath: "/var/lib/rancher/k3s/agent/containerd/containerd.log",
		}},
		{name: "drop-ins in two folders", files: map[string]string{
			"/etc/systemd/system/k3s.service":                  "[Service]\nEnvironment=HTTP_PROXY=http://192.0.2.1:1\nExecStart=/usr/local/bin/k3s server\n",
			"/usr/lib/systemd/system/k3s.service.d/10-a.conf":  "[Service]\nEnvironment=\nEnvironment=HTTPS_PROXY=http://192.0.2.2:2\n",
			"/usr/lib/systemd/system/k3s.service.d/30-b.conf":  "[Service]\nEnvironment=NO_PROXY=hidden\n",
			"/etc/systemd/system/k3s.service.d/20-proxy.conf":  "[Service]\nEnvironment=HTTPS_PROXY=http://192.0.2.3:3\n",
			"/etc/systemd/system/k3s.service.d/30-b.conf":      "[Service]\nEnvironment=NO_PROXY=192.0.2.0/24\n",
			"/etc/systemd/system/k3s.service.d/ignored.backup": "[Service]\nEnvironment=NO_PROXY=x\n",
		}, want: Node{
			Distribution: K3s, DataDir: "/var/lib/rancher/k3s", Unit: "k3s",
			Env:       map[string]string{"HTTPS_PROXY": "http://192.0.2.3:3", "NO_PROXY": "192.0.2.0/24"},
			EnvSource: "/etc/systemd/system/k3s.service.d/30-b.conf", EnvFile: "/etc/systemd/system/k3s.service.d/30-b.conf", LogPath: "/var/lib/rancher/k3s/agent/containerd/containerd.log",
		}},
		{name: "variables in the unit's command, and a data directory", files: map[string]string{
			"/etc/systemd/system/k3s.service":     "[Service]\nEnvironmentFile=-/etc/default/%N\nEnvironmentFile=/etc/systemd/system/k3s.service.env\nExecStart=/usr/local/bin/k3s server $K3S_ARGS --private-registry=${DIR}/r.yaml\n",
			"/etc/default/k3s":                    "DIR=/etc/site\n",
			"/etc/systemd/system/k3s.service.env": "K3S_ARGS='--embedded-registry --disable-default-registry-endpoint=false'\nK3S_DATA_DIR=/data\n",
			"/etc/rancher/k3s/config.yaml":        "disable-default-registry-endpoint: true\nhttps-listen-port: 7443\n",
		}, want: Node{
			Distribution: K3s, DataDir: "/data", Unit: "k3s", LogPath: "/data/agent/containerd/containerd.log",
			Flags: Flags{EmbeddedRegistry: true, PrivateRegistry: "/etc/site/r.yaml", SupervisorPort: 7443},
		}},
		{name: "environment of the process before that of the unit, config file named in it", files: map[string]string{
			"/proc/7/cmdline": "/usr/local/bin/k3s\x00agent\x00--config\x00/etc/flag.yaml\x00",
			"/proc/7/environ": "K3S_CONFIG_FILE=/etc/env.yaml\x00K3S_TOKEN=secret\x00",
			"/etc/systemd/system/k3s-agent.service.env": "K3S_CONFIG_FILE=/etc/unit.yaml\n",
			"/etc/env.yaml":          "private-registry: /etc/env-registries.yaml\nservice-cidr: [fd00::/108]\n",
			"/etc/env.yaml.d/a.yaml": "service-cidr+: [\"10.0.0.0/16\"]\n",
			"/etc/flag.yaml":         "embedded-registry: true\n",
			"/etc/unit.yaml":         "embedded-registry: true\n",
		}, want: Node{
			Distribution: K3s, DataDir: "/var/lib/rancher/k3s", Unit: "k3s-agent", LogPath: "/var/lib/rancher/k3s/agent/containerd/containerd.log",
			Flags: Flags{PrivateRegistry: "/etc/env-registries.yaml"},
		}},
		{name: "two units, one that starts at boot", files: map[string]string{
			"/etc/systemd/system/k3s.service":                               "[Service]\n",
			"/etc/systemd/system/k3s-agent.service":                         "[Service]\n",
			"/etc/systemd/system/multi-user.target.wants/k3s-agent.service": "[Service]\n",
		}, want: Node{Distribution: K3s, DataDir: "/var/lib/rancher/k3s", Unit: "k3s-agent", LogPath: "/var/lib/rancher/k3s/agent/containerd/containerd.log"}},
		{name: "a server's data and no unit", files: map[string]string{
			"/var/lib/rancher/rke2/server/tls/server-ca.crt": "",
			"/var/lib/rancher/rke2/agent/x":                  "",
		}, want: Node{Distribution: RKE2, DataDir: "/var/lib/rancher/rke2", Unit: "rke2-server", LogPath: "/var/lib/rancher/rke2/agent/containerd/containerd.log"}},
		{name: "rke2", files: map[string]string{
			"/etc/rancher/rke2/registries.yaml":                  "",
			"/usr/local/lib/systemd/system/rke2-server.service":  "[Service]\nExecStart=/usr/local/bin/rke2 server\n",
			"/etc/containerd/config.toml":                        "",
			"/var/lib/rancher/rke2/agent/etc/containerd/certs.d": "",
		}, want: Node{
			Distribution: RKE2, DataDir: "/var/lib/rancher/rke2", Unit: "rke2-server",
			LogPath: "/var/lib/rancher/rke2/agent/containerd/containerd.log",
		}},
		{name: "plain containerd, Docker's beside it", files: map[string]string{
			"/etc/containerd/config.toml": "",
			"/proc/8/cmdline":             "containerd\x00--config\x00/var/run/docker/containerd/containerd.toml\x00",
			"/proc/8/environ":             "HTTP_PROXY=http://192.0.2.8:3128\x00",
			"/proc/9/cmdline":             "/usr/bin/containerd\x00--config=/etc/other.toml\x00",
			"/proc/9/environ":             "",
		}, want: Node{Distribution: Containerd, ConfigTOML: "/etc/other.toml"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got := ReadNode(nodeFS(tc.files))
			ignore := cmpopts.IgnoreFields(Node{}, "FS", "Sources")
			if diff := cmp.Diff(&tc.want, got, ignore, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReadNodeWithoutFiles(t *testing.T) {
	node := ReadNode(nil)
	ref, _ := ParseReference("nginx")
	endpoints, err := Load(node).Endpoints(ref)
	if err != nil || len(endpoints) != 1 || endpoints[0].URL() != "https://registry-1.docker.io/v2" {
		t.Errorf("endpoints %v, error %v", endpoints, err)
	}
}

// TestReadNodeDenied: that a folder may not be looked into is no proof that nothing is there.
func TestReadNodeDenied(t *testing.T) {
	n := ReadNode(deniedBelow{"var/lib/rancher/"})
	if len(n.Sources) != 1 || n.Sources[0].Path != "/var/lib/rancher" || n.Sources[0].Status != StatusUnreadable {
		t.Errorf("%+v", n.Sources)
	}
}

// deniedBelow has nothing but a folder that refuses to be looked into.
type deniedBelow struct{ dir string }

func (d deniedBelow) Open(name string) (fs.File, error) {
	err := fs.ErrNotExist
	if strings.HasPrefix(name, d.dir) {
		err = fs.ErrPermission
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: err}
}

// A broken config.yaml is named and hides nothing else.
func TestReadNodeBrokenFlags(t *testing.T) {
	node := ReadNode(nodeFS(map[string]string{
		"/etc/rancher/k3s/config.yaml":         "embedded-registry: true\n\tx: y\n",
		"/etc/rancher/k3s/config.yaml.d/a.yml": "disable-default-registry-endpoint: true\n",
	}))
	if !node.Flags.DisableDefaultEndpoint {
		t.Error("the file in config.yaml.d was not read")
	}
	want := Source{Path: "/etc/rancher/k3s/config.yaml", Kind: KindConfigYAML, Status: StatusUnreadable}
	for _, s := range node.Sources {
		if s.Path == want.Path && s.Status == want.Status && s.Detail != "" {
			return
		}
	}
	t.Errorf("sources %+v lack %+v", node.Sources, want)
}

// TestStarted: when the agent began, by the kernel's own count.
func TestStarted(t *testing.T) {
	files := map[string]string{
		"/proc/stat":      "cpu  1 2 3\nintr 5\nbtime 1767225600\nprocesses 9\n",
		"/proc/7/cmdline": "/usr/local/bin/k3s\x00server\x00",
		"/proc/7/stat":    "7 (k3s) server) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 12 0 4250 1 2\n",
	}
	if got := ReadNode(nodeFS(files)).Started.Format(time.RFC3339); got != "2026-01-01T00:00:42Z" {
		t.Errorf("started %s", got)
	}
	files["/proc/7/stat"] = "7 (k3s) S 1\n"
	if got := ReadNode(nodeFS(files)).Started; !got.IsZero() {
		t.Errorf("started %s without saying so", got)
	}
}

// The sources say which flag was found where, and only the one that counts.
func TestSourcesOfFlags(t *testing.T) {
	node := ReadNode(nodeFS(map[string]string{
		"/etc/rancher/k3s/config.yaml":          "embedded-registry: true\ndisable-default-registry-endpoint: true\ntoken: secret\n",
		"/etc/rancher/k3s/config.yaml.d/9.yaml": "private-registry: /etc/r.yaml\n",
		"/etc/systemd/system/k3s.service":       "[Service]\nExecStart=/usr/local/bin/k3s server --disable-default-registry-endpoint=false\n",
		"/proc/7/cmdline":                       "/usr/local/bin/k3s\x00server\x00--data-dir=/data\x00",
	}))
	got := map[string]string{}
	for _, s := range node.Sources {
		if s.Detail != "" {
			got[s.Path] = s.Detail
		}
	}
	want := map[string]string{
		"/etc/rancher/k3s/config.yaml":          "embedded-registry=true",
		"/etc/rancher/k3s/config.yaml.d/9.yaml": "private-registry=/etc/r.yaml",
		"/etc/systemd/system/k3s.service":       "disable-default-registry-endpoint=false",
		"/proc/7/cmdline":                       "data-dir=/data",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// What is no regular file of a sane size is refused at once.
func TestReadLimited(t *testing.T) {
	node := nodeFS(map[string]string{"/large": string(make([]byte, maxConfigSize+1)), "/dir/file": ""})
	node["pipe"] = &fstest.MapFile{Mode: fs.ModeNamedPipe}
	for abs, want := range map[string]string{
		"/large": "is larger than 1024 KiB", "/dir": "is a directory", "/pipe": "is not a regular file", "/absent": "no such file or directory",
	} {
		_, err := readLimited(node, abs, maxConfigSize)
		if err == nil || bare(err).Error() != want {
			t.Errorf("%s: error %v, want %q", abs, err, want)
		}
	}
}

// Variables that K3s gives to containerd under other names win; containerd's own
// environment knows no such names.
func TestPickEnvironment(t *testing.T) {
	all := map[string]string{"HTTP_PROXY": "a", "CONTAINERD_HTTP_PROXY": "b", "CONTAINERD_X": "c", "K3S_TOKEN": "d", "no_proxy": "e"}
	for parent, want := range map[bool]map[string]string{
		true:  {"HTTP_PROXY": "b", "no_proxy": "e"},
		false: {"HTTP_PROXY": "a", "no_proxy": "e"},
	} {
		if diff := cmp.Diff(want, pickEnvironment(all, parent)); diff != "" {
			t.Errorf("parent %t (-want +got):\n%s", parent, diff)
		}
	}
}
