package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/registry"
)

// serviceAccount is where a pod finds its token and the API server's CA.
// (Kubernetes documentation, "Accessing the Kubernetes API from a Pod")
const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount"

const (
	kubeTimeout = 10 * time.Second
	maxKubeFile = 1 << 20
	maxKubeBody = 4 << 20 // a node with all its images listed is some 100 KB

	maxStatusMessage = 300 // in bytes
)

// A kubeAPI asks the API server of the cluster that the process runs in, with the token of
// its service account.
type kubeAPI struct {
	folder string // of the service account
	base   string // https://host:port
	client http.Client
}

// newKubeAPI finds the API server as a pod does. The error says what is missing.
func newKubeAPI(folder string, getenv func(string) string) (*kubeAPI, error) {
	host, port := getenv("KUBERNETES_SERVICE_HOST"), getenv("KUBERNETES_SERVICE_PORT")
	if host == "" {
		return nil, errors.New("finding the API server: KUBERNETES_SERVICE_HOST is not set: not in a pod")
	}
	pem, err := readSmall(filepath.Join(folder, "ca.crt"))
	if err != nil {
		return nil, fmt.Errorf("finding the API server: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("finding the API server: reading %q: no certificate in it", filepath.Join(folder, "ca.crt"))
	}
	return &kubeAPI{
		folder: folder,
		base:   "https://" + net.JoinHostPort(host, cmp.Or(port, "443")),
		client: http.Client{
			Timeout:   kubeTimeout,
			Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, MaxIdleConns: 1, IdleConnTimeout: time.Minute},
		},
	}, nil
}

// token reads the token anew: it is replaced before it expires.
func (k *kubeAPI) token() (registry.Secret, error) {
	text, err := readSmall(filepath.Join(k.folder, "token"))
	return registry.NewSecret(strings.TrimSpace(string(text))), err
}

// nodeName is the node that the token was made for, "" where it does not tell.
// (Kubernetes "Managing Service Accounts", bound tokens: the claim kubernetes.io)
func (k *kubeAPI) nodeName() string {
	token, err := k.token()
	if err != nil {
		return ""
	}
	_, rest, _ := strings.Cut(token.Reveal(), ".")
	payload, _, _ := strings.Cut(rest, ".")
	text, err := base64.RawURLEncoding.DecodeString(payload)
	if err != nil {
		return ""
	}
	var claims struct {
		Kubernetes struct {
			Node struct {
				Name string `json:"name"`
			} `json:"node"`
		} `json:"kubernetes.io"`
	}
	if json.Unmarshal(text, &claims) != nil {
		return ""
	}
	return claims.Kubernetes.Node.Name
}

// do sends in, where it is not nil, and reads the answer into out, where that is not nil.
func (k *kubeAPI) do(ctx context.Context, method, path, mediaType string, in, out any) error {
	if err := k.exchange(ctx, method, path, mediaType, in, out); err != nil {
		return fmt.Errorf("%s %s at the API server: %w", method, path, err)
	}
	return nil
}

func (k *kubeAPI) exchange(ctx context.Context, method, path, mediaType string, in, out any) error {
	var body bytes.Buffer
	if in != nil {
		if err := json.NewEncoder(&body).Encode(in); err != nil {
			return err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, k.base+path, &body)
	if err != nil {
		return err
	}
	token, err := k.token()
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+token.Reveal())
	req.Header.Set("Content-Type", mediaType)
	req.Header.Set("User-Agent", "pullwhy/"+toolVersion())
	resp, err := k.client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxKubeBody))
	switch {
	case err != nil:
		return err
	case resp.StatusCode > 299:
		return fmt.Errorf("%s%s", resp.Status, statusMessage(text))
	case out == nil:
		return nil
	}
	return json.Unmarshal(text, out)
}

// statusMessage is what the API server says of a refusal: the message of a Status, as much of
// it as fits into a line or two.
func statusMessage(text []byte) string {
	var status struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(text, &status) != nil || status.Message == "" {
		return ""
	}
	return ": " + cut(status.Message, maxStatusMessage)
}

// readSmall reads a file that the kubelet put there.
func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKubeFile))
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", path, err)
	}
	return text, nil
}
