package probe

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// maxFile bounds every file that is read from the node: CA stores have some 250 KB.
const maxFile = 8 << 20

// readFile reads an absolute path of the node. Only regular files are opened: a pipe
// would block.
func readFile(root fs.FS, name string) ([]byte, error) {
	if root == nil {
		return nil, fs.ErrNotExist
	}
	name = rooted(name)
	info, err := fs.Stat(root, name)
	switch {
	case err != nil:
		return nil, bare(err)
	case info.IsDir():
		return nil, errors.New("is a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("is not a regular file")
	}
	f, err := root.Open(name)
	if err != nil {
		return nil, bare(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxFile+1))
	if len(data) > maxFile {
		return nil, fmt.Errorf("larger than %d bytes", maxFile)
	}
	return data, err
}

// rooted is name as fs.FS wants it: without the leading slash.
func rooted(name string) string {
	return strings.TrimPrefix(path.Join("/", name), "/")
}

// bare drops the path from err, where it stands without the leading slash.
func bare(err error) error {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}
