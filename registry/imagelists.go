package registry

import (
	"path"
	"strings"
)

// maxImageList is ample for a list of every image of a cluster.
const maxImageList = 4 << 20

// ListedImages are the images that the lists in the agent's images directory name, which
// K3s and RKE2 pull at their start. Lines that are no reference are passed over, as there.
// (k3s pkg/agent/containerd/containerd.go, preloadFile)
func (n *Node) ListedImages() []Reference {
	if !n.isK3s() {
		return nil
	}
	f := newFiles(n.FS)
	dir := path.Join(n.dataDir(), "agent/images")
	var all []Reference
	for _, entry := range f.list(dir) {
		if !strings.HasSuffix(entry.Name(), ".txt") {
			continue
		}
		text, err := readLimited(f.fs, path.Join(dir, entry.Name()), maxImageList)
		if err != nil {
			continue
		}
		for line := range strings.Lines(string(text)) {
			if ref, err := ParseReference(strings.TrimSpace(line)); err == nil {
				all = append(all, ref)
			}
		}
	}
	return all
}
