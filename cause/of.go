package cause

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"syscall"
)

// Of names a Go error of resolving, dialling, a TLS handshake or an HTTP exchange. None
// for nil, Unknown for what it does not know. It looks through wrapping errors. An error
// without a type of its own is named by its text, as [Parse] would.
//
// A connection that was reset or closed counts as a failed handshake, for before an HTTP
// answer that is what it is; a caller that was already reading a body knows better.
func Of(err error) Cause {
	if err == nil {
		return None
	}
	for _, f := range []func(error) Cause{ofSystem, ofProxy, ofName, ofCertificate, ofTLS, ofConnect, ofEnd} {
		if c := f(err); c != None {
			return c
		}
	}
	return Parse(err.Error())
}

func ofSystem(err error) Cause {
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		return DiskFull
	}
	return None
}

// ofProxy comes before what it wraps: a proxy that cannot be reached is the proxy's
// fault, whatever stands in the way (net/http transport.go, dialConn).
func ofProxy(err error) Cause {
	for e := range opErrors(err) {
		if e.Op == "proxyconnect" {
			return ProxyError
		}
	}
	return None
}

func ofName(err error) Cause {
	if dns, ok := errors.AsType[*net.DNSError](err); ok {
		if dns.IsNotFound {
			return DNSNotFound
		}
		return DNSFailure
	}
	if addr, ok := errors.AsType[*net.AddrError](err); ok && addr.Err == "invalid port" {
		return InvalidReference
	}
	return None
}

func ofCertificate(err error) Cause {
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return TLSUnknownAuthority
	}
	if _, ok := errors.AsType[x509.SystemRootsError](err); ok {
		return TLSUnknownAuthority
	}
	if host, ok := errors.AsType[x509.HostnameError](err); ok {
		if strings.Contains(host.Error(), "legacy Common Name") {
			return TLSLegacyCommonName
		}
		return TLSHostnameMismatch
	}
	invalid, ok := errors.AsType[x509.CertificateInvalidError](err)
	switch {
	case !ok:
		return None
	case invalid.Reason == x509.Expired && strings.Contains(invalid.Detail, "is before"):
		return TLSNotYetValid
	case invalid.Reason == x509.Expired:
		return TLSExpired
	case invalid.Reason == x509.NotAuthorizedToSign, invalid.Reason == x509.TooManyIntermediates:
		return TLSUnknownAuthority
	}
	return TLSHandshake
}

func ofTLS(err error) Cause {
	if errors.Is(err, http.ErrSchemeMismatch) {
		return HTTPResponseToHTTPSClient
	}
	if record, ok := errors.AsType[tls.RecordHeaderError](err); ok {
		if string(record.RecordHeader[:]) == "HTTP/" {
			return HTTPResponseToHTTPSClient
		}
		return TLSHandshake
	}
	for e := range opErrors(err) {
		// crypto/tls conn.go: an alert has no exported type, only this operation and its text
		if e.Op == "remote error" || e.Op == "local error" {
			return Parse(e.Error())
		}
	}
	return None
}

func ofConnect(err error) Cause {
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return ConnectRefused
	case errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, syscall.ENETUNREACH),
		errors.Is(err, syscall.EHOSTDOWN), errors.Is(err, syscall.ENETDOWN), errors.Is(err, syscall.EADDRNOTAVAIL):
		return NoRoute
	}
	for e := range opErrors(err) {
		if e.Op == "dial" && e.Timeout() {
			return ConnectTimeout
		}
	}
	return None
}

// ofEnd names an exchange that ended early.
func ofEnd(err error) Cause {
	_, exchange := errors.AsType[*url.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return Cancelled
	case strings.Contains(err.Error(), "TLS handshake timeout"): // net/http transport.go, no exported type
		return TLSHandshakeTimeout
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE), errors.Is(err, io.EOF),
		exchange && errors.Is(err, io.ErrUnexpectedEOF):
		return TLSHandshake
	case errors.Is(err, io.ErrUnexpectedEOF):
		return BlobTruncated
	case errors.Is(err, context.DeadlineExceeded):
		return TimeoutDeadline
	}
	if timeout, ok := errors.AsType[net.Error](err); ok && timeout.Timeout() {
		return TimeoutDeadline
	}
	return None
}

// opErrors yields the network operations that err went through, the outermost first.
func opErrors(err error) func(yield func(*net.OpError) bool) {
	return func(yield func(*net.OpError) bool) {
		for {
			op, ok := errors.AsType[*net.OpError](err)
			if !ok || !yield(op) {
				return
			}
			err = op.Err
		}
	}
}
