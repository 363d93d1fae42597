package probe

import (
	"io/fs"
	"path"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// maxFile bounds every file that is read from the node, in bytes: CA stores have some 250 KB.
const maxFile = 8 << 20

// readFile reads an absolute path of the node; root may be nil for one without files.
func readFile(root fs.FS, name string) ([]byte, error) { return registry.ReadFile(root, name, maxFile) }

// rooted is name as fs.FS wants it: without the leading slash.
func rooted(name string) string {
	return strings.TrimPrefix(path.Join("/", name), "/")
}
