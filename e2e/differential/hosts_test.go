package differential

import (
	"bytes"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/sirupsen/logrus"

	"github.com/pullwhy/pullwhy/registry"
)

func TestMain(m *testing.M) {
	logrus.SetOutput(&said)
	os.Setenv("SSL_CERT_FILE", os.DevNull) // no authority but those configured
	os.Setenv("SSL_CERT_DIR", "absent")
	os.Exit(m.Run())
}

// said is what the real code logged.
var said bytes.Buffer

const digest = "sha256:3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f3f"

// Whatever stands in certs.d, pullwhy names the places that containerd asks, in its order
// and with its settings, the requests that it sends, or its error.
func TestHosts(t *testing.T) {
	for _, real := range releases {
		t.Run(real.name, func(t *testing.T) {
			pki := newPKI(t)
			rounds(t, 2000, func(r *rand.Rand) string {
				tree, root := pki.tree(r), path.Join(pki.dir, "node")
				defer os.RemoveAll(root)
				certsD := tree.write(t, root+"/certs.d")
				write(t, root+"/config.toml", configTOML(real.version, certsD))
				return real.compare(tree, certsD, registry.Load(&registry.Node{
					FS: os.DirFS("/"), Distribution: registry.Containerd, ContainerdVersion: real.version, ConfigTOML: root + "/config.toml",
				}))
			})
		})
	}
}

func configTOML(version, certsD string) string {
	if strings.HasPrefix(version, "v1.") {
		return fmt.Sprintf("version = 2\n[plugins.'io.containerd.grpc.v1.cri'.registry]\nconfig_path = %q\n", certsD)
	}
	return fmt.Sprintf("version = 3\n[plugins.'io.containerd.cri.v1.images'.registry]\nconfig_path = %q\n", certsD)
}

// compare says in what pullwhy's view of the tree differs from containerd's.
func (real release) compare(tree tree, certsD string, config *registry.Config) string {
	said.Reset()
	c := &comparison{config: config, real: real.read(certsD)}
	if slices.ContainsFunc(tree.asked, c.real.crashes) {
		return ""
	}
	for _, name := range tree.asked {
		c.endpoints(name)
	}
	c.registries()
	if c.Len() == 0 || slices.ContainsFunc(tree.asked, c.real.wavers) {
		return ""
	}
	return fmt.Sprintf("%s%s\ncontainerd logged:\n%s", c, tree, said.String())
}

// A comparison collects differences.
type comparison struct {
	strings.Builder
	config *registry.Config
	real   *reader
}

// endpoints asks both for an image of the host, by tag and by digest.
func (c *comparison) endpoints(name string) {
	places, broken := c.real.places(name)
	for _, id := range []string{":1.4", "@" + digest} {
		ref, err := registry.ParseReference(name + "/team/app" + id)
		if err != nil {
			panic(err)
		}
		got, err := c.config.Endpoints(ref)
		asked, failure := c.real.requests(ref.Name)
		for i := range asked { // of misspelt addresses they hold passwords, which pullwhy does not tell
			asked[i] = registry.WithoutUserinfo(asked[i])
		}
		if !noHost(failure) {
			failure = broken // not that nobody has the image
		}
		if message(err) != message(failure) {
			fmt.Fprintf(c, "%s:\ncontainerd fails: %v\npullwhy says:     %v\n", ref.Name, failure, err)
		}
		if err != nil || failure != nil {
			continue
		}
		usable := slices.DeleteFunc(slices.Clone(places), func(h host) bool { return !h.Pull || !h.Resolve && ref.Digest == "" })
		c.differ(ref.Name+": endpoints", usable, describe(got))
		c.differ(ref.Name+": requests", asked, requests(ref, got, asked))
	}
}

// noHost is an error that resolving has before it asks.
func noHost(err error) bool {
	return err != nil && strings.HasPrefix(err.Error(), "no resolve hosts")
}

func message(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// requests are what pullwhy expects to be asked. Where several rewrites may be applied, the
// one that was counts.
func requests(ref registry.Reference, endpoints []registry.Endpoint, asked []string) []string {
	var all []string
	for _, e := range endpoints {
		var either []string
		for _, e.Repository = range append([]string{e.Repository}, e.Alternatives...) {
			req, err := http.NewRequest(http.MethodHead, e.ManifestURL(ref.Identifier()), nil)
			if err == nil && req.URL.Host != "" { // else nobody can ask there
				either = append(either, req.URL.String())
			}
		}
		switch i := len(all); {
		case either == nil:
		case i < len(asked) && slices.Contains(either, asked[i]):
			all = append(all, asked[i])
		default:
			all = append(all, either[0])
		}
	}
	return all
}

// registries compares the whole list with what each name gives.
func (c *comparison) registries() {
	for _, r := range c.config.Registries() {
		name := r.Name
		if name == "*" {
			name = "unlisted.example.com"
		}
		want, err := c.real.places(name)
		if err != nil {
			continue // Endpoints tells
		}
		want = slices.DeleteFunc(want, func(h host) bool { return h.Host == name && r.Name == "*" })
		got := describe(r.Endpoints)
		for i := range min(len(got), len(want)) {
			got[i].Pull, got[i].Resolve = want[i].Pull, want[i].Resolve // Endpoints tells
		}
		c.differ(r.Name+": registry", want, got)
	}
}

func (c *comparison) differ(what string, containerd, pullwhy any) {
	if diff := cmp.Diff(containerd, pullwhy, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(host{})); diff != "" {
		fmt.Fprintf(c, "%s (-containerd +pullwhy):\n%s", what, diff)
	}
}

// describe puts pullwhy's endpoints into the terms of a host.
func describe(endpoints []registry.Endpoint) []host {
	var all []host
	for _, e := range endpoints {
		h := host{
			Scheme: e.Scheme, Host: e.Host, Path: path.Join("/", e.Path), Pull: true, Resolve: !e.NoResolve,
			SkipVerify: e.SkipVerify, HTTPFallback: e.HTTPFallback, Header: e.Headers,
		}
		pool := x509.NewCertPool()
		for _, file := range e.CAFiles {
			data, _ := os.ReadFile(file)
			pool.AppendCertsFromPEM(data)
		}
		h.CAs = subjects(pool)
		for _, pair := range e.Clients {
			data, _ := os.ReadFile(pair.Cert)
			h.Clients = append(h.Clients, firstName(data))
		}
		all = append(all, h)
	}
	return all
}

// firstName is the common name of the first certificate in PEM.
func firstName(data []byte) string {
	for {
		block, rest := pem.Decode(data)
		if block == nil {
			return "no certificate"
		}
		if block.Type == "CERTIFICATE" {
			return commonName(block.Bytes)
		}
		data = rest
	}
}

// subjects are the common names in a pool, nil for none.
func subjects(pool *x509.CertPool) []string {
	if pool == nil {
		return nil
	}
	var all []string
	for _, der := range pool.Subjects() { //nolint:staticcheck // no certificate is the system's
		var rdn pkix.RDNSequence
		var name pkix.Name
		if _, err := asn1.Unmarshal(der, &rdn); err == nil {
			name.FillFromRDNSequence(&rdn)
		}
		all = append(all, name.CommonName)
	}
	return all
}

func write(t *testing.T, file, text string) {
	t.Helper()
	err := errors.Join(os.MkdirAll(path.Dir(file), 0o755), os.WriteFile(file, []byte(text), 0o644))
	if err != nil {
		t.Fatal(err)
	}
}
