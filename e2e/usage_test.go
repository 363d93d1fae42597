package e2e

import (
	"fmt"
	"os"
	"strings"
	"time"
)

// usage is what a process holds, and has used. (proc(5))
type usage struct {
	KiB         int // resident
	Descriptors int
	Threads     int
	CPU         time.Duration
}

const (
	clockTick      = 10 * time.Millisecond // USER_HZ is 100 on every Linux
	statUser       = 11                    // fields of /proc/PID/stat behind the name, from 0
	statSystem     = 12
	statusResident = "VmRSS:"
	statusThreads  = "Threads:"
)

func (a *soakAgent) usage() usage {
	var u usage
	proc := fmt.Sprintf("/proc/%d/", a.cmd.Process.Pid)
	if open, err := os.ReadDir(proc + "fd"); err == nil {
		u.Descriptors = len(open)
	}
	status, _ := os.ReadFile(proc + "status")
	for line := range strings.Lines(string(status)) {
		_, _ = fmt.Sscanf(line, statusResident+" %d kB", &u.KiB)
		_, _ = fmt.Sscanf(line, statusThreads+" %d", &u.Threads)
	}
	stat, _ := os.ReadFile(proc + "stat")
	_, behind, _ := strings.Cut(string(stat), ") ")
	if fields := strings.Fields(behind); len(fields) > statSystem {
		var user, system time.Duration
		_, _ = fmt.Sscan(fields[statUser], (*int64)(&user))
		_, _ = fmt.Sscan(fields[statSystem], (*int64)(&system))
		u.CPU = (user + system) * clockTick
	}
	return u
}
