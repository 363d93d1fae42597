package registry

import (
	"strings"
	"testing"
)

// TestBootstrapEndpoints: where RKE2's own pull asks elsewhere than containerd, and that it
// says nothing where both ask the same.
func TestBootstrapEndpoints(t *testing.T) {
	const hubImage, ownImage = "rancher/rke2-runtime:v1", "registry.example.com/rancher/rke2-runtime:v1"
	const mirror = "mirrors:\n  docker.io:\n    endpoint: [https://mirror.example.com]\n"
	for _, tc := range []struct {
		name, text, image, flags string
		want                     []string // URL, user and key that gave the credentials
	}{
		{name: "the same", text: mirror, image: hubImage},
		{name: "no file", image: hubImage},
		{name: "Docker Hub's credentials", text: "configs:\n  docker.io:\n    auth: {username: you, password: x}\n", image: hubImage,
			want: []string{"https://index.docker.io/v2/rancher/rke2-runtime/manifests/v1 you docker.io"}},
		{name: "credentials under both names", text: "configs:\n  docker.io: &a\n    auth: {username: you, password: x}\n  registry-1.docker.io: *a\n", image: hubImage},
		{name: "the flag is not consulted", text: mirror, flags: "disable-default-registry-endpoint: true\n", image: hubImage,
			want: []string{"https://mirror.example.com/v2/rancher/rke2-runtime/manifests/v1?ns=docker.io", "https://index.docker.io/v2/rancher/rke2-runtime/manifests/v1"}},
		{name: "the embedded registry is containerd's", text: mirror, flags: "embedded-registry: true\n", image: hubImage,
			want: []string{"https://mirror.example.com/v2/rancher/rke2-runtime/manifests/v1?ns=docker.io", "https://index.docker.io/v2/rancher/rke2-runtime/manifests/v1"}},
		{name: "index.docker.io as a name", text: "mirrors:\n  index.docker.io:\n    endpoint: [https://mirror.example.com]\n", image: hubImage,
			want: []string{"https://mirror.example.com/v2/rancher/rke2-runtime/manifests/v1?ns=docker.io", "https://index.docker.io/v2/rancher/rke2-runtime/manifests/v1"}},
		{name: "an empty entry keeps from the wildcard", text: "mirrors:\n  docker.io:\n  \"*\":\n    endpoint: [https://mirror.example.com]\n", image: hubImage,
			want: []string{"https://index.docker.io/v2/rancher/rke2-runtime/manifests/v1"}},
		{name: "port 443 under the bare host, and the wildcard's credentials", image: ownImage,
			text: "mirrors:\n  registry.example.com:443:\n    endpoint: [https://mirror.example.com/v2/]\n    rewrite: {\"^rancher/(.*)\": \"team/$1\"}\nconfigs:\n  \"*\":\n    auth: {username: you, password: x}\n",
			want: []string{"https://mirror.example.com/v2/team/rke2-runtime/manifests/v1?ns=registry.example.com you *", "https://registry.example.com/v2/rancher/rke2-runtime/manifests/v1 you *"}},
		{name: "refused file", text: "mirrors: [\n", image: hubImage},
	} {
		t.Run(tc.name, func(t *testing.T) {
			config := Load(ReadNode(nodeFS(map[string]string{"/etc/rancher/rke2/registries.yaml": tc.text, "/etc/rancher/rke2/config.yaml": tc.flags})))
			ref, err := ParseReference(tc.image)
			if err != nil {
				t.Fatal(err)
			}
			containerd, _ := config.Endpoints(ref)
			var got []string
			for _, e := range config.BootstrapEndpoints(ref, containerd) {
				got = append(got, strings.TrimSpace(strings.Join([]string{e.ManifestURL(ref.Identifier()), e.Auth.Username, e.Auth.From}, " ")))
			}
			if strings.Join(got, "\n") != strings.Join(tc.want, "\n") {
				t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(tc.want, "\n"))
			}
		})
	}
	k3s := Load(ReadNode(nodeFS(map[string]string{"/etc/rancher/k3s/registries.yaml": "configs:\n  docker.io:\n    auth: {username: you, password: x}\n"})))
	ref, _ := ParseReference(hubImage)
	if got := k3s.BootstrapEndpoints(ref, nil); got != nil {
		t.Errorf("on K3s: %v", got)
	}
}
