package logparse

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"
)

// kept is how many rotated files stand beside the live one. One is only deleted when it
// was read: whether the follower keeps up with a busy machine is not what is tested.
const kept = 30

// TestFollowRenamed loses and repeats no line however files are renamed and compressed.
func TestFollowRenamed(t *testing.T) {
	date := time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC)
	t.Run("dates", func(t *testing.T) {
		l := newLog(t)
		ends := map[string]int{}
		var names []string
		soakRenamed(l, func(i int) {
			name := "containerd-" + date.Add(time.Duration(i)*time.Millisecond).Format(backupTime) + ".log"
			l.rename(name)
			ends[name] = l.lines
			if names = append(names, name); len(names) > 2 && rand.IntN(2) == 0 {
				old := names[len(names)-2]
				l.compress(old)
			}
			if len(names) > kept {
				l.until("the oldest file", l.has(numbered(ends[names[0]])))
				os.Remove(l.path(names[0]))
				os.Remove(l.path(names[0] + ".gz"))
				names = names[1:]
			}
		})
	})
	t.Run("numbers", func(t *testing.T) {
		l := newLog(t)
		var ends []int
		soakRenamed(l, func(int) {
			l.shift(ends)
			l.rename("containerd.log.1")
			ends = newest(ends, l.lines)
		})
	})
}

func soakRenamed(l *followed, rotate func(i int)) {
	l.write(1)
	defer l.follow(Follower{}).flat()()
	for i := range *rotations {
		for range 1 + rand.IntN(3) {
			l.write(1 + rand.IntN(10))
		}
		rotate(i)
	}
	l.write(1)
	l.until("the last line", l.has(numbered(l.lines)))
	l.wait()
	l.inOrder(func(missing int) bool { return false })
	if len(l.got) != l.lines {
		l.Errorf("%d lines in, %d lines out", l.lines, len(l.got))
	}
}

// flat checks that as many files are open at the end as were once the first line had come.
func (l *followed) flat() (check func()) {
	l.Helper()
	open := func() int {
		all, _ := os.ReadDir("/proc/self/fd") // Linux has it
		return len(all)
	}
	l.until("the first line", l.has(numbered(1)))
	l.looked()
	before := open()
	return func() {
		l.Helper()
		if now := open(); now > before {
			l.Errorf("%d files are open, %d were at the beginning", now, before)
		}
	}
}

// shift makes room for a new containerd.log.1 as logrotate does, with delaycompress. ends
// are the last lines of the rotated files, the newest one first.
func (l *followed) shift(ends []int) {
	if len(ends) == kept {
		last := ends[kept-1]
		l.until("the oldest file", func() bool { return l.upTo(last) })
	}
	for i := min(kept-1, len(ends)); i > 0; i-- {
		name := fmt.Sprintf("containerd.log.%d", i)
		if i == 1 && rand.IntN(2) == 0 {
			l.compress(name)
		}
		for _, ext := range []string{"", ".gz"} {
			os.Remove(l.path(fmt.Sprintf("containerd.log.%d%s", i+1, ext)))
			_ = os.Rename(l.path(name+ext), l.path(fmt.Sprintf("containerd.log.%d%s", i+1, ext)))
		}
	}
}

func newest(ends []int, last int) []int {
	return append([]int{last}, ends[:min(len(ends), kept-1)]...)
}

// upTo reports whether line n or a later one came.
func (l *followed) upTo(n int) bool {
	return len(l.got) > 0 && numberOf(l, l.got[len(l.got)-1]) >= n
}

func numberOf(l *followed, line string) int {
	var n int
	if _, err := fmt.Sscanf(line, "line %d of the log", &n); err != nil || line != numbered(n) {
		l.Errorf("line %q", line)
	}
	return n
}

// inOrder checks that lines came in their order and none twice, and that those missing may
// be.
func (l *followed) inOrder(may func(missing int) bool) (missing int) {
	l.Helper()
	last := 0
	for _, line := range l.got {
		n := numberOf(l, line)
		if n <= last {
			l.Fatalf("line %d came after line %d", n, last)
		}
		for m := last + 1; m < n; m++ {
			missing++
			if !may(m) {
				l.Errorf("line %d is missing", m)
			}
		}
		last = n
	}
	return missing
}

// TestFollowCopied loses no line that a copy or the live file holds, while one goroutine
// writes and another one copies and truncates.
func TestFollowCopied(t *testing.T) {
	l := newLog(t)
	l.write(1)
	defer l.follow(Follower{}).flat()()
	pace, written := make(chan bool), make(chan int)
	go func() {
		n := 2
		for ; n%4 != 0 || <-pace; n++ {
			l.append(numbered(n) + "\n")
		}
		written <- n - 1
	}()
	held := map[string]bool{}
	var ends []int
	for range *rotations {
		pace <- true
		l.shift(ends)
		l.copyTo("containerd.log.1")
		copied, err := os.ReadFile(l.path("containerd.log.1"))
		l.check(err)
		l.hold(held, copied)
		ends = newest(ends, l.lines)
		if rand.IntN(2) == 0 {
			pace <- true // between the copy and the truncation
		}
		l.truncate()
	}
	close(pace)
	l.lines = <-written
	l.write(1)
	l.until("the last line", l.has(numbered(l.lines)))
	last := l.lines
	live, err := os.ReadFile(l.live)
	l.check(err)
	l.hold(held, live)
	l.wait()
	missing := l.inOrder(func(n int) bool { return !held[numbered(n)] })
	if len(l.got)+missing != last {
		t.Errorf("%d lines in, %d out, %d missing", last, len(l.got), missing)
	}
	t.Logf("%d lines in, %d in copies, %d out, %d gone between copy and truncation; %+v", last, len(held), len(l.got), missing, l.stats)
}

func (l *followed) hold(held map[string]bool, text []byte) {
	for line := range bytes.Lines(text) {
		if whole, ok := strings.CutSuffix(string(line), "\n"); ok {
			held[whole] = true
			l.lines = max(l.lines, numberOf(l, whole))
		}
	}
}
