package registry

import (
	"io/fs"
	"time"
)

// Distributions of a node.
const (
	K3s        = "k3s"
	RKE2       = "rke2"
	Containerd = "containerd"
	Unknown    = "unknown"
)

// A Node is what the node's files say about its container runtime.
type Node struct {
	Root              string // where this node's filesystem is mounted for whoever types a command; "" is /
	FS                fs.FS  // the host root; names have no leading slash
	Hostname          string // /etc/hostname; "" unknown
	Distribution      string // K3s, RKE2, Containerd or Unknown
	DataDir           string // /var/lib/rancher/k3s; "" for plain containerd
	ContainerdVersion string // v2.1.5-k3s1; "" unknown
	Unit              string // the systemd unit that runs it: k3s, k3s-agent, rke2-server, containerd; "" unknown
	Flags             Flags
	Env               map[string]string // environment of the running containerd, of its parent, or of its unit's files; for the proxy
	EnvSource         string            // where Env came from; "" where it is empty
	EnvFile           string            // the file of the unit that sets the proxy, where it is to be changed; "" where none is seen to
	LogPath           string            // containerd.log, absolute on the node; "" where the runtime logs to the journal
	ConfigTOML        string            // containerd's config.toml, absolute on the node; "" the distribution's default
	Sources           []Source
	Started           time.Time // when the running K3s or RKE2 began; zero where none is seen
	ContainerdStarted time.Time // the same of containerd

	EnvChanges []EnvChange // what a restart would make of Env by changes of the unit's files since the process began
}

// Flags are the settings of the K3s or RKE2 agent that change how images are pulled.
type Flags struct {
	DisableDefaultEndpoint bool   // --disable-default-registry-endpoint
	EmbeddedRegistry       bool   // --embedded-registry
	PrivateRegistry        string // --private-registry; "" the default path
	SupervisorPort         int    // 0: the distribution's default
	IPv6Only               bool   // service-cidr has no IPv4 range
}
