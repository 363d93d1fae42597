package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"

	"github.com/pullwhy/pullwhy/cause"
)

// errHandshakeTimeout has net/http's text for it, so that it reads as in containerd's log.
var errHandshakeTimeout = &fault{err: errors.New("net/http: TLS handshake timeout"), cause: cause.TLSHandshakeTimeout}

// handshake makes conn a TLS connection and notes version and certificate.
func (l *link) handshake(ctx context.Context, conn net.Conn, o *opening, s *Step) (net.Conn, error) {
	client := tls.Client(conn, l.trust.config(l.name, func() { o.clientAsked = true }))
	err := client.HandshakeContext(ctx)
	state := client.ConnectionState()
	o.certificate = l.certificate(presented(state, err))
	if err == nil {
		s.TLSVersion = tls.VersionName(state.Version)
		return client, nil
	}
	if ctx.Err() != nil && l.run.ctx.Err() == nil {
		return nil, errHandshakeTimeout
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok && string(record.RecordHeader[:]) == "HTTP/" {
		return nil, http.ErrSchemeMismatch
	}
	if o.clientAsked && refused(err) {
		return nil, clientRefused(err)
	}
	return nil, err
}

// presented is the server's chain, also where it was not accepted.
func presented(state tls.ConnectionState, err error) []*x509.Certificate {
	if len(state.PeerCertificates) > 0 {
		return state.PeerCertificates
	}
	if unverified, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return unverified.UnverifiedCertificates
	}
	return nil
}

// certificate describes a chain as presented; nil where there is none.
func (l *link) certificate(chain []*x509.Certificate) *Certificate {
	if len(chain) == 0 {
		return nil
	}
	leaf := chain[0]
	c := &Certificate{
		Subject: leaf.Subject.String(), Issuer: leaf.Issuer.String(),
		DNSNames:  append([]string{}, leaf.DNSNames...),
		NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(),
		Verified: l.trust.verifies(chain, l.name),
	}
	for _, ip := range leaf.IPAddresses {
		c.DNSNames = append(c.DNSNames, ip.String())
	}
	for _, cert := range chain {
		c.Chain = append(c.Chain, cert.Subject.String())
	}
	return c
}

// refused reports whether err is the peer's doing: an alert, or the connection ended.
func refused(err error) bool {
	switch cause.Of(err) {
	case cause.TLSHandshake, cause.TLSClientCertRequired:
		return true
	}
	return false
}

// clientRefused explains err where the server had asked for a client certificate. In TLS
// 1.3 that shows only after the client's side of the handshake, and where the server
// closes at once, as a mere reset.
func clientRefused(err error) error {
	return &fault{err: fmt.Errorf("server asked for a client certificate: %w", err), cause: cause.TLSClientCertRequired}
}
