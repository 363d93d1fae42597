package e2e

import (
	"slices"

	"github.com/google/go-containerregistry/pkg/v1/remote"
	cri "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// What most scenarios pull, and from where. (k3s docs: a mirror of Docker Hub is the most
// frequent entry of registries.yaml.)
const (
	image       = "docker.io/team/app:1.4.2"
	mirrorHost  = "mirror.example.com:5000"
	secondHost  = "mirror2.example.com:5000"
	privateHost = "registry.example.com:5000"
	tokenHost   = "auth.example.com:443"
	blobHost    = "blobs.example.com:9000"
	proxyHost   = "proxy.example.com:3128"
	hubHost     = "registry-1.docker.io:443"
	quayHost    = "quay.io:443"
	peersHost   = "127.0.0.1:6443" // K3s' distributed registry, on every node that has it

	mirrorURL = "https://" + mirrorHost
	secondURL = "https://" + secondHost
	hubURL    = "https://registry-1.docker.io"
)

// What the endpoints of a scenario say, as it stands in attempts.
const (
	atMirror  = " " + mirrorURL
	atSecond  = " " + secondURL
	hubDenies = "auth_missing " + hubURL
	hubMisses = "not_found " + hubURL
)

// A scenario is one node with a fault, and what must be said of it.
type scenario struct {
	name       string
	registries string            // registries.yaml
	files      map[string]string // further ones of the node, by path
	env        []string          // of containerd
	embedded   bool              // K3s' distributed registry is on
	disk       string            // room for what is pulled, as tmpfs has it; "" for enough
	pulls      []string          // images, all at once; nil: image
	secret     *cri.AuthConfig   // credentials of the pod's own, if any

	names map[string][]string // addresses of names that are not as usual; none: it does not exist
	deaf  []string            // names at which the name server fails
	wide  bool                // there is more than loopback: a host that drops all, a host that is down
	sites map[string]site     // by host:port; those not named here answer as usual
	hub   int                 // status of Docker Hub's answer; 0: it denies that there is a repository, as it does to strangers
	lacks bool                // the registry behind the sites holds nothing
	holds []string            // what it holds; nil: what is pulled
	make  func() (remote.Taggable, error)

	change func(*stage) error // between the pull and the diagnosis
	again  bool               // and then pulls once more
	patch  []build            // on which what --fix-diff prints mends it, and the pull then succeeds
	want   want
}

// want is the report as staged.
type want struct {
	verdict  string   // "": failing
	pulls    []told   // in any order
	findings []string // errors and warnings besides the root causes, "cause severity" or "code severity"
}

// told is what must be said of one image.
type told struct {
	image           string   // "": the usual one
	status          string   // "": failing
	cause, endpoint string   // of the root; "" for a pull that never failed
	also            []string // codes of the configuration's mistakes behind it
	hidden          []string // builds in which Kubernetes is told something else
	attempts        []string // "cause endpoint", in containerd's order; nil for none

	on map[string]told // what differs on a build
}

// of is what must be said on that build.
func (t told) of(build string) told {
	variant, differs := t.on[build]
	if !differs {
		variant = t
	}
	if variant.image == "" {
		variant.image = image
	}
	if variant.status == "" {
		variant.status = "failing"
	}
	return variant
}

var (
	firstGeneration = []string{"1.6", "1.7-k3s"}
	second          = []string{"2.4"}
)

var scenarios = slices.Concat(tlsScenarios, authScenarios, networkScenarios, answerScenarios, contentScenarios, orderScenarios, configScenarios, healthyScenarios)

// Settings of a node that are used again and again.
const (
	mirrored = `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
`

	trusting = `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
configs:
  "mirror.example.com:5000":
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`

	withPassword = trusting + `    auth:
      username: puller
      password: ` + password + "\n"

	overHTTP = `mirrors:
  docker.io:
    endpoint:
      - http://mirror.example.com:5000
`

	twoMirrors = `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
      - https://mirror2.example.com:5000
configs:
  "mirror.example.com:5000":
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
  "mirror2.example.com:5000":
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`
)

// Secrets of the stage, which no output may hold.
const (
	password  = "open-sesame-7f3a"
	wrongPass = "open-barley-7f3a"
	signature = "signed-by-the-store-7f3a"
)

// at is the mirror alone, as a scenario's sites.
func at(mirror site) map[string]site { return map[string]site{mirrorHost: mirror} }
