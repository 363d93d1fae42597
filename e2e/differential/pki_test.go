package differential

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"path"
	"testing"
	"time"
)

// A pki is a directory of certificates and keys, by what is right or wrong with them.
type pki struct {
	dir   string
	texts map[string]string
}

func newPKI(t *testing.T) pki {
	t.Helper()
	p := pki{t.TempDir(), map[string]string{"empty": "", "garbage": "no certificate\n", "folder/file": ""}}
	for _, name := range []string{"one", "two"} {
		cert, key := mint(t, name)
		p.texts[name+".crt"], p.texts[name+".key"], p.texts[name+".both"] = cert, key, key+cert
	}
	p.texts["chain.crt"] = p.texts["two.crt"] + p.texts["one.crt"]
	block, _ := pem.Decode([]byte(p.texts["one.crt"]))
	p.texts["der"] = string(block.Bytes)
	for name, text := range p.texts {
		write(t, path.Join(p.dir, name), text)
	}
	return p
}

func mint(t *testing.T, name string) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name}, NotAfter: time.Now().Add(24 * time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})),
		string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
}
