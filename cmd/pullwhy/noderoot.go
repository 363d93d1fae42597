package main

import (
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"sync"
)

// A nodeRoot is a hostRoot for one look at the node: it resolves each directory once, which
// leaves two system calls of thirty for each of a thousand files.
type nodeRoot struct {
	hostRoot
	dirs sync.Map // of names to paths
}

func newNodeRoot(dir string) *nodeRoot {
	return &nodeRoot{hostRoot: hostRoot(dir)}
}

// Open implements [fs.FS].
func (r *nodeRoot) Open(name string) (fs.File, error) {
	file, info, err := r.find("open", name)
	if err != nil {
		return nil, err
	}
	return r.open(name, file, info)
}

// Stat implements [fs.StatFS]. Links are followed.
func (r *nodeRoot) Stat(name string) (fs.FileInfo, error) {
	_, info, err := r.find("stat", name)
	return info, err
}

// find resolves a name, links in it and at its end included.
func (r *nodeRoot) find(op, name string) (string, fs.FileInfo, error) {
	if !fs.ValidPath(name) {
		return "", nil, &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	file, err := r.entry(op, name)
	if err != nil {
		return "", nil, err
	}
	info, err := os.Lstat(file)
	if err == nil && info.Mode()&fs.ModeSymlink != 0 {
		if file, err = r.resolve(op, name); err == nil {
			info, err = os.Stat(file)
		}
	}
	return file, info, r.named(name, err)
}

// entry is the path of a name whose last element may be a link.
func (r *nodeRoot) entry(op, name string) (string, error) {
	if name == "." {
		return string(r.hostRoot), nil
	}
	parent := path.Dir(name)
	dir, known := r.dirs.Load(parent)
	if !known {
		file, err := r.entry(op, parent)
		if err != nil {
			return "", err
		}
		if info, err := os.Lstat(file); err == nil && info.Mode()&fs.ModeSymlink != 0 {
			if file, err = r.resolve(op, parent); err != nil {
				return "", err
			}
		}
		r.dirs.Store(parent, file)
		dir = file
	}
	return filepath.Join(dir.(string), filepath.FromSlash(path.Base(name))), nil
}
