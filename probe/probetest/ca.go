package probetest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"time"
)

// A CA signs certificates.
type CA struct {
	cert  *x509.Certificate
	key   *ecdsa.PrivateKey
	chain [][]byte // what a server presents after its own certificate
}

// A Leaf says what a certificate is to be. The zero value is one of a server without any
// name, valid now.
type Leaf struct {
	Names      []string      // host names and addresses
	CommonName string        // "": none
	Starts     time.Duration // after now; 0: an hour ago
	Ends       time.Duration // after now; 0: in 90 days
	Client     bool          // for a client instead of a server
}

// NewCA mints a CA of that common name.
func NewCA(name string) *CA {
	template := authority(name)
	validity(template, 0, 0)
	key := newKey()
	return &CA{cert: sign(template, template, &key.PublicKey, key), key: key}
}

// Intermediate mints a CA that ca signs. Servers present its certificate after the ones
// that it issues. starts and ends are as in [Leaf].
func (ca *CA) Intermediate(name string, starts, ends time.Duration) *CA {
	template := authority(name)
	validity(template, starts, ends)
	key := newKey()
	cert := sign(template, ca.cert, &key.PublicKey, ca.key)
	return &CA{cert: cert, key: key, chain: append([][]byte{cert.Raw}, ca.chain...)}
}

func authority(name string) *x509.Certificate {
	return &x509.Certificate{
		Subject: pkix.Name{CommonName: name}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign,
	}
}

// PEM is the CA's certificate as a file holds it.
func (ca *CA) PEM() []byte { return encode("CERTIFICATE", ca.cert.Raw) }

// Pool holds the CA alone.
func (ca *CA) Pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(ca.cert)
	return pool
}

// Issue signs a certificate for a new key.
func (ca *CA) Issue(leaf Leaf) *tls.Certificate {
	template := &x509.Certificate{
		Subject:     pkix.Name{CommonName: leaf.CommonName},
		KeyUsage:    x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if leaf.Client {
		template.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
	}
	for _, name := range leaf.Names {
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = append(template.IPAddresses, ip)
		} else {
			template.DNSNames = append(template.DNSNames, name)
		}
	}
	validity(template, leaf.Starts, leaf.Ends)
	key := newKey()
	cert := sign(template, ca.cert, &key.PublicKey, ca.key)
	return &tls.Certificate{Certificate: append([][]byte{cert.Raw}, ca.chain...), PrivateKey: key, Leaf: cert}
}

// Server signs a certificate for a server with these names.
func (ca *CA) Server(names ...string) *tls.Certificate { return ca.Issue(Leaf{Names: names}) }

// PairPEM is a certificate and its key as files hold them.
func PairPEM(cert *tls.Certificate) (certPEM, keyPEM []byte) {
	der, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	if err != nil {
		panic("probetest: " + err.Error())
	}
	return encode("CERTIFICATE", cert.Certificate[0]), encode("PRIVATE KEY", der)
}

func validity(template *x509.Certificate, starts, ends time.Duration) {
	if starts == 0 {
		starts = -time.Hour
	}
	if ends == 0 {
		ends = 90 * 24 * time.Hour
	}
	template.NotBefore, template.NotAfter = time.Now().Add(starts), time.Now().Add(ends)
}

func newKey() *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic("probetest: " + err.Error())
	}
	return key
}

func sign(template, parent *x509.Certificate, public *ecdsa.PublicKey, key *ecdsa.PrivateKey) *x509.Certificate {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 120))
	if err != nil {
		panic("probetest: " + err.Error())
	}
	template.SerialNumber = serial
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		panic("probetest: " + err.Error())
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		panic("probetest: " + err.Error())
	}
	return cert
}

func encode(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}
