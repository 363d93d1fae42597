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
	"slices"
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
	switch {
	case isAny(err, syscall.ENOSPC, syscall.EDQUOT):
		return DiskFull
	case isAny(err, syscall.EAGAIN): // the node lacks something; a timeout by its own account
		return Unknown
	}
	return None
}

func isAny(err error, errnos ...syscall.Errno) bool {
	return slices.ContainsFunc(errnos, func(e syscall.Errno) bool { return errors.Is(err, e) })
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
	case isAny(err, syscall.ECONNREFUSED):
		return ConnectRefused
	case isAny(err, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN, syscall.ENETDOWN, syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT):
		return NoRoute
	}
	for e := range opErrors(err) {
		switch {
		case e.Op != "dial":
		case e.Timeout():
			return ConnectTimeout
		case isAny(e, forbidden...):
			return NoRoute
		}
	}
	return None
}

// forbidden are how the kernel refuses to connect where there is a way: by a BPF program of the
// cgroup or a seccomp filter; by a route that prohibits, a security module, or what a firewall
// answers in ICMPv6; by a blackhole route; and by an ICMP answer that the host has no TCP.
// (Linux net/ipv4/fib_semantics.c, fib_props; net/ipv4/icmp.c, icmp_err_convert; net/ipv6/icmp.c)
var forbidden = []syscall.Errno{syscall.EPERM, syscall.EACCES, syscall.EINVAL, syscall.ENOPROTOOPT}

// ofEnd names an exchange that ended early.
func ofEnd(err error) Cause {
	_, exchange := errors.AsType[*url.Error](err)
	switch {
	case errors.Is(err, context.Canceled):
		return Cancelled
	case strings.Contains(err.Error(), "TLS handshake timeout"): // net/http transport.go, no exported type
		return TLSHandshakeTimeout
	case isAny(err, syscall.ECONNRESET, syscall.EPIPE, syscall.ECONNABORTED, syscall.ENETRESET, syscall.ENOTCONN),
		errors.Is(err, io.EOF), exchange && errors.Is(err, io.ErrUnexpectedEOF):
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
