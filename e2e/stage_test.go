package e2e

import (
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// Addresses of the stage.
const (
	nameserver   = "127.0.0.1"
	mirrorAddr   = "127.0.0.11:5000"
	hubAddr      = "127.0.0.21:443"
	registryAddr = "127.0.0.1:5001" // the real one, behind the mirror's front
)

// A stage is what a scenario's node finds around itself.
type stage struct {
	scenario
	build string
	good  *probetest.CA // configured for the mirror
	web   *probetest.CA // in the node's store, signs Docker Hub's certificate
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

func makeDirs(dirs ...string) error {
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			return err
		}
	}
	return nil
}

// raise starts the name server, the registry and what stands before it, and Docker Hub.
func (s *stage) raise(ctx context.Context) error {
	s.good, s.web = probetest.NewCA("Example Mirror CA"), probetest.NewCA("Example Web CA")
	names := map[string][]string{"registry-1.docker.io": {"127.0.0.21"}, "auth.docker.io": {"127.0.0.21"}}
	if !s.noName {
		names["mirror.example.com"] = []string{"127.0.0.11"}
	}
	dns := &probetest.DNS{Names: names}
	dns.Start(nameserver + ":53")
	if err := s.startRegistry(ctx); err != nil {
		return err
	}
	if err := serve(hubAddr, s.web.Server("registry-1.docker.io", "auth.docker.io"), s.hub()); err != nil {
		return err
	}
	if s.mirror.absent {
		return nil
	}
	cert := s.mirrorCert()
	if s.mirror.plain {
		cert = nil
	}
	return serve(mirrorAddr, cert, s.front())
}

func (s *stage) mirrorCert() *tls.Certificate {
	ca, leaf := s.good, probetest.Leaf{Names: []string{"mirror.example.com"}}
	if s.mirror.rogue {
		ca = probetest.NewCA("Example Rogue CA")
	}
	if s.mirror.cert != nil {
		leaf = *s.mirror.cert
	}
	return ca.Issue(leaf)
}

// front passes requests on to the registry, behind the scenario's fault.
func (s *stage) front() http.Handler {
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: registryAddr})
	if s.mirror.front != nil {
		return s.mirror.front(proxy)
	}
	return proxy
}

// hub answers as Docker Hub does to who may not know whether a repository exists: a token
// for anybody, and then a denial. Of public repositories it says 404.
func (s *stage) hub() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/token":
			_, _ = io.WriteString(w, `{"token":"anonymous","expires_in":300}`)
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:team/app:pull"`)
			w.WriteHeader(http.StatusUnauthorized)
		case s.hubLacks:
			w.WriteHeader(http.StatusNotFound)
		default:
			w.Header().Set("WWW-Authenticate", `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:team/app:pull",error="insufficient_scope"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}

// serve listens before it returns. Without a certificate it speaks plain HTTP.
func serve(addr string, cert *tls.Certificate, h http.Handler) error {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	if cert != nil {
		l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*cert}})
	}
	server := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	go func() { _ = server.Serve(l) }() // ends with the process
	return nil
}

// startRegistry runs Debian's docker-registry and pushes the image.
func (s *stage) startRegistry(ctx context.Context) error {
	config := "/mnt/registry.yml"
	text := "version: 0.1\nlog: {level: error}\nstorage: {filesystem: {rootdirectory: /var/lib/registry}}\nhttp: {addr: \"" + registryAddr + "\"}\n"
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "docker-registry", "serve", config)
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting the registry: %w", err)
	}
	if err := waitFor(ctx, func() error { return ping("http://" + registryAddr + "/v2/") }); err != nil {
		return fmt.Errorf("waiting for the registry: %w", err)
	}
	if s.lacks {
		return nil
	}
	return push(registryAddr + "/team/app:1.4.2")
}

func push(to string) error {
	img, err := random.Image(2048, 1)
	if err != nil {
		return err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return err
	}
	config.OS, config.Architecture = "linux", runtime.GOARCH
	if img, err = mutate.ConfigFile(img, config); err != nil {
		return err
	}
	ref, err := name.ParseReference(to, name.Insecure)
	if err != nil {
		return err
	}
	return remote.Write(ref, img)
}

func ping(url string) error {
	resp, err := http.Get(url)
	if err != nil {
		return err
	}
	return resp.Body.Close()
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
