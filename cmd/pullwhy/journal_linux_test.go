package main

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/pullwhy/pullwhy/registry"
)

// journalLines are two pulls that failed, as journalctl --reverse -o json prints them.
const journalLines = `{"MESSAGE":"time=\"2026-03-01T08:08:21.000000001Z\" level=error msg=\"PullImage \\\"docker.io/team/app:2\\\" failed\" error=\"failed to pull and unpack image \\\"docker.io/team/app:2\\\": failed to resolve reference \\\"docker.io/team/app:2\\\": docker.io/team/app:2: not found\""}
{"MESSAGE":"time=\"2026-03-01T08:08:20.000000001Z\" level=error msg=\"PullImage \\\"docker.io/team/app:1\\\" failed\" error=\"failed to pull and unpack image \\\"docker.io/team/app:1\\\": failed to resolve reference \\\"docker.io/team/app:1\\\": docker.io/team/app:1: not found\""}
`

// fakeJournalctl puts a journalctl into PATH and returns its folder.
func fakeJournalctl(t *testing.T, script string) string {
	t.Helper()
	dir := t.TempDir()
	writeFile(t, filepath.Join(dir, "journalctl"), "#!/bin/sh\n"+script, 0o755)
	writeFile(t, filepath.Join(dir, "lines"), journalLines, 0o644)
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
	return dir
}

// readJournals reads what a plain containerd's node below root has.
func readJournals(root string, since time.Duration) nodeLog {
	d := &diagnosis{env: &env{hostRoot: root, log: zerolog.Nop()}, logs: logFlags{since: since, given: func() bool { return false }}}
	node := &registry.Node{Distribution: registry.Containerd}
	return d.readLogs(context.Background(), hostRoot(root), node, time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC))
}

func TestJournal(t *testing.T) {
	dir := fakeJournalctl(t, `echo "$@" >> ${0%/*}/args
case "$2" in containerd) cat ${0%/*}/lines;; *) echo "No such unit: $2" >&2; exit 1;; esac
`)
	log := readJournals("/", time.Hour)
	if pulls := log.scanner.Pulls(); len(pulls) != 2 || pulls[0].Image != "docker.io/team/app:2" {
		t.Errorf("pulls %+v", pulls)
	}
	want := []registry.Source{
		{Path: "journal:containerd", Kind: registry.KindJournal, Status: registry.StatusRead, Lines: 2},
		{Path: "journal:kubelet", Kind: registry.KindJournal, Status: registry.StatusAbsent,
			Detail: "No such unit: kubelet; on the node, as root: journalctl -u kubelet -o json | pullwhy logs -"},
	}
	if len(log.sources) != 2 || log.sources[0] != want[0] || log.sources[1] != want[1] {
		t.Errorf("sources %+v", log.sources)
	}
	args, err := os.ReadFile(filepath.Join(dir, "args"))
	if first, _, _ := strings.Cut(string(args), "\n"); err != nil || first != "-u containerd -o json --reverse --quiet --no-pager --since=@1772352000" {
		t.Errorf("journalctl was run with %q, %v", first, err)
	}
}

// A journal that does not end is read as far as its bounds allow, and the source says so.
func TestJournalIsBounded(t *testing.T) {
	fakeJournalctl(t, "cat ${0%/*}/lines; exec sleep 600\n")
	ctx, cancel := context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	j, err := openJournal(ctx, "/", "containerd", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	defer j.close()
	if text, err := io.ReadAll(j); err != nil || string(text) != journalLines || !strings.Contains(j.detail, "only the newest entries") {
		t.Errorf("read %d bytes, error %v, detail %q", len(text), err, j.detail)
	}

	fakeJournalctl(t, "exec sleep 600\n")
	ctx, cancel = context.WithTimeout(context.Background(), 200*time.Millisecond)
	defer cancel()
	silent, err := openJournal(ctx, "/", "containerd", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	defer silent.close()
	if text, err := io.ReadAll(silent); err == nil || !strings.Contains(err.Error(), "printed nothing") || len(text) > 0 {
		t.Errorf("a silent journalctl: read %q, error %v", text, err)
	}

	fakeJournalctl(t, "while :; do cat ${0%/*}/lines; done\n")
	long, err := openJournal(context.Background(), "/", "containerd", time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	defer long.close()
	long.left = 10000
	if text, err := io.ReadAll(long); err != nil || len(text) != 10000 || !strings.Contains(long.detail, "only the newest entries") {
		t.Errorf("read %d bytes, error %v, detail %q", len(text), err, long.detail)
	}
}

// TestJournalOfHostRoot runs the node's own journalctl in its root: a static program, for
// nothing else stands there.
func TestJournalOfHostRoot(t *testing.T) {
	root := t.TempDir()
	fakeJournalctl(t, "echo the wrong journalctl >&2; exit 1\n")
	writeFile(t, filepath.Join(root, "proc/1/cmdline"), "systemd\x00", 0o644)
	if log := readJournals(root, 0); log.sources[0].Status != registry.StatusAbsent || !strings.Contains(log.sources[0].Detail, "no journalctl below the host root") {
		t.Errorf("sources without journalctl %+v", log.sources)
	}
	if os.Geteuid() != 0 {
		t.Skip("only root may chroot")
	}
	source := filepath.Join(t.TempDir(), "main.go")
	writeFile(t, source, "package main\n\nimport (\n\t\"io\"\n\t\"os\"\n)\n\nfunc main() {\n\tf, err := os.Open(\"/var/log/journal/lines\")\n\tif err != nil {\n\t\tpanic(err)\n\t}\n\tio.Copy(os.Stdout, f)\n}\n", 0o644)
	build := exec.Command("go", "build", "-o", filepath.Join(root, "usr/bin/journalctl"), source)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if err := os.RemoveAll(filepath.Join(root, "proc")); err != nil {
		t.Fatal(err)
	}
	log := readJournals(root, 0)
	if s := log.sources[0]; !strings.Contains(s.Detail, "no running node below the host root") {
		t.Errorf("source of a copy of a node's files %+v", s)
	}
	writeFile(t, filepath.Join(root, "proc/1/cmdline"), "systemd\x00", 0o644)
	log = readJournals(root, 0)
	if s := log.sources[0]; s.Status != registry.StatusAbsent || !strings.Contains(s.Detail, "panic") {
		t.Errorf("source without a journal %+v", s)
	}
	writeFile(t, filepath.Join(root, "var/log/journal/lines"), journalLines, 0o644)
	log = readJournals(root, 0)
	if pulls := log.scanner.Pulls(); len(pulls) != 2 || log.sources[0].Status != registry.StatusRead {
		t.Errorf("pulls %+v, sources %+v", pulls, log.sources)
	}
	writeFile(t, filepath.Join(root, "usr/bin/journalctl"), "no program", 0o755)
	if s := readJournals(root, 0).sources[0]; s.Status != registry.StatusUnreadable || !strings.Contains(s.Detail, "journalctl -u containerd -o json | pullwhy logs -") {
		t.Errorf("source of a journal that cannot be read %+v", s)
	}
}
