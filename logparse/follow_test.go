package logparse

import (
	stdcmp "cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/gzip"
	"go.uber.org/goleak"
)

var rotations = flag.Int("rotations", 300, "rotations of each soak test of following")

// leftOver are the two goroutines that package watch keeps for the life of the process.
var leftOver = []goleak.Option{
	goleak.IgnoreTopFunction("github.com/nxadm/tail/watch.(*InotifyTracker).run"),
	goleak.IgnoreAnyFunction("github.com/fsnotify/fsnotify.(*inotify).readEvents"),
}

// followed is a log in a folder of its own, with somebody who follows it.
type followed struct {
	*testing.T
	dir, live string
	lines     int // written

	mu    sync.Mutex
	grown sync.Cond
	got   []string
	from  map[string]string // line: file and number
	stats FollowStats
	looks int
	still bool // is to wait after its next look, and
	waits bool // does
	ended error
	done  bool
	wait  func()
}

const patience = time.Minute // of a test that would otherwise hang

func newLog(t *testing.T) *followed {
	l := &followed{T: t, dir: t.TempDir(), from: map[string]string{}}
	l.live = filepath.Join(l.dir, "containerd.log")
	l.grown.L = &l.mu
	return l
}

// follow starts following; the test's end waits for it to end, and that nothing is left.
func (l *followed) follow(f Follower) *followed {
	leaks := goleak.IgnoreCurrent()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	if f.Resolve == nil {
		f.Resolve = func() (string, error) { return l.live, nil }
	}
	f.Name, f.Poll = "/log/containerd.log", stdcmp.Or(f.Poll, 20*time.Millisecond)
	f.CaughtUp = func(s FollowStats) {
		l.change(func() { l.stats = s; l.looks++ })
		l.waitWhileStill()
	}
	f.Problem = func(err error) { l.Errorf("problem: %v", err) }
	go func() {
		err := f.Follow(ctx, func(line Line) error {
			l.change(func() {
				l.got = append(l.got, string(line.Text))
				l.from[string(line.Text)] = fmt.Sprintf("%s:%d", line.File, line.Number)
			})
			return nil
		})
		l.change(func() { l.ended, l.done = err, true })
	}()
	l.wait = sync.OnceFunc(func() {
		l.goOn()
		cancel()
		l.until("the end", func() bool { return l.done })
		if l.ended != nil {
			l.Error(l.ended)
		}
		if err := goleak.Find(append(leftOver, leaks)...); err != nil {
			l.Error(err)
		}
	})
	l.Cleanup(l.wait)
	return l
}

func (l *followed) change(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
	l.grown.Broadcast()
}

// until waits for what comes of following.
func (l *followed) until(what string, reached func() bool) {
	l.Helper()
	late := time.AfterFunc(patience, func() { l.change(func() {}) })
	defer late.Stop()
	begun := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for !reached() {
		if time.Since(begun) > patience || l.done {
			l.Fatalf("waiting for %s: %d lines came, %+v, ended %v: %v", what, len(l.got), l.stats, l.done, l.ended)
		}
		l.grown.Wait()
	}
}

// stand keeps the follower from looking until goOn is called.
func (l *followed) stand() {
	l.Helper()
	l.change(func() { l.still = true })
	l.until("it to stand still", func() bool { return l.waits })
}

func (l *followed) goOn() { l.change(func() { l.still = false }) }

func (l *followed) waitWhileStill() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.still {
		l.waits = true
		l.grown.Broadcast()
		l.grown.Wait()
	}
	l.waits = false
}

// looked waits until all that was there when it was called has been read. It may be called
// while the follower stands still, and leaves it so.
func (l *followed) looked() {
	l.Helper()
	l.mu.Lock()
	still, now := l.still, l.looks
	l.mu.Unlock()
	if still {
		l.goOn()
		defer l.stand()
	}
	l.until("a look", func() bool { return l.looks >= now+2 })
}

func (l *followed) has(line string) func() bool {
	return func() bool { _, ok := l.from[line]; return ok }
}

func numbered(n int) string { return fmt.Sprintf("line %07d of the log", n) }

// write adds n lines to the live file, as containerd does.
func (l *followed) write(n int) {
	l.Helper()
	var text strings.Builder
	for range n {
		l.lines++
		fmt.Fprintln(&text, numbered(l.lines))
	}
	l.append(text.String())
}

func (l *followed) append(text string) {
	l.Helper()
	f, err := os.OpenFile(l.live, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err == nil {
		_, err = f.WriteString(text)
		err = errors.Join(err, f.Close())
	}
	l.check(err)
}

func (l *followed) check(err error) {
	l.Helper()
	if err != nil {
		l.Error(err)
	}
}

func (l *followed) path(name string) string { return filepath.Join(l.dir, name) }

func (l *followed) rename(to string) { l.check(os.Rename(l.live, l.path(to))) }

// copyTo copies the live file and leaves it.
func (l *followed) copyTo(name string) {
	data, err := os.ReadFile(l.live)
	l.check(err)
	l.check(os.WriteFile(l.path(name), data, 0o600))
}

func (l *followed) truncate() { l.check(os.Truncate(l.live, 0)) }

// compress does as lumberjack and gzip do: the plain file goes when the other one is whole.
func (l *followed) compress(name string) {
	in, err := os.ReadFile(l.path(name))
	l.check(err)
	out, err := os.Create(l.path(name + ".gz"))
	l.check(err)
	w := gzip.NewWriter(out)
	_, err = w.Write(in)
	l.check(errors.Join(err, w.Close(), out.Close(), os.Remove(l.path(name))))
}

// want checks which lines came so far.
func (l *followed) want(lines ...string) {
	l.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if diff := cmp.Diff(lines, l.got); diff != "" {
		l.Errorf("(-want +got)\n%s", diff)
	}
}

func (l *followed) wantStats(want FollowStats) {
	l.Helper()
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stats != want {
		l.Errorf("%+v, want %+v", l.stats, want)
	}
}

func TestFollowStart(t *testing.T) {
	t.Run("not there yet", func(t *testing.T) {
		l := newLog(t)
		l.live = l.path("later/containerd.log")
		l.follow(Follower{FromEnd: true}).looked()
		l.check(os.Mkdir(l.path("later"), 0o700))
		l.write(2)
		l.until("both lines", l.has(numbered(2)))
		l.want(numbered(1), numbered(2))
	})
	t.Run("nobody knows where yet", func(t *testing.T) {
		l := newLog(t)
		l.write(2)
		var known atomic.Bool
		l.follow(Follower{FromEnd: true, Resolve: func() (string, error) {
			if !known.Load() {
				return "", fs.ErrNotExist
			}
			return l.live, nil
		}}).looked()
		known.Store(true)
		l.until("both lines", l.has(numbered(2)))
		l.want(numbered(1), numbered(2))
	})
	t.Run("from the end, in the middle of a line", func(t *testing.T) {
		l := newLog(t)
		l.write(2)
		l.append("begun before ")
		l.follow(Follower{FromEnd: true}).looked()
		l.append("and ended\n")
		l.write(1)
		l.until("the line", l.has(numbered(3)))
		l.want(numbered(3))
		if got := l.from[numbered(3)]; got != "/log/containerd.log:4" {
			t.Error(got)
		}
	})
	t.Run("from a time on", func(t *testing.T) {
		l := newLog(t)
		for _, name := range []string{"containerd.log.2", "containerd.log.1"} {
			l.write(1)
			l.rename(name)
		}
		l.write(1)
		old := time.Now().Add(-time.Hour)
		l.check(os.Chtimes(l.path("containerd.log.2"), old, old))
		l.follow(Follower{Since: old.Add(time.Minute)}).until("the live file", l.has(numbered(3)))
		l.want(numbered(2), numbered(3))
		if got := l.from[numbered(2)]; got != "/log/containerd.log.1:1" {
			t.Error(got)
		}
	})
}

// TestFollowOnce has one thing happen, all of it between two looks.
func TestFollowOnce(t *testing.T) {
	long := strings.Repeat("x", maxLine)
	for _, test := range []struct {
		name   string
		happen func(l *followed)
		want   []string
		stats  FollowStats
	}{
		{"a line in two parts", func(l *followed) { l.append("one "); l.looked(); l.append("two\r\n") },
			[]string{"one two"}, FollowStats{Lines: 2}},
		{"a long line", func(l *followed) { l.append(long + "y\n"); l.append(long + "\nshort\n") },
			[]string{long, "short"}, FollowStats{Lines: 4, Skipped: 1}},
		{"renamed, and still written", func(l *followed) {
			l.rename("containerd.log.1")
			l.check(os.WriteFile(l.live, nil, 0o600))
			l.looked()
			f, err := os.OpenFile(l.path("containerd.log.1"), os.O_APPEND|os.O_WRONLY, 0)
			l.check(err)
			_, err = f.WriteString("late\n")
			l.check(errors.Join(err, f.Close()))
			l.append("new\n")
		}, []string{"late", "new"}, FollowStats{Lines: 3, Rotations: 1}},
		{"renamed without a last line end", func(l *followed) {
			l.append("last")
			l.rename("containerd.log.1")
			l.append("new\n")
		}, []string{"last", "new"}, FollowStats{Lines: 3, Rotations: 1}},
		{"renamed twice, compressed", func(l *followed) {
			l.append("one\n")
			l.rename("containerd-2026-11-24T08-00-00.000.log")
			l.compress("containerd-2026-11-24T08-00-00.000.log")
			l.append("two\n")
			l.rename("containerd-2026-11-24T08-00-01.000.log")
			l.compress("containerd-2026-11-24T08-00-01.000.log")
			l.append("new\n")
		}, []string{"one", "two", "new"}, FollowStats{Lines: 4, Rotations: 2}},
		{"renamed twice, and not begun anew", func(l *followed) {
			l.append("one\n")
			l.rename("containerd.log.2")
			l.append("two\n")
			l.rename("containerd.log.1")
			l.goOn()
			l.until("the second line", l.has("two"))
			l.stand()
			l.append("new\n")
		}, []string{"one", "two", "new"}, FollowStats{Lines: 4, Rotations: 2}},
		{"deleted and begun anew", func(l *followed) {
			l.append("one\n")
			l.check(os.Remove(l.live))
			l.append("new\n")
		}, []string{"one", "new"}, FollowStats{Lines: 3, Rotations: 1}},
		{"replaced by a longer copy", func(l *followed) {
			l.copyTo("other")
			l.rename("gone")
			l.check(os.Rename(l.path("other"), l.live))
			l.append("new\n")
		}, []string{"new"}, FollowStats{Lines: 2}},
		{"copied and truncated", func(l *followed) {
			l.append("one\n")
			l.copyTo("containerd.log.1")
			l.truncate()
			l.append("new, and longer than all that was there before: " + long[:1000] + "\n")
		}, []string{"one", "new, and longer than all that was there before: " + long[:1000]}, FollowStats{Lines: 3, Rotations: 1}},
		{"copied and truncated twice, compressed", func(l *followed) {
			l.append("one\n")
			l.copyTo("containerd.log.2")
			l.compress("containerd.log.2")
			l.truncate()
			l.append("two\n")
			l.copyTo("containerd.log.1")
			l.truncate()
			l.append("new\n")
		}, []string{"one", "two", "new"}, FollowStats{Lines: 4, Rotations: 2}},
		{"a line cut by a truncation", func(l *followed) {
			l.append("cut")
			l.copyTo("containerd.log.1")
			l.truncate()
			l.append("new\n")
		}, []string{"new"}, FollowStats{Lines: 2, Lost: 1, Rotations: 1}},
		{"truncated without a copy", func(l *followed) {
			l.append("cut")
			l.looked()
			l.truncate()
			l.append("new\n")
		}, []string{"new"}, FollowStats{Lines: 2, Lost: 1, Rotations: 1}},
		{"truncated under a writer that does not append", func(l *followed) {
			l.truncate()
			l.check(os.WriteFile(l.live, append(make([]byte, 3<<20), "new\n"...), 0o600))
		}, []string{"new"}, FollowStats{Lines: 2, Rotations: 1}},
		{"a broken rotated file", func(l *followed) {
			l.append(strings.Repeat("one\n", 100))
			l.rename("containerd-2026-11-24T08-00-00.000.log")
			l.append(fmt.Sprintln(rand.Perm(1000)))
			l.rename("containerd-2026-11-24T08-00-01.000.log")
			l.compress("containerd-2026-11-24T08-00-01.000.log")
			l.check(os.Truncate(l.path("containerd-2026-11-24T08-00-01.000.log.gz"), 1000))
			l.append("new\n")
		}, append(slices.Repeat([]string{"one"}, 100), "new"), FollowStats{Lines: 102, Lost: 1, Rotations: 2}},
	} {
		t.Run(test.name, func(t *testing.T) {
			l := newLog(t)
			l.write(1)
			l.follow(Follower{}).until("the first line", l.has(numbered(1)))
			l.stand()
			test.happen(l)
			l.goOn()
			l.until("the last line", l.has(test.want[len(test.want)-1]))
			l.looked()
			l.want(append([]string{numbered(1)}, test.want...)...)
			l.wantStats(test.stats)
		})
	}
}

// TestFollowLast reads what was written before it was told to end.
func TestFollowLast(t *testing.T) {
	l := newLog(t)
	l.write(1)
	l.follow(Follower{Poll: time.Hour}).until("the first line", l.has(numbered(1)))
	l.write(1)
	l.wait()
	l.want(numbered(1), numbered(2))
}

// TestFollowStops ends with the error of the one who takes lines.
func TestFollowStops(t *testing.T) {
	l := newLog(t)
	l.write(2)
	f := Follower{Resolve: func() (string, error) { return l.live, nil }}
	if err := f.Follow(t.Context(), func(Line) error { return io.ErrClosedPipe }); !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// TestFollowProblem says once what keeps the log from being read, and when that is over.
func TestFollowProblem(t *testing.T) {
	path := filepath.Join(t.TempDir(), "containerd.log")
	if err := os.Mkdir(path, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	var problems []error
	looks := 0
	f := Follower{
		Resolve: func() (string, error) { return path, nil }, Poll: time.Millisecond,
		Problem: func(err error) { problems = append(problems, err) },
		CaughtUp: func(FollowStats) {
			if looks++; looks == 3 {
				if err := errors.Join(os.Remove(path), os.WriteFile(path, []byte("a line\n"), 0o600)); err != nil {
					t.Error(err)
				}
			}
		},
	}
	err := f.Follow(ctx, func(Line) error { return io.EOF })
	if !errors.Is(err, io.EOF) || len(problems) != 2 || !strings.Contains(fmt.Sprint(problems[0]), "not a regular file") || problems[1] != nil {
		t.Errorf("%v, %q", err, problems)
	}
}
