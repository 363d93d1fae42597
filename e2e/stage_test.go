package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// nameserver is the stage's own.
const nameserver = "127.0.0.1"

// serverFailure is a name server's answer that it cannot tell (RFC 1035, section 4.1.1).
const serverFailure = 2

// addresses of the names of the stage.
var addresses = map[string]string{
	"mirror.example.com": "127.0.0.11", "mirror2.example.com": "127.0.0.12", "registry.example.com": "127.0.0.13",
	"auth.example.com": "127.0.0.14", "blobs.example.com": "127.0.0.15", "proxy.example.com": "127.0.0.16",
	"registry-1.docker.io": "127.0.0.21", "auth.docker.io": "127.0.0.22", "quay.io": "127.0.0.23",
}

// A stage is what a scenario's node finds around itself.
type stage struct {
	scenario
	build string
	stop  func() error  // ends containerd
	good  *probetest.CA // configured for the mirrors
	web   *probetest.CA // in the node's store
}

// images are what the node pulls.
func (s scenario) images() []string {
	if s.pulls == nil {
		return []string{image}
	}
	return s.pulls
}

// enclose gives the process files and a network of its own. It is the first process of its
// namespaces: all that it starts ends with it.
func enclose() error {
	const private = syscall.MS_REC | syscall.MS_PRIVATE
	steps := []struct {
		source, target, kind string
		flags                uintptr
		data                 string
	}{
		{"", "/", "", private, ""},
		{"proc", "/proc", "proc", 0, ""},
		{"tmpfs", "/mnt", "tmpfs", 0, ""},
		{"tmpfs", "/run", "tmpfs", 0, ""},
		{"tmpfs", "/var/lib", "tmpfs", 0, ""},
		{"overlay", "/etc", "overlay", 0, "lowerdir=/etc,upperdir=/mnt/etc,workdir=/mnt/work"},
	}
	for _, s := range steps {
		if s.kind == "overlay" {
			if err := makeDirs("/mnt/etc", "/mnt/work"); err != nil {
				return err
			}
		}
		if err := syscall.Mount(s.source, s.target, s.kind, s.flags, s.data); err != nil {
			return fmt.Errorf("mounting %q: %w", s.target, err)
		}
	}
	if out, err := exec.Command("ip", "link", "set", "lo", "up").CombinedOutput(); err != nil {
		return fmt.Errorf("bringing loopback up: %w: %s", err, out)
	}
	return nil
}

// widen adds a network to loopback, on which nobody answers. The machine itself would not
// even try to reach a host whose hardware address it cannot learn: dropping has one.
func widen() error {
	for _, command := range []string{
		"ip link add near type veth peer name away", "ip addr add 192.0.2.1/24 dev near",
		"ip link set near up", "ip link set away up",
		"ip neigh add " + dropping + " lladdr 02:00:00:00:00:09 dev near nud permanent",
	} {
		words := strings.Fields(command)
		if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
			return fmt.Errorf("running %q: %w: %s", command, err, out)
		}
	}
	return nil
}

func makeDirs(dirs ...string) error {
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// raise starts the name server, the registry and what stands before it, and the others.
func (s *stage) raise(ctx context.Context) error {
	if s.wide {
		if err := widen(); err != nil {
			return err
		}
	}
	s.good, s.web = probetest.NewCA("Example Mirror CA"), probetest.NewCA("Example Web CA")
	s.raiseNames()
	if err := s.startRegistry(ctx); err != nil {
		return err
	}
	return s.raiseSites()
}

func (s *stage) raiseNames() {
	dns := &probetest.DNS{Names: map[string][]string{}, Rcodes: map[string]int{}}
	for name, addr := range addresses {
		dns.Names[name] = []string{addr}
	}
	for name, addrs := range s.names {
		dns.Names[name] = addrs
		if len(addrs) == 0 {
			delete(dns.Names, name)
		}
	}
	for _, name := range s.deaf {
		dns.Rcodes[name] = serverFailure
	}
	dns.Start(nameserver + ":53")
}

// waitFor tries until it works or ctx ends.
func waitFor(ctx context.Context, try func() error) error {
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return err
		case <-ticker.C:
		}
	}
}

// put writes a file of the node.
func put(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(strings.TrimLeft(text, "\n")), 0o644)
}
