package logparse

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
)

const maxLooks = 8 // at files that are being rotated

// errMoving says that files were rotated at each look.
var errMoving = errors.New("files are being rotated")

// A view is all files of a log at one moment, opened.
type view struct {
	rotated []*logFile // oldest first
	live    *logFile   // nil: there is none
	taken   *logFile
}

// look opens the live log at livePath and its rotated files, and looks again where they
// changed places meanwhile.
func look(livePath, name string) (*view, error) {
	for range maxLooks {
		v, stable, err := lookOnce(livePath, name)
		if err != nil || stable {
			return v, err
		}
		v.close()
	}
	return nil, errMoving
}

func lookOnce(livePath, name string) (v *view, stable bool, err error) {
	folder, base := filepath.Split(livePath)
	before, err := siblingsIn(folder, base)
	if err != nil {
		return nil, false, err
	}
	v = &view{}
	for _, s := range before {
		l, err := openLog(filepath.Join(folder, s.file), path.Join(path.Dir(name), s.file), s.compressed)
		if errors.Is(err, fs.ErrNotExist) {
			return v, false, nil
		}
		if err != nil { // nobody knows what it holds
			continue
		}
		l.rotated = true
		v.rotated = append(v.rotated, l)
	}
	v.live, err = openLog(livePath, name, false)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		v.close()
		return nil, false, err
	}
	after, err := siblingsIn(folder, base)
	return v, err == nil && slices.Equal(before, after) && v.stands(folder, livePath), nil
}

func siblingsIn(folder, base string) ([]sibling, error) {
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	return siblings(entries, base), err
}

// stands reports whether every file is still where it was opened.
func (v *view) stands(folder, livePath string) bool {
	for _, l := range v.rotated {
		if !l.standsAt(filepath.Join(folder, path.Base(l.name))) {
			return false
		}
	}
	return v.live == nil || v.live.standsAt(livePath)
}

func (l *logFile) standsAt(path string) bool {
	now, err := os.Stat(path)
	return err == nil && os.SameFile(now, l.info)
}

// isLive reports whether the file that begins with head is the live one, or a copy that is
// being made of it.
func (v *view) isLive(head []byte) bool { return v.live != nil && alike(v.live.head, head) }

// copyOf is the newest copy of the file that begins with head, nil for none.
func (v *view) copyOf(head []byte) *logFile {
	for _, s := range slices.Backward(v.rotated) {
		if alike(s.head, head) {
			return s
		}
	}
	return nil
}

// take keeps one file open.
func (v *view) take(l *logFile) *logFile {
	v.taken = l
	return l
}

// close closes all files but the one that was taken.
func (v *view) close() {
	for _, l := range append(v.rotated, v.live) {
		if l != v.taken {
			l.close()
		}
	}
}
