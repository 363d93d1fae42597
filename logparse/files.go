package logparse

import (
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

// backupTime is how rotated files are named, in UTC. (natefinch/lumberjack lumberjack.go)
const backupTime = "2006-01-02T15-04-05.000"

// Files returns the names of a log's files, oldest first: those that were rotated away and
// stand beside it, compressed or not, and last the live one, whether it is there or not.
func Files(fsys fs.FS, name string) []string {
	folder, base := path.Split(name)
	stem := strings.TrimSuffix(base, path.Ext(base)) + "-"
	entries, _ := fs.ReadDir(fsys, path.Clean(folder)) // what cannot be listed shows when the live file is opened
	byTime := map[time.Time]string{}
	var times []time.Time
	for _, e := range entries {
		t := rotationTime(e.Name())
		if t.IsZero() || !strings.HasPrefix(e.Name(), stem) || len(e.Name()) > len(stem)+len(backupTime)+len(path.Ext(base))+len(".gz") {
			continue
		}
		if _, twice := byTime[t]; !twice {
			times = append(times, t)
		}
		// while a file is compressed it stands there twice, and the result is not whole
		if byTime[t] == "" || strings.HasSuffix(byTime[t], ".gz") {
			byTime[t] = folder + e.Name()
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	var names []string
	for _, t := range times {
		names = append(names, byTime[t])
	}
	return append(names, name)
}

// rotationTime is when the file of that name was rotated away, and so the time of its last
// line; zero where the name does not tell.
func rotationTime(name string) time.Time {
	name = path.Base(name)
	name = strings.TrimSuffix(name, ".gz")
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
