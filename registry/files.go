package registry

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"
)

// No file that a node's runtime is configured by comes near these sizes; what does is
// refused, so that memory stays bounded whatever lies there.
const (
	maxConfigSize      = 1 << 20
	maxCertificateSize = 4 << 20
)

// files reads the node's files and keeps account of them.
type files struct {
	fs      fs.FS
	sources []Source
	boot    int64 // of the kernel; 0: not read
}

// nothing is a node without files.
type nothing struct{}

func (nothing) Open(name string) (fs.File, error) {
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

func newFiles(fsys fs.FS) *files {
	if fsys == nil {
		fsys = nothing{}
	}
	return &files{fs: fsys}
}

// name is an absolute path on the node as fs.FS wants it.
func name(abs string) string {
	if n := strings.TrimPrefix(path.Clean("/"+abs), "/"); n != "" {
		return n
	}
	return "."
}

// read returns a file that is expected to stand at abs, and notes what became of it.
func (f *files) read(abs, kind string, limit int64) ([]byte, error) {
	data, err := readLimited(f.fs, abs, limit)
	f.note(abs, kind, err)
	return data, err
}

// readAny is read for a file that may well be absent, which is not noted.
func (f *files) readAny(abs, kind string, limit int64) ([]byte, error) {
	data, err := readLimited(f.fs, abs, limit)
	if !errors.Is(err, fs.ErrNotExist) {
		f.note(abs, kind, err)
	}
	return data, err
}

func (f *files) note(abs, kind string, err error) {
	s := Source{Path: WithoutUserinfo(abs), Kind: kind, Status: StatusRead}
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.Status = StatusAbsent
	case err != nil:
		s.Status, s.Detail = StatusUnreadable, bare(err).Error()
	}
	f.sources = append(f.sources, s)
}

// complain marks the file as read in vain. Why may quote a part of it.
func (f *files) complain(abs, detail string) {
	for i := range f.sources {
		if f.sources[i].Path == WithoutUserinfo(abs) {
			f.sources[i].Status, f.sources[i].Detail = StatusUnreadable, WithoutUserinfo(detail)
		}
	}
}

func (f *files) exists(abs string) bool {
	_, err := fs.Stat(f.fs, name(abs))
	return err == nil
}

func (f *files) isDir(abs string) bool {
	info, err := fs.Stat(f.fs, name(abs))
	return err == nil && info.IsDir()
}

// list returns the entries of a directory, none if it cannot be read.
func (f *files) list(abs string) []fs.DirEntry {
	entries, _ := fs.ReadDir(f.fs, name(abs))
	return entries
}

// readLimited reads a regular file of at most limit bytes.
func readLimited(fsys fs.FS, abs string, limit int64) ([]byte, error) {
	file, info, err := openRegular(fsys, abs)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var data bytes.Buffer
	data.Grow(int(min(info.Size(), limit)) + bytes.MinRead)
	n, err := data.ReadFrom(io.LimitReader(file, limit+1))
	if err == nil && n > limit {
		err = &fs.PathError{Op: "read", Path: name(abs), Err: fmt.Errorf("is larger than %d KiB", limit>>10)}
	}
	if err != nil {
		return nil, err
	}
	return data.Bytes(), nil
}

// openRegular opens a regular file, and refuses what is none.
func openRegular(fsys fs.FS, abs string) (fs.File, fs.FileInfo, error) {
	for i := range abs { // the name of what is opened has no .. any more
		if strings.HasPrefix(abs[i:], "/../") {
			if _, err := fs.Stat(fsys, name(abs[:i])); err != nil {
				return nil, nil, err
			}
		}
	}
	file, err := fsys.Open(name(abs))
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = &fs.PathError{Op: "read", Path: name(abs), Err: errors.New("is a directory")}
	case !info.Mode().IsRegular():
		err = &fs.PathError{Op: "read", Path: name(abs), Err: errors.New("is not a regular file")}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return file, info, nil
}

// bare is the cause of a file error without the path, and a missing file in the words of
// the operating system, whatever file system said it.
func bare(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return errors.New("no such file or directory")
	}
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err
	}
	return err
}

// openError is err as os.ReadFile on the node itself would word it.
func openError(abs string, err error) string {
	op := "open"
	if p, ok := errors.AsType[*fs.PathError](err); ok && p.Op == "read" {
		op = "read"
	}
	return op + " " + abs + ": " + bare(err).Error()
}
