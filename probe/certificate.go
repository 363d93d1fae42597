package probe

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

const (
	// maxNames is how many of a certificate's names, of its addresses, and of a chain's
	// subjects are told.
	maxNames = 100

	// maxSignatures is how many signatures of a chain are looked at, the same as in
	// crypto/x509 (verify.go, maxChainSignatureChecks): a chain out of order, or of equal
	// names, can want the square of its length.
	maxSignatures = 100
)

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
		DNSNames:  append([]string{}, leaf.DNSNames[:min(len(leaf.DNSNames), maxNames)]...),
		NotBefore: leaf.NotBefore.UTC(), NotAfter: leaf.NotAfter.UTC(),
		Verified: verify(chain, l.name, l.trust.roots) == nil,
	}
	for _, ip := range leaf.IPAddresses[:min(len(leaf.IPAddresses), maxNames)] {
		c.DNSNames = append(c.DNSNames, ip.String())
	}
	for _, cert := range chain[:min(len(chain), maxNames)] {
		c.Chain = append(c.Chain, cert.Subject.String())
	}
	if last := endOf(chain); l.trust.lacksIssuer(last) {
		c.MissingIssuer = last.Issuer.String()
		c.IntermediateMissing = l.trust.leftOut(last)
	}
	return c
}

// verify is what crypto/tls makes of a chain as presented.
func verify(chain []*x509.Certificate, name string, roots *x509.CertPool) error {
	between := x509.NewCertPool()
	for _, c := range chain[1:] {
		between.AddCert(c)
	}
	name, _, _ = strings.Cut(name, "%") // a zone is no part of a certificate's address
	_, err := chain[0].Verify(x509.VerifyOptions{DNSName: name, Roots: roots, Intermediates: between})
	return err
}

// endOf follows the signatures from the server's certificate as far as the presented
// certificates lead.
func endOf(chain []*x509.Certificate) *x509.Certificate {
	last, rest := chain[0], slices.Clone(chain[1:])
	for left := maxSignatures; ; {
		i := slices.IndexFunc(rest, func(c *x509.Certificate) bool {
			if left == 0 || !bytes.Equal(c.RawSubject, last.RawIssuer) {
				return false
			}
			left--
			return last.CheckSignatureFrom(c) == nil
		})
		if i < 0 {
			return last
		}
		last = rest[i]
		rest = slices.Delete(rest, i, i+1)
	}
}

// selfSigned reports whether c needs no issuer.
func selfSigned(c *x509.Certificate) bool { return bytes.Equal(c.RawSubject, c.RawIssuer) }

// lacksIssuer reports whether none of the trusted CAs signed c, whatever the names and
// times in it.
func (t *trust) lacksIssuer(c *x509.Certificate) bool {
	if selfSigned(c) {
		return false
	}
	now := time.Now()
	if now.Before(c.NotBefore) || now.After(c.NotAfter) {
		now = c.NotAfter
	}
	_, err := c.Verify(x509.VerifyOptions{Roots: t.roots, CurrentTime: now, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageAny}})
	_, unknown := errors.AsType[x509.UnknownAuthorityError](err)
	return unknown
}

// intermediateName is how CAs name those that issue for them.
var intermediateName = lazyregexp.New(`(?i)\b(intermediate|issuing|subordinate|sub[- ]?ca|ica)\b`)

// leftOut reports whether the issuer of c, which is unknown, is one that the server should
// have presented: by its name it is an intermediate, c says where it can be downloaded
// (RFC 5280, section 4.2.2.1), or it belongs to the organisation of a configured CA.
// Where none of this holds it may as well be a CA that has to be configured.
func (t *trust) leftOut(c *x509.Certificate) bool {
	name := c.Issuer.CommonName
	return intermediateName().MatchString(name) && !strings.Contains(strings.ToLower(name), "root") || len(c.IssuingCertificateURL) > 0 ||
		slices.ContainsFunc(t.configured(), func(ca *x509.Certificate) bool {
			return len(c.Issuer.Organization) > 0 && slices.Equal(ca.Subject.Organization, c.Issuer.Organization) &&
				ca.Subject.CommonName != name
		})
}

// configured are the certificates of the endpoint's CA files.
func (t *trust) configured() []*x509.Certificate {
	var all []*x509.Certificate
	for _, name := range t.endpoint.CAFiles {
		data, _ := readFile(t.store.root, name) // load has told what is wrong with it
		all = append(all, certificates(data)...)
	}
	return all
}

// certificates are those of a PEM file that can be parsed.
func certificates(data []byte) []*x509.Certificate {
	var all []*x509.Certificate
	for {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return all
		}
		if block.Type != "CERTIFICATE" {
			continue
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			all = append(all, c)
		}
	}
}
