package probe

import (
	"cmp"
	"crypto/x509"
	"io/fs"
	"path"
	"slices"
	"strings"
	"sync"
)

// Where Go programs on Linux look for CAs: the first of the files, and all certificates
// of the directories (crypto/x509 root_linux.go, root_unix.go).
var (
	caFiles = []string{
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/pki/tls/cacert.pem",
		"/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
		"/etc/ssl/cert.pem",
	}
	caDirs = []string{"/etc/ssl/certs", "/etc/pki/tls/certs"}
)

// siteDirs are where people put the CA of their site: beside registries.yaml, and where a
// distribution takes it from once its own command was run (update-ca-certificates,
// update-ca-trust).
var siteDirs = []string{"/etc/rancher/k3s", "/etc/rancher/rke2", "/usr/local/share/ca-certificates", "/etc/pki/ca-trust/source/anchors"}

// maxLying is how many files of siteDirs are looked at.
const maxLying = 50

// A store is the node's own CAs.
type store struct {
	root fs.FS
	env  map[string]string

	once sync.Once
	pool *x509.CertPool
}

// roots returns a copy of the node's CAs, which are read at the first call.
func (s *store) roots() *x509.CertPool {
	s.once.Do(func() {
		s.pool = x509.NewCertPool()
		s.addFirst()
		s.addDirs()
	})
	return s.pool.Clone()
}

func (s *store) addFirst() {
	files := caFiles
	if f := s.env["SSL_CERT_FILE"]; f != "" {
		files = []string{f}
	}
	for _, name := range files {
		if data, err := readFile(s.root, name); err == nil {
			s.pool.AppendCertsFromPEM(data)
			return
		}
	}
}

func (s *store) addDirs() {
	dirs := caDirs
	if d := s.env["SSL_CERT_DIR"]; d != "" {
		dirs = strings.Split(d, ":")
	}
	for _, dir := range dirs {
		for _, name := range s.entries(dir) {
			if data, err := readFile(s.root, path.Join(dir, name)); err == nil {
				s.pool.AppendCertsFromPEM(data)
			}
		}
	}
}

// entries lists dir without the links to neighbours that c_rehash makes.
func (s *store) entries(dir string) []string {
	if s.root == nil {
		return nil
	}
	list, err := fs.ReadDir(s.root, cmp.Or(rooted(dir), "."))
	if err != nil {
		return nil
	}
	list = slices.DeleteFunc(list, func(e fs.DirEntry) bool {
		if e.IsDir() || e.Type()&fs.ModeSymlink == 0 {
			return e.IsDir()
		}
		target, err := fs.ReadLink(s.root, rooted(path.Join(dir, e.Name())))
		return err == nil && !strings.Contains(target, "/")
	})
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = e.Name()
	}
	return names
}

// lying are the files of siteDirs that may be CA files.
func (s *store) lying() []string {
	var all []string
	for _, dir := range siteDirs {
		for _, name := range s.entries(dir) {
			switch path.Ext(name) {
			case ".crt", ".cer", ".pem":
				all = append(all, path.Join(dir, name))
			}
		}
	}
	return all[:min(len(all), maxLying)]
}
