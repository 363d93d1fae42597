package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	securejoin "github.com/cyphar/filepath-securejoin"
)

// A hostRoot is the node's filesystem as an [fs.FS]. Links are resolved inside it, as
// chroot would, and never lead out of it; what is neither file nor directory is not
// opened, for a pipe would wait for ever.
type hostRoot string

var errIrregular = errors.New("neither a regular file nor a directory")

// checkHostRoot refuses a slip of the keyboard, of which a node without files would come.
func checkHostRoot(dir string) error {
	info, err := os.Stat(dir)
	switch {
	case err != nil:
		return fmt.Errorf("reading the node below --host-root: %w", err)
	case !info.IsDir():
		return fmt.Errorf("reading the node below --host-root: %q is no directory", dir)
	}
	return nil
}

// Open implements [fs.FS].
func (r hostRoot) Open(name string) (fs.File, error) {
	path, err := r.resolve("open", name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, r.named(name, err)
	}
	if !info.Mode().IsRegular() && !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: "/" + name, Err: errIrregular}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, r.named(name, err)
	}
	return f, nil
}

// Stat implements [fs.StatFS]. Links are followed.
func (r hostRoot) Stat(name string) (fs.FileInfo, error) {
	path, err := r.resolve("stat", name)
	if err != nil {
		return nil, err
	}
	info, err := os.Stat(path)
	return info, r.named(name, err)
}

// ReadLink implements [fs.ReadLinkFS].
func (r hostRoot) ReadLink(name string) (string, error) {
	path, err := r.resolveParent("readlink", name)
	if err != nil {
		return "", err
	}
	target, err := os.Readlink(path)
	return target, r.named(name, err)
}

// Lstat implements [fs.ReadLinkFS].
func (r hostRoot) Lstat(name string) (fs.FileInfo, error) {
	path, err := r.resolveParent("lstat", name)
	if err != nil {
		return nil, err
	}
	info, err := os.Lstat(path)
	return info, r.named(name, err)
}

func (r hostRoot) resolve(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	path, err := securejoin.SecureJoin(r.absolute(), filepath.FromSlash(name))
	if err != nil {
		return "", r.named(name, err)
	}
	return path, nil
}

// absolute is the root without the dots that it may have been named with, which SecureJoin refuses.
func (r hostRoot) absolute() string {
	abs, err := filepath.Abs(string(r))
	if err != nil { // the working directory is gone
		return string(r)
	}
	return abs
}

// resolveParent resolves all of name but its last element, which may be a link.
func (r hostRoot) resolveParent(op, name string) (string, error) {
	if !fs.ValidPath(name) {
		return "", &fs.PathError{Op: op, Path: name, Err: fs.ErrInvalid}
	}
	dir, base := filepath.Split(filepath.FromSlash(name))
	parent, err := securejoin.SecureJoin(r.absolute(), dir)
	if err != nil {
		return "", r.named(name, err)
	}
	return filepath.Join(parent, base), nil
}

// named puts the node's path into an error, in place of that below the host root.
func (r hostRoot) named(name string, err error) error {
	if pathErr, ok := errors.AsType[*fs.PathError](err); ok {
		return &fs.PathError{Op: pathErr.Op, Path: "/" + name, Err: pathErr.Err}
	}
	return err
}
