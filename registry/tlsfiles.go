package registry

import (
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"strings"
)

// What a file is named for.
const (
	kindCA   = "ca"
	kindCert = "certificate"
	kindKey  = "key"
)

// pemText stands for PEM text where the name of a file belongs: it may be a private key.
const pemText = "PEM text"

// fileName is the name of a file as it was written, or pemText.
func fileName(text string) string {
	if strings.Contains(text, "-----") { // of its first line or its last
		return pemText
	}
	return text
}

// A fileFault is why containerd cannot use a file that an entry names, and therefore
// sends no request at all.
type fileFault struct {
	code, kind, path string
	message          string // as containerd words it
	reason           string // what is wrong with the file, where that says too little; "" otherwise
	fix, command     string // "" for the code's general advice
}

// issue is the fault as a mistake in the settings of a host.
func (f fileFault) issue(host string) Issue {
	i := Issue{Code: f.code, Registry: host, Detail: f.message, Fix: f.fix, Command: f.command}
	if f.reason != "" {
		i.Detail = f.reason + ": " + f.message
	}
	return i
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
			all = append(all, fileFault{code: codeFileUnreadable, kind: kindCA, path: ca, message: fmt.Sprintf("unable to read CA cert %q: %s", ca, openError(ca, err))})
		case !x509.NewCertPool().AppendCertsFromPEM(data):
			all = append(all, caFault(ca, data))
		}
	}
	for _, pair := range e.clients {
		if fault := p.pairFault(pair, dir); fault != nil {
			all = append(all, *fault)
		}
	}
	return all
}

// caFault says why a file that should hold certificates of authorities holds none.
func caFault(ca string, data []byte) fileFault {
	f := fileFault{code: codeCAInvalid, kind: kindCA, path: ca, message: fmt.Sprintf("unable to load CA cert %q", ca)}
	_, err := x509.ParseCertificate(data)
	block, _ := pem.Decode(data)
	switch {
	case err == nil:
		f.reason, f.fix = "the file is DER, and PEM is wanted", "convert the file, and name the result"
		if f.command = command("openssl x509 -inform der -in", ca); f.command != "" {
			f.command += " -out " + ca + ".pem"
		}
	case len(data) == 0:
		f.reason = "the file is empty"
	case block != nil:
		f.reason = fmt.Sprintf("the file holds no certificate, but %s", strings.ToLower(block.Type))
	}
	return f
}

// isCA reports whether the first certificate in a file is an authority's.
func (p *pemFiles) isCA(abs string) bool {
	data, _ := p.read(abs)
	block, _ := pem.Decode(data)
	if block == nil {
		return false
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	return err == nil && cert.IsCA
}

func (p *pemFiles) pairFault(pair ClientPair, dir string) *fileFault {
	if pair.Key == "" {
		pair.Key = pair.Cert
	}
	for _, f := range []struct{ kind, path string }{{kindCert, pair.Cert}, {kindKey, pair.Key}} {
		if f.path == dir { // an empty name, joined with the directory
			return &fileFault{code: codeKeyPairInvalid, kind: f.kind, path: f.path, message: fmt.Sprintf("unable to read CERT file %q: read %s: is a directory", dir, dir),
				reason: fmt.Sprintf("of certificate and key the %s is not named", f.kind)}
		}
		_, err := p.read(f.path)
		switch {
		case errors.Is(err, fs.ErrPermission):
			return nil
		case err != nil:
			return &fileFault{code: codeFileUnreadable, kind: f.kind, path: f.path, message: fmt.Sprintf("unable to read CERT file %q: %s", f.path, openError(f.path, err))}
		}
	}
	err, known := p.pairs[pair]
	if !known {
		_, err = tls.X509KeyPair(p.data[pair.Cert], p.data[pair.Key])
		p.pairs[pair] = err
	}
	if err != nil {
		return &fileFault{code: codeKeyPairInvalid, kind: kindCert, path: pair.Cert, message: "failed to load X509 key pair: " + err.Error()}
	}
	return nil
}
