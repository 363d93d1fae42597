package logparse

import (
	"cmp"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

const (
	maxSiblings = 64 // the newest ones; runtimes keep three
	maxLooks    = 8  // at files that are being rotated
)

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
	before, err := siblings(folder, base)
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
	after, err := siblings(folder, base)
	return v, err == nil && slices.Equal(before, after) && v.stands(folder, livePath), nil
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

// A sibling is the name of a rotated file.
type sibling struct {
	file       string
	number     int    // of base.1 and so on, the newest one first; 0: it has a date
	date       string // sorts in order of time
	compressed bool
}

// siblings lists a log's rotated files, oldest first: those of lumberjack and of
// logrotate, with dates or numbers. Where a file stands there compressed and not, the
// compressed one may not be whole yet, and is left out.
func siblings(folder, base string) ([]sibling, error) {
	entries, err := os.ReadDir(cmp.Or(folder, "."))
	if err != nil {
		return nil, err
	}
	var all []sibling
	for _, e := range entries {
		if s, ok := siblingOf(base, e.Name()); ok && e.Type().IsRegular() {
			all = append(all, s)
		}
	}
	slices.SortStableFunc(all, func(a, b sibling) int {
		return cmp.Or(cmp.Compare(b.number, a.number), cmp.Compare(a.date, b.date), cmp.Compare(len(a.file), len(b.file)))
	})
	all = slices.CompactFunc(all, func(a, b sibling) bool { return a.number == b.number && a.date == b.date })
	return all[max(0, len(all)-maxSiblings):], nil
}

// siblingOf reads the name of a rotated file of base, such as
// containerd-2006-01-02T15-04-05.000.log.gz (natefinch/lumberjack lumberjack.go),
// containerd.log.1 and containerd.log-20060102.gz (logrotate.8).
func siblingOf(base, file string) (sibling, bool) {
	plain, compressed := strings.CutSuffix(file, ".gz")
	s := sibling{file: file, compressed: compressed}
	ext := path.Ext(base)
	if mark, ok := strings.CutPrefix(plain, base); ok && len(mark) > 1 && (mark[0] == '.' || mark[0] == '-') {
		s.date = mark[1:]
	} else if mark, ok := strings.CutPrefix(strings.TrimSuffix(plain, ext), strings.TrimSuffix(base, ext)+"-"); ok && strings.HasSuffix(plain, ext) {
		s.date = mark
	}
	if s.date == "" || s.date[0] < '0' || s.date[0] > '9' || strings.Trim(s.date, "0123456789T.-") != "" {
		return s, false
	}
	if len(s.date) < len("2006") {
		for _, digit := range s.date {
			s.number = 10*s.number + int(digit-'0')
		}
		s.date = ""
	}
	return s, true
}
