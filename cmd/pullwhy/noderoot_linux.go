package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// A nodeRoot is a hostRoot inside which the kernel resolves names: one system call where
// hostRoot makes thirty, for each of a thousand files. (openat2(2), RESOLVE_IN_ROOT)
type nodeRoot struct {
	hostRoot
	dir *os.File // nil: hostRoot does it all
}

func newNodeRoot(dir string) *nodeRoot {
	f, err := os.Open(dir)
	if err != nil {
		f = nil // hostRoot says why, for each file
	}
	return &nodeRoot{hostRoot(dir), f}
}

// Open implements [fs.FS]. What is no regular file is opened too, but not waited for.
func (r *nodeRoot) Open(name string) (fs.File, error) {
	file, err := r.openIn(name, unix.O_RDONLY|unix.O_NONBLOCK)
	switch {
	case err != nil:
		return nil, &fs.PathError{Op: "open", Path: "/" + name, Err: err}
	case file == nil:
		return r.hostRoot.Open(name)
	}
	return file, nil
}

// Stat implements [fs.StatFS]. Links are followed.
func (r *nodeRoot) Stat(name string) (fs.FileInfo, error) {
	file, err := r.openIn(name, unix.O_PATH)
	if err != nil {
		return nil, &fs.PathError{Op: "stat", Path: "/" + name, Err: err}
	}
	if file == nil {
		return r.hostRoot.Stat(name)
	}
	defer file.Close()
	return file.Stat()
}

// openIn opens what name is below the root; nil where hostRoot is to be asked: the kernel
// can't, or may not, or the name is none.
func (r *nodeRoot) openIn(name string, flags uint64) (*os.File, error) {
	if r.dir == nil || !fs.ValidPath(name) {
		return nil, nil
	}
	fd, err := unix.Openat2(int(r.dir.Fd()), name, &unix.OpenHow{Flags: flags | unix.O_CLOEXEC, Resolve: unix.RESOLVE_IN_ROOT})
	switch {
	case err == nil:
		// not the name on the node: where a file system does not tell what its entries are,
		// ReadDir looks them up below it
		return os.NewFile(uintptr(fd), fmt.Sprintf("/proc/self/fd/%d", fd)), nil
	case errors.Is(err, fs.ErrNotExist):
		return nil, err
	}
	return nil, nil
}
