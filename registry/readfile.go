package registry

import "io/fs"

// ReadFile reads a regular file of the node, by its absolute path there, of at most limit
// bytes: a pipe, which would block, is not opened. The error is that of the operating system
// without the path, or says what else is wrong. fsys may be nil for a node without files.
func ReadFile(fsys fs.FS, abs string, limit int64) ([]byte, error) {
	data, err := readLimited(newFiles(fsys).fs, abs, limit)
	if err != nil {
		return nil, bare(err)
	}
	return data, nil
}
