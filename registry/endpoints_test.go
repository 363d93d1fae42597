package registry

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io/fs"
	"math/big"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// endpointCase is a node's files, an image, and what containerd would ask for it. The
// expectations were made by running K3s 1.34's rendering, the K3s build of containerd
// 2.0.4 and containerd 2.1.5.
type endpointCase struct {
	Name           string
	Note           string
	Distribution   string
	DisableDefault bool `json:"disable_default"`
	Embedded       bool
	Registries     *string
	CertsD         map[string]string `json:"certs_d"`
	Image          string
	PullSecret     bool   `json:"pull_secret"` // credentials come with the request and are not judged
	Error          string // stage
	Reference      string
	Endpoints      []wantedEndpoint
	Rendered       map[string]string
}

type wantedEndpoint struct {
	URL          string
	Default      bool
	Namespace    string
	AnyOf        []string `json:"any_of"` // repositories, where rewrites make it random
	Repository   string
	Manifest     string
	CA           string
	Cert         string
	Key          string
	SkipVerify   bool `json:"skip_verify"`
	HTTPFallback bool `json:"http_fallback"`
	User         string
	Auth         string
}

func TestEndpoints(t *testing.T) {
	text, err := os.ReadFile("testdata/endpoints.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []json.RawMessage
	if err := json.Unmarshal(text, &cases); err != nil {
		t.Fatal(err)
	}
	cert, key := mint(t)
	for _, text := range cases {
		var tc endpointCase
		if err := json.Unmarshal(text, &tc); err != nil {
			t.Fatal(err)
		}
		t.Run(tc.Name, func(t *testing.T) { tc.check(t, tc.node(text, cert, key)) })
	}
}

func (tc endpointCase) check(t *testing.T, node fs.FS) {
	config := Load(ReadNode(node))
	if tc.Rendered != nil {
		got := map[string]string{}
		for dir, text := range config.Rendered() {
			got[dir+"/hosts.toml"] = text
		}
		if diff := cmp.Diff(tc.Rendered, got); diff != "" {
			t.Errorf("rendered files (-want +got):\n%s", diff)
		}
	}
	ref, err := ParseReference(tc.Image)
	var endpoints []Endpoint
	if err == nil {
		if ref.Name != tc.Reference && tc.Error == "" {
			t.Errorf("reference %q, want %q", ref.Name, tc.Reference)
		}
		endpoints, err = config.Endpoints(ref)
	}
	stage := ""
	if r, ok := errors.AsType[*RouteError](err); ok {
		stage = r.Stage
	} else if err != nil {
		t.Errorf("error %v is no RouteError", err)
	}
	if stage != tc.Error {
		t.Fatalf("error %v of stage %q, want stage %q", err, stage, tc.Error)
	}
	var got []wantedEndpoint
	for i, e := range endpoints {
		got = append(got, tc.flatten(e, ref, i))
	}
	if diff := cmp.Diff(tc.Endpoints, got); diff != "" {
		t.Errorf("endpoints (-want +got):\n%s", diff)
	}
}

// flatten turns an endpoint into the form of the expectations.
func (tc endpointCase) flatten(e Endpoint, ref Reference, i int) wantedEndpoint {
	w := wantedEndpoint{
		URL: e.URL(), Default: e.Default, Namespace: e.Namespace, Repository: e.Repository,
		Manifest: e.ManifestURL(ref.Identifier()), CA: strings.Join(e.CAFiles, " "),
		SkipVerify: e.SkipVerify, HTTPFallback: e.HTTPFallback, User: e.Auth.Username,
	}
	if e.Auth.Type != AuthNone {
		w.Auth = string(e.Auth.Type)
	}
	for _, pair := range e.Clients {
		w.Cert, w.Key = pair.Cert, pair.Key
	}
	if i >= len(tc.Endpoints) {
		return w
	}
	want := tc.Endpoints[i]
	if want.AnyOf != nil {
		all := append([]string{e.Repository}, e.Alternatives...)
		slices.Sort(all)
		w.AnyOf, w.Repository, w.Manifest = all, "", ""
	}
	if tc.PullSecret {
		w.User, w.Auth = want.User, want.Auth
	}
	if rest, ok := strings.CutPrefix(w.CA, tc.certsD()); ok {
		w.CA = "<certs.d>" + rest
	}
	return w
}

func (tc endpointCase) certsD() string {
	if tc.Distribution == Containerd {
		return "/etc/containerd/certs.d"
	}
	return "/var/lib/rancher/" + tc.Distribution + "/agent/etc/containerd/certs.d"
}

var certificatePath = regexp.MustCompile(`/(?:etc/pki|var/lib/rancher)/[^\s"\\,\]]+\.(?:pem|crt|key)`)

// node lays the case's files out as they stand on a node, with those that text, the case
// itself, mentions.
func (tc endpointCase) node(text []byte, cert, key string) fs.FS {
	node := fstest.MapFS{}
	put := func(abs, text string) { node[name(abs)] = &fstest.MapFile{Data: []byte(text)} }
	if tc.Distribution == Containerd {
		put("/etc/containerd/config.toml", "version = 3\n[plugins.\"io.containerd.cri.v1.images\".registry]\n  config_path = \""+tc.certsD()+"\"\n")
	} else {
		config := ""
		if tc.DisableDefault {
			config += "disable-default-registry-endpoint: true\n"
		}
		if tc.Embedded {
			config += "embedded-registry: true\n"
		}
		put("/etc/rancher/"+tc.Distribution+"/config.yaml", config)
		node[name("/var/lib/rancher/"+tc.Distribution+"/agent/etc/containerd")] = &fstest.MapFile{Mode: fs.ModeDir}
	}
	if tc.Registries != nil {
		put("/etc/rancher/"+tc.Distribution+"/registries.yaml", *tc.Registries)
	}
	for _, abs := range certificatePath.FindAllString(string(text), -1) {
		switch {
		case strings.Contains(abs, "absent"):
		case strings.HasSuffix(abs, ".key"):
			put(abs, key)
		default:
			put(abs, cert)
		}
	}
	for name, text := range tc.CertsD {
		put(tc.certsD()+"/"+name, strings.ReplaceAll(text, "<certificate>", cert))
	}
	return node
}

// mint makes a self-signed certificate and its key, in PEM.
func mint(t testing.TB) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &private.PublicKey, private)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	var c, k bytes.Buffer
	pem.Encode(&c, &pem.Block{Type: "CERTIFICATE", Bytes: der})
	pem.Encode(&k, &pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8})
	return c.String(), k.String()
}
