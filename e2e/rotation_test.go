package e2e

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"time"
)

// A rotatingLog is containerd.log as K3s writes it: renamed away when it is large, and begun
// anew. (natefinch/lumberjack)
type rotatingLog struct {
	mu        sync.Mutex
	file      *os.File
	size      int
	lines     int
	rotations int
}

const (
	rotateAt = 4 << 20
	keptLogs = 3
)

// Write implements [io.Writer].
func (l *rotatingLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.size+len(p) > rotateAt {
		if err := l.turnOver(); err != nil {
			return 0, err
		}
	}
	if l.file == nil {
		file, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return 0, err
		}
		l.file = file
	}
	l.size += len(p)
	l.lines += strings.Count(string(p), "\n")
	return l.file.Write(p)
}

func (l *rotatingLog) rotate() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.turnOver()
}

// turnOver renames the file away, and removes the oldest one where there are too many.
func (l *rotatingLog) turnOver() error {
	if l.file == nil {
		return nil
	}
	if err := l.file.Close(); err != nil {
		return err
	}
	l.file, l.size = nil, 0
	l.rotations++
	_ = os.Remove(rotated(l.rotations - keptLogs))
	return os.Rename(logPath, rotated(l.rotations))
}

// rotated is the name of the file that was rotated away as the n-th.
func rotated(n int) string {
	at := time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC).Add(time.Duration(n) * time.Second)
	return strings.TrimSuffix(logPath, ".log") + at.Format("-2006-01-02T15-04-05.000") + ".log"
}

// pace is how fast noise comes: 50,000 lines a second, fifty times what a busy node logs.
const (
	pace      = 20 * time.Millisecond
	paceLines = 1000
)

// noise is what containerd logs beside pulls.
func (l *rotatingLog) noise(lines int) error {
	const line = "time=\"%s\" level=info msg=\"StopPodSandbox for \\\"%064x\\\" returns successfully\"\n"
	ticker := time.NewTicker(pace)
	defer ticker.Stop()
	for i := range lines {
		if i%paceLines == 0 {
			<-ticker.C
		}
		if _, err := fmt.Fprintf(l, line, time.Now().Format(time.RFC3339Nano), i); err != nil {
			return err
		}
	}
	return nil
}
