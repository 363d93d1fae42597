package registry

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
)

// What a file is named for.
const (
	kindCA   = "ca"
	kindCert = "cert"
	kindKey  = "key"
)

// A fileFault is why containerd cannot use a file that an entry names, and therefore
// sends no request at all.
type fileFault struct {
	code, kind, path string
	message          string // as containerd words it
}

// pemFiles reads certificates and keys, each once.
type pemFiles struct {
	files *files
	data  map[string][]byte
	errs  map[string]error
	pairs map[ClientPair]error

	elsewhere bool // nothing is looked for
}

func newPEMFiles(f *files) *pemFiles {
	return &pemFiles{files: f, data: map[string][]byte{}, errs: map[string]error{}, pairs: map[ClientPair]error{}}
}

func (p *pemFiles) read(abs string) ([]byte, error) {
	if p.elsewhere {
		return nil, fs.ErrPermission
	}
	if err, known := p.errs[abs]; known {
		return p.data[abs], err
	}
	p.data[abs], p.errs[abs] = p.files.read(abs, KindCertificate, maxCertificateSize)
	return p.data[abs], p.errs[abs]
}

// faults checks the files of an entry of directory dir as containerd does before the first
// request. A file that only this process may not read is no fault: containerd is root.
// (core/remotes/docker/config/hosts.go, tlsConfigFromHost)
func (p *pemFiles) faults(e hostEntry, dir string) []fileFault {
	var all []fileFault
	for _, ca := range e.ca {
		data, err := p.read(ca)
		switch {
		case errors.Is(err, fs.ErrPermission):
		case err != nil:
			all = append(all, fileFault{codeFileUnreadable, kindCA, ca, fmt.Sprintf("unable to read CA cert %q: %s", ca, openError(ca, err))})
		case !x509.NewCertPool().AppendCertsFromPEM(data):
			all = append(all, fileFault{codeCAInvalid, kindCA, ca, fmt.Sprintf("unable to load CA cert %q", ca)})
		}
	}
	for _, pair := range e.clients {
		if fault := p.pairFault(pair, dir); fault != nil {
			all = append(all, *fault)
		}
	}
	return all
}

func (p *pemFiles) pairFault(pair ClientPair, dir string) *fileFault {
	if pair.Key == "" {
		pair.Key = pair.Cert
	}
	for _, f := range []struct{ kind, path string }{{kindCert, pair.Cert}, {kindKey, pair.Key}} {
		if f.path == dir { // an empty name, joined with the directory
			return &fileFault{codeKeyPairInvalid, f.kind, f.path, fmt.Sprintf("unable to read CERT file %q: read %s: is a directory", dir, dir)}
		}
		_, err := p.read(f.path)
		switch {
		case errors.Is(err, fs.ErrPermission):
			return nil
		case err != nil:
			return &fileFault{codeFileUnreadable, f.kind, f.path, fmt.Sprintf("unable to read CERT file %q: %s", f.path, openError(f.path, err))}
		}
	}
	err, known := p.pairs[pair]
	if !known {
		_, err = tls.X509KeyPair(p.data[pair.Cert], p.data[pair.Key])
		p.pairs[pair] = err
	}
	if err != nil {
		return &fileFault{codeKeyPairInvalid, kindCert, pair.Cert, "failed to load X509 key pair: " + err.Error()}
	}
	return nil
}
