package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/registry"
)

// How much of the journal is read. It comes newest entry first, so that a bound costs the
// oldest entries.
const (
	runtimeTime = 10 * time.Second // of containerd's, which is all that there is
	agentTime   = 2 * time.Second  // of another, which only adds to containerd's log
	journalSize = 256 << 20        // bytes of JSON of each unit
)

// A journal is what journalctl prints of one unit. What stopped it before its end stands in
// detail; what went wrong is the error of the last Read.
type journal struct {
	cmd    *exec.Cmd
	ctx    context.Context
	out    io.Reader
	errors firstBytes
	left   int64
	detail string
	ended  error
}

// openJournal runs journalctl on the node below root. Zero since is the whole journal.
func openJournal(ctx context.Context, root, unit string, since time.Time) (*journal, error) {
	args := []string{"-u", unit, "-o", "json", "--reverse", "--quiet", "--no-pager"}
	if !since.IsZero() {
		args = append(args, fmt.Sprintf("--since=@%d", since.Unix()))
	}
	j := &journal{ctx: ctx, left: journalSize}
	var err error
	j.cmd, j.out, err = startJournalctl(ctx, root, &j.errors, args...)
	if err != nil {
		return nil, err
	}
	return j, nil
}

// startJournalctl runs journalctl on the node below root; what it prints is to be read before
// it is waited for.
func startJournalctl(ctx context.Context, root string, errors io.Writer, args ...string) (*exec.Cmd, io.Reader, error) {
	cmd, err := journalctl(ctx, root, args...)
	if err != nil {
		return nil, nil, err
	}
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.WaitDelay = time.Second
	cmd.Stderr = errors
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	return cmd, out, err
}

// Read implements [io.Reader].
func (j *journal) Read(p []byte) (int, error) {
	switch {
	case j.ended != nil:
		return 0, j.ended
	case j.left == 0:
		j.detail = fmt.Sprintf("only the newest entries were read, %d MiB of them", journalSize>>20)
		j.ended = io.EOF
		return 0, io.EOF
	}
	n, err := j.out.Read(p[:min(int64(len(p)), j.left)])
	j.left -= int64(n)
	if err != nil {
		j.end()
		return n, j.ended
	}
	return n, nil
}

// end waits for journalctl and decides what its end means.
func (j *journal) end() {
	err := j.cmd.Wait()
	switch {
	case err == nil:
		j.ended = io.EOF
	case j.ctx.Err() != nil && j.left == journalSize:
		j.ended = errors.New("journalctl printed nothing in the time that it had")
	case j.ctx.Err() != nil:
		j.detail = "only the newest entries were read, as far as the time for it allowed"
		j.ended = io.EOF
	default:
		j.ended = errors.New(cmp.Or(j.errors.line(), err.Error()))
	}
}

func (j *journal) close() {
	if j.cmd.ProcessState == nil {
		_ = j.cmd.Process.Kill()
		_ = j.cmd.Wait()
	}
}

// firstBytes keeps the beginning of what is written to it.
type firstBytes struct{ text []byte }

func (b *firstBytes) Write(p []byte) (int, error) {
	b.text = append(b.text, p[:min(len(p), 1<<10-len(b.text))]...)
	return len(p), nil
}

func (b *firstBytes) line() string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(b.text)), "\n")
	return line
}

// addJournal reads one unit's journal. Where that cannot be, the source says how you read it;
// it is unreadable where containerd logs to a journal that is there, and absent else: of the
// agent's, there are files as well.
func (l *nodeLog) addJournal(ctx context.Context, e *env, root fs.FS, unit registry.Journal) {
	limit := agentTime
	if unit.Runtime {
		limit = runtimeTime
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	source := registry.Source{Path: "journal:" + unit.Unit, Kind: registry.KindJournal, Status: registry.StatusRead}
	j, err := openJournal(ctx, e.hostRoot, unit.Unit, l.scanner.Since)
	if err == nil {
		defer j.close()
		if err = l.scan(&source, j); err != nil {
			err = cmp.Or(j.ended, err) // without the words around it
		}
		source.Detail = j.detail
	}
	switch {
	case err == nil && source.Lines > 0:
		l.sources = append(l.sources, source)
		return
	case err == nil:
		source.Detail = "no entries"
	default:
		source.Detail = reason(err)
	}
	source.Status = registry.StatusAbsent
	if err != nil && unit.Runtime && hasJournal(root) {
		source.Status = registry.StatusUnreadable
	}
	source.Detail += fmt.Sprintf("; on the node, as root: journalctl -u %s -o json | pullwhy logs -", unit.Unit)
	l.sources = append(l.sources, source)
}

// hasJournal reports whether systemd keeps a journal on the node. (journald.conf(5), Storage)
func hasJournal(root fs.FS) bool {
	for _, dir := range []string{"var/log/journal", "run/log/journal"} {
		if _, err := fs.Stat(root, dir); err == nil {
			return true
		}
	}
	return false
}
