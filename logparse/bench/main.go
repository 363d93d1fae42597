// Command bench measures what reading a node's log costs. It writes logs of known content,
// reads them with pullwhy and searches them with ripgrep (Debian's package ripgrep) in
// turn, checks what both find, and prints the ratios of the shortest times, whole processes,
// and the most anonymous memory that pullwhy had.
package main

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

func main() {
	size := flag.Int("size", 200, "MiB of log in each set; of the rotated one a quarter is live, the rest in three .gz")
	runs := flag.Int("runs", 15, "runs of each command; the shortest counts")
	keep := flag.String("dir", "", "write the logs here and leave them; default a temporary folder")
	flag.Parse()
	if err := run(*keep, *size<<20, *runs); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(dir string, size, runs int) error {
	if _, err := exec.LookPath("rg"); err != nil {
		return fmt.Errorf("ripgrep is what pullwhy is measured against: apt-get install ripgrep: %w", err)
	}
	if dir == "" {
		temp, err := os.MkdirTemp("", "pullwhy-bench-")
		if err != nil {
			return err
		}
		defer os.RemoveAll(temp)
		dir = temp
	}
	pullwhy := filepath.Join(dir, "pullwhy")
	build := exec.Command("go", "build", "-trimpath", "-o", pullwhy, "github.com/pullwhy/pullwhy/cmd/pullwhy")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("building pullwhy: %w\n%s", err, out)
	}
	sets, err := writeLogs(dir, size)
	if err != nil {
		return err
	}
	fmt.Printf("%-8s %10s %10s %7s %10s\n", "", "pullwhy", "rg", "ratio", "anonymous")
	for _, s := range sets {
		if err := s.measure(pullwhy, runs); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

// What is written at once decides in which pieces the system keeps a file in memory, and so
// what reading it costs.
const (
	asLogged = 1       // each line by itself, as containerd does
	asCopied = 1 << 20 // bytes: as a file comes from a copy, an archive or the disk
)

// A set is files, oldest first, and what is in them.
type set struct {
	name   string
	files  []string
	flags  []string // ripgrep's
	seed   uint64
	buffer int
	truth  truth
}

func writeLogs(dir string, size int) ([]set, error) {
	sets := []set{
		{name: "logged", files: []string{"logged.log"}, flags: []string{"-c"}, seed: 1, buffer: asLogged},
		{name: "copied", files: []string{"copied.log"}, flags: []string{"-c"}, seed: 1, buffer: asCopied},
		{name: "rotated", files: []string{
			"containerd-2026-11-20T00-00-00.000.log.gz", "containerd-2026-11-21T00-00-00.000.log.gz",
			"containerd-2026-11-22T00-00-00.000.log.gz", "containerd.log",
		}, flags: []string{"-c", "-z"}, seed: 2, buffer: asLogged},
	}
	for i := range sets {
		if err := sets[i].write(dir, size); err != nil {
			return nil, err
		}
	}
	return sets, nil
}

func (s *set) write(dir string, size int) error {
	g := newGenerator(s.seed)
	for i, name := range s.files {
		s.files[i] = filepath.Join(dir, name)
		if err := writeLog(g, s.files[i], size/len(s.files), s.buffer); err != nil {
			return err
		}
	}
	s.truth = g.truth
	return nil
}

// writeLog writes one file, compressed where its name says so, as lumberjack does.
func writeLog(g *generator, name string, size, buffer int) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	out := io.WriteCloser(f)
	if strings.HasSuffix(name, ".gz") {
		out = gzip.NewWriter(f)
	}
	if err := g.write(out, size, buffer); err != nil {
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	if out != io.WriteCloser(f) {
		return f.Close()
	}
	return nil
}

// measure runs both in turn, the first time to check what they find.
func (s *set) measure(pullwhy string, runs int) error {
	read := append([]string{pullwhy, "logs", "-o", "json"}, s.files...)
	search := append(append([]string{"rg", "-e", "PullImage", "-e", "trying next host"}, s.flags...), s.files...)
	if err := s.check(read, search); err != nil {
		return err
	}
	shortest := [2]time.Duration{time.Hour, time.Hour}
	for range runs {
		for i, command := range [][]string{read, search} {
			took, err := timed(command)
			if err != nil {
				return err
			}
			shortest[i] = min(shortest[i], took)
		}
	}
	memory, err := anonymous(read)
	if err != nil {
		return err
	}
	ms := func(d time.Duration) string { return fmt.Sprintf("%.1f ms", d.Seconds()*1000) }
	fmt.Printf("%-8s %10s %10s %7.2f %6d MiB\n", s.name, ms(shortest[0]), ms(shortest[1]),
		float64(shortest[0])/float64(shortest[1]), memory>>20)
	return nil
}

// check compares what both commands find with what was written.
func (s *set) check(read, search []string) error {
	out, err := output(read)
	if err != nil {
		return err
	}
	var report struct {
		Sources []struct{ Lines int }
		Pulls   []struct {
			Image    string
			Failures int
		}
	}
	if err := json.Unmarshal(out, &report); err != nil {
		return fmt.Errorf("reading pullwhy's report: %w", err)
	}
	lines, failures := 0, map[string]int{}
	for _, source := range report.Sources {
		lines += source.Lines
	}
	for _, p := range report.Pulls {
		if p.Failures > 0 {
			failures[p.Image] = p.Failures
		}
	}
	if lines != s.truth.lines || !maps.Equal(failures, s.truth.failures) {
		return fmt.Errorf("pullwhy read %d lines of %d, and the failures %v, not %v", lines, s.truth.lines, failures, s.truth.failures)
	}
	out, err = output(search)
	if err != nil {
		return err
	}
	hits := 0
	for _, line := range strings.Fields(string(out)) {
		n, _ := strconv.Atoi(line[strings.LastIndexByte(line, ':')+1:])
		hits += n
	}
	if hits != s.truth.hits {
		return fmt.Errorf("ripgrep found %d lines, not %d", hits, s.truth.hits)
	}
	return nil
}

func timed(command []string) (time.Duration, error) {
	start := time.Now()
	_, err := output(command)
	return time.Since(start), err
}

// output runs a command. pullwhy ends with 1 where pulls fail.
func output(command []string) ([]byte, error) {
	var out bytes.Buffer
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = &out, os.Stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState.ExitCode() != 1 {
		return nil, fmt.Errorf("running %s: %w", command[0], err)
	}
	return out.Bytes(), nil
}

// anonymous is the most memory of its own that a command was seen to have, in bytes.
// (proc_pid_status(5), RssAnon)
func anonymous(command []string) (int, error) {
	cmd := exec.Command(command[0], command[1:]...)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // 1 where pulls fail; that it runs was checked before
		close(ended)
	}()
	most := 0
	for {
		select {
		case <-ended:
			return most, nil
		case <-time.After(200 * time.Microsecond):
			most = max(most, rssAnon(cmd.Process.Pid))
		}
	}
}

func rssAnon(pid int) int {
	status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid)) // gone with the process
	_, rest, _ := strings.Cut(string(status), "RssAnon:")
	line, _, _ := strings.Cut(rest, "kB")
	kib, _ := strconv.Atoi(strings.TrimSpace(line))
	return kib << 10
}
