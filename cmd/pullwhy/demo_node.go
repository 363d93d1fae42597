package main

import (
	"bytes"
	"crypto/tls"
	_ "embed"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"text/template"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// Hosts of the demonstration, both on loopback.
const (
	demoRegistry   = "registry.example.com"
	demoMirror     = "mirror.example.com"
	demoRepository = "shop/cart"
	demoTag        = "1.4.2"
)

// A demoNode is a K3s node that mirrors one registry. The registry's certificate is trusted
// and it denies the pull; the mirror would serve, but nobody told the node of its authority.
type demoNode struct {
	trusted          *probetest.CA
	registry, mirror *httptest.Server
}

func newDemoNode() *demoNode {
	trusted, unknown := probetest.NewCA("Example Root CA"), probetest.NewCA("Example Internal CA")
	store := probetest.NewRegistry(demoRepository + ":" + demoTag)
	return &demoNode{
		trusted:  trusted,
		registry: serveTLS(trusted.Server(demoRegistry), denying(store)),
		mirror:   serveTLS(unknown.Server(demoMirror), store),
	}
}

func serveTLS(cert *tls.Certificate, h http.Handler) *httptest.Server {
	s := httptest.NewUnstartedServer(h)
	s.TLS = &tls.Config{Certificates: []tls.Certificate{*cert}}
	s.Config.ErrorLog = log.New(io.Discard, "", 0)
	s.StartTLS()
	return s
}

func (n *demoNode) close() {
	n.registry.Close()
	n.mirror.Close()
}

// denying answers as a registry that hides what it does not have.
func denying(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.Contains(r.URL.Path, "/manifests/") {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"errors":[{"code":"DENIED","message":"requested access to the resource is denied"}]}`)
	})
}

// image is what the node fails to pull.
func (n *demoNode) image() string {
	return net.JoinHostPort(demoRegistry, port(n.registry)) + "/" + demoRepository + ":" + demoTag
}

func port(s *httptest.Server) string {
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	return port
}

//go:embed demo_node.txtar
var demoFiles string

// write lays the node's files below dir.
func (n *demoNode) write(dir string) error {
	t, err := template.New("node").Parse(demoFiles)
	if err != nil {
		return err
	}
	var files bytes.Buffer
	now := time.Now().UTC()
	err = t.Execute(&files, map[string]any{
		"Image": n.image(), "Repository": demoRepository, "Tag": demoTag,
		"Registry":  net.JoinHostPort(demoRegistry, port(n.registry)),
		"Mirror":    net.JoinHostPort(demoMirror, port(n.mirror)),
		"Namespace": strings.ReplaceAll(net.JoinHostPort(demoRegistry, port(n.registry)), ":", "%3A"),
		"CA":        string(n.trusted.PEM()),
		"Boot":      now.Add(-time.Hour).Format(time.RFC3339Nano),
		"Failed":    now.Add(-time.Minute).Format(time.RFC3339Nano),
	})
	if err != nil {
		return err
	}
	for _, f := range txtar.Parse(files.Bytes()).Files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}
