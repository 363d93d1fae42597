package probe

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"strings"
	"sync"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// A trust is the TLS settings of an endpoint, and those of the hosts that it sends to:
// its token service and redirect targets are asked with the same client.
// (containerd core/remotes/docker/config/hosts.go, updateTLSConfigFromHost)
type trust struct {
	store    *store
	endpoint registry.Endpoint

	once    sync.Once
	roots   *x509.CertPool
	clients []tls.Certificate
	err     error
}

type trustKey struct {
	files string
	skip  bool
}

func trustKeyOf(ep registry.Endpoint) trustKey {
	return trustKey{fmt.Sprintf("%q %q", ep.CAFiles, ep.Clients), ep.SkipVerify}
}

// load reads the files at the first call. Its error names the file and is a fault of
// cause config_file_unreadable: containerd sends no request then.
func (t *trust) load() error {
	t.once.Do(func() {
		t.roots = t.store.roots()
		t.err = t.loadFiles()
	})
	return t.err
}

func (t *trust) loadFiles() error {
	for _, name := range t.endpoint.CAFiles {
		data, err := readFile(t.store.root, name)
		if err != nil {
			return faultf(cause.ConfigFileUnreadable, "reading CA file %q: %w", name, err)
		}
		if !t.roots.AppendCertsFromPEM(data) {
			return faultf(cause.ConfigFileUnreadable, "reading CA file %q: no certificate in it", name)
		}
	}
	for _, pair := range t.endpoint.Clients {
		if err := t.loadClient(pair); err != nil {
			return err
		}
	}
	return nil
}

// loadClient reads a pair; a key without a name is in the certificate's file.
func (t *trust) loadClient(pair registry.ClientPair) error {
	cert, err := readFile(t.store.root, pair.Cert)
	if err != nil {
		return faultf(cause.ConfigFileUnreadable, "reading client certificate %q: %w", pair.Cert, err)
	}
	key := cert
	if pair.Key != "" {
		if key, err = readFile(t.store.root, pair.Key); err != nil {
			return faultf(cause.ConfigFileUnreadable, "reading client key %q: %w", pair.Key, err)
		}
	}
	loaded, err := tls.X509KeyPair(cert, key)
	if err != nil {
		return faultf(cause.ConfigFileUnreadable, "loading client certificate %q with key %q: %w", pair.Cert, pair.Key, err)
	}
	t.clients = append(t.clients, loaded)
	return nil
}

// config is the client's side of a handshake with name. asked is called when the server
// asks for a client certificate.
func (t *trust) config(name string, asked func()) *tls.Config {
	name, _, _ = strings.Cut(name, "%") // a zone is no part of a certificate's address
	return &tls.Config{
		ServerName:         name,
		RootCAs:            t.roots,
		InsecureSkipVerify: t.endpoint.SkipVerify,
		GetClientCertificate: func(req *tls.CertificateRequestInfo) (*tls.Certificate, error) {
			asked()
			for i := range t.clients {
				if req.SupportsCertificate(&t.clients[i]) == nil {
					return &t.clients[i], nil
				}
			}
			return &tls.Certificate{}, nil
		},
	}
}
