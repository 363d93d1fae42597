package main

import (
	"bytes"
	_ "embed"
	"net/http"
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
	registry, mirror *probetest.Server
}

func newDemoNode() *demoNode {
	trusted, unknown := probetest.NewCA("Example Root CA"), probetest.NewCA("Example Internal CA")
	store := probetest.NewRegistry(demoRepository + ":" + demoTag)
	return &demoNode{
		trusted:  trusted,
		registry: probetest.Serve(denying(store), trusted.Server(demoRegistry)),
		mirror:   probetest.Serve(store, unknown.Server(demoMirror)),
	}
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
		probetest.Refuse(w, http.StatusForbidden, "DENIED", "requested access to the resource is denied")
	})
}

// image is what the node fails to pull.
func (n *demoNode) image() string {
	return demoRegistry + ":" + n.registry.Port + "/" + demoRepository + ":" + demoTag
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
		"Registry":  demoRegistry + ":" + n.registry.Port,
		"Mirror":    demoMirror + ":" + n.mirror.Port,
		"Namespace": demoRegistry + "%3A" + n.registry.Port,
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
