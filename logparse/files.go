package logparse

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// Files returns the names of a log's files, oldest first: those that were rotated away and
// stand beside it, compressed or not, and last the live one, whether it is there or not. An
// error says that their folder could not be listed; the live one is returned all the same.
func Files(fsys fs.FS, name string) ([]string, error) {
	folder, base := path.Split(name)
	entries, err := fs.ReadDir(fsys, path.Clean(folder))
	if errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	var names []string
	for _, s := range siblings(entries, base) {
		names = append(names, folder+s.file)
	}
	return append(names, name), err
}

// A sibling is the name of a rotated file.
type sibling struct {
	file       string
	number     int    // of base.1 and so on, the newest one first; 0: it has a date
	date       string // sorts in order of time
	compressed bool
}

const maxSiblings = 64 // the newest ones; runtimes keep three

// siblings are a log's rotated files among those of its folder, oldest first. Where a file
// stands there compressed and not, the compressed one may not be whole yet, and is left out.
func siblings(entries []fs.DirEntry, base string) []sibling {
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
	return all[max(0, len(all)-maxSiblings):]
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

const (
	// backupTime is how lumberjack names rotated files, in UTC. (natefinch/lumberjack
	// lumberjack.go)
	backupTime = "2006-01-02T15-04-05.000"
	// backupDay is how logrotate does with dateext, in its own zone: the day of the rotation, or
	// with dateyesterday the one before. (logrotate.8)
	backupDay = "20060102"
	dayOff    = 3 * 24 * time.Hour
)

// rotationTime is when the file of that name was rotated away at the latest, and so the time
// of its last line; zero where the name does not tell.
func rotationTime(name string) time.Time {
	name = strings.TrimSuffix(path.Base(name), ".gz")
	if day := name[strings.LastIndexByte(name, '-')+1:]; len(day) == len(backupDay) {
		if t, err := time.Parse(backupDay, day); err == nil {
			return t.Add(dayOff)
		}
	}
	name = strings.TrimSuffix(name, path.Ext(name))
	if len(name) <= len(backupTime) || name[len(name)-len(backupTime)-1] != '-' {
		return time.Time{}
	}
	t, err := time.Parse(backupTime, name[len(name)-len(backupTime):])
	if err != nil {
		return time.Time{}
	}
	return t
}
