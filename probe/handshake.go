package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
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
	o.chain = presented(state, err)
	o.certificate = l.certificate(o.chain)
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
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, faultf(cause.TLSHandshake, "server closed the connection in the TLS handshake: %w", err)
	}
	return nil, err
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
