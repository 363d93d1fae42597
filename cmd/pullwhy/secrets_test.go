package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/tools/txtar"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// hiddenWord finds the secrets of testdata/secrets.txtar, all of which begin alike.
var hiddenWord = regexp.MustCompile(`hidden[-.][a-z-]+`)

// TestSecrets runs every command in every format on a node full of secrets, against servers
// that hand out more and echo what they are sent, and finds none in any output.
func TestSecrets(t *testing.T) {
	dir, secrets, servers := secretsNode(t)
	t.Cleanup(func() { servers.check(t) })
	node := []string{"--host-root", dir}
	log := filepath.Join(dir, "var/lib/rancher/k3s/agent/containerd/containerd.log")
	registries := filepath.Join(dir, "etc/rancher/k3s/registries.yaml")
	asked := []string{"--since", "0", "--auth-file", filepath.Join(dir, "secret.json"), "--images-from", filepath.Join(dir, "images.txt")}
	commands := map[string][]string{
		"diagnose":            append(asked[:len(asked):len(asked)], node...),
		"diagnose without":    append([]string{"--since", "0", "--images-from", filepath.Join(dir, "images.txt")}, node...),
		"diagnose as written": append([]string{"--no-probe", "--registries", registries}, node...),
		"logs":                append([]string{"logs", "--since", "0"}, node...),
		"logs of a file":      {"logs", log},
		"route":               append([]string{"route", "docker.io/team/app:1", "registry.example.com/a/b:1", "registry.example.net/a/b:1", "broken.example.com/a/b:1", "s.example.com/a/b:1", "https://puller:hidden-asked-password@w.example.com/a:1"}, node...),
		"route as written":    append([]string{"route", "s.example.com/a/b:1", "--registries", registries}, node...),
		"lint":                append([]string{"lint"}, node...),
		"lint of a file":      {"lint", registries},
		"demo":                {"demo"},
	}
	forms := [][]string{{}, {"-v"}, {"-o", "short"}, {"-o", "json"}, {"-o", "sarif"}, {"-o", "html"}, {"-o", "markdown"}, {"--fix-diff"}, {"--color", "always"}}
	for name, args := range commands {
		for _, form := range forms {
			t.Run(name+" "+strings.Join(form, " "), func(t *testing.T) {
				t.Parallel()
				var out bytes.Buffer // both streams: neither may hold one
				run(t.Context(), append(args[:len(args):len(args)], form...), strings.NewReader(""), &out, &out)
				untold(t, secrets, out.String())
			})
		}
	}
}

// secretsNode lays out the node, starts its servers, and returns what must not be told, in
// the spellings in which it may be.
func secretsNode(t *testing.T) (dir string, secrets []string, servers *listener) {
	t.Helper()
	servers = &listener{}
	ca := probetest.NewCA("Example Root CA")
	client := ca.Issue(probetest.Leaf{CommonName: "node-1", Client: true})
	cert, key := probetest.PairPEM(client)
	serve := func(host string, h http.Handler) string {
		s := probetest.Serve(servers.hears(h), ca.Server(host))
		t.Cleanup(s.Close)
		return host + ":" + s.Port
	}
	plain := probetest.Serve(servers.hears(echo(http.StatusUnauthorized)), nil)
	t.Cleanup(plain.Close)
	values := map[string]string{
		"BASIC":         serve("basic.example.com", echo(http.StatusForbidden)),
		"TOKEN":         serve("token.example.com", tokenEcho(http.StatusInternalServerError)),
		"IDENTITY":      serve("identity.example.com", tokenEcho(http.StatusUnauthorized)),
		"BLOBS":         serve("blobs.example.com", http.HandlerFunc(redirectSigned)),
		"CLIENT":        serve("client.example.com", echo(http.StatusBadRequest)),
		"PLAIN":         "plain.example.com:" + plain.Port,
		"REFUSED":       probetest.Refused(),
		"ENCODED":       base64.StdEncoding.EncodeToString([]byte("puller:hidden-encoded-password")),
		"ENCODEDSECRET": base64.StdEncoding.EncodeToString([]byte("puller:hidden-secret-encoded")),
		"CA":            string(ca.PEM()), "CERT": string(cert), "KEY": string(key), "$": "$",
	}
	archive, err := txtar.ParseFile("testdata/secrets.txtar")
	if err != nil {
		t.Fatal(err)
	}
	dir = t.TempDir()
	words := []string{"hidden-asked-password", "hidden-encoded-password", "hidden-secret-encoded", handedOut, strings.Split(string(key), "\n")[1]}
	for _, f := range archive.Files {
		text := os.Expand(string(f.Data), func(name string) string { return values[name] })
		if strings.HasPrefix(f.Name, "proc/") {
			text = strings.ReplaceAll(strings.TrimSuffix(text, "\n"), " ", "\x00")
		}
		writeFile(t, filepath.Join(dir, f.Name), text, 0o644)
		words = append(words, hiddenWord.FindAllString(f.Name+text, -1)...)
	}
	for _, w := range words {
		secrets = append(secrets, w, url.QueryEscape(w), base64.RawStdEncoding.EncodeToString([]byte(w)))
		secrets = append(secrets, base64.RawStdEncoding.EncodeToString([]byte("puller:"+w)))
	}
	return dir, secrets, servers
}

// A listener gathers what all servers were sent.
type listener struct {
	mu    sync.Mutex
	heard strings.Builder
}

func (l *listener) hears(h http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		user, password, _ := r.BasicAuth()
		l.mu.Lock()
		fmt.Fprintln(&l.heard, r.Host, r.URL, r.Form, r.Header, user, password)
		l.mu.Unlock()
		h.ServeHTTP(w, r)
	})
}

// check fails where a secret was not even sent to whom it is for: then nobody could have
// told it.
func (l *listener) check(t *testing.T) {
	for _, secret := range []string{
		"hidden-basic-password", "hidden-encoded-password", "hidden-identity-token", "hidden-header-value", "hidden-secret-password", "Bearer " + handedOut, "Signature=" + handedOut,
	} {
		if !strings.Contains(l.heard.String(), secret) {
			t.Errorf("no server was sent %q", secret)
		}
	}
}

// handedOut is a secret that servers give.
const handedOut = "hidden-of-the-server"

// echo refuses with what the request held.
func echo(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, given := r.BasicAuth()
		answer := status
		if !given {
			w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
			answer = http.StatusUnauthorized
		}
		probetest.Refuse(w, answer, "DENIED", fmt.Sprintf("no: %s %s %s %v", user, password, r.Header.Get("Authorization"), r.Header))
	})
}

// tokenEcho sends to a token service of its own, which answers with what it was sent.
func tokenEcho(status int) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		if r.URL.Path == "/token" && r.Method == http.MethodGet {
			w.WriteHeader(status)
			fmt.Fprintf(w, `{"token": %q, "details": "%v %v"}`, handedOut, r.Form, r.Header)
			return
		}
		if r.URL.Path == "/token" {
			fmt.Fprintf(w, `{"access_token": %q}`, handedOut)
			return
		}
		if r.Header.Get("Authorization") == "" {
			w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="https://%s/token?key=%s",service="registry"`, r.Host, handedOut))
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		probetest.Refuse(w, http.StatusForbidden, "DENIED", fmt.Sprintf("no: %v", r.Header))
	})
}

// redirectSigned sends to a store by a signed URL, and fails there.
func redirectSigned(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/v2/":
	case r.URL.Path == "/store":
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, "<Error><StringToSign>%s</StringToSign><Signature>%s</Signature></Error>", r.URL, handedOut)
	default:
		http.Redirect(w, r, "/store?X-Amz-Credential="+handedOut+"&X-Amz-Signature="+handedOut, http.StatusTemporaryRedirect)
	}
}

// TestSecretsOfWatch follows the same node's log until its endpoints have been probed, and
// looks at all that watch prints and serves.
func TestSecretsOfWatch(t *testing.T) {
	dir, secrets, _ := secretsNode(t)
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	address := probetest.Refused()
	var out, stderr bytes.Buffer
	ended := make(chan int)
	go func() {
		ended <- run(ctx, []string{"watch", "--host-root", dir, "--since", "0", "--listen", address}, nil, &out, &stderr)
	}()
	served := ""
	for !strings.Contains(served, `"status":"failed"`) && ctx.Err() == nil {
		served = strings.ReplaceAll(body(ctx, "http://"+address+"/report"), `": "`, `":"`)
		time.Sleep(20 * time.Millisecond)
	}
	served += body(ctx, "http://"+address+"/metrics")
	if !strings.Contains(served, `"status":"failed"`) || !strings.Contains(served, "pullwhy_endpoint_up") {
		t.Errorf("nothing was probed: %s", served)
	}
	cancel()
	if status := <-ended; status != exitOK {
		t.Errorf("exit status %d: %s", status, &stderr)
	}
	untold(t, secrets, served+out.String()+stderr.String())
}

// body is what a server answers, "" where it does not yet.
func body(ctx context.Context, url string) string {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return ""
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return ""
	}
	defer resp.Body.Close()
	text, _ := io.ReadAll(resp.Body) // a part of it shows in the test
	return string(text)
}

// untold fails where text holds a secret.
func untold(t *testing.T, secrets []string, text string) {
	t.Helper()
	for _, s := range secrets {
		if i := strings.Index(text, s); i >= 0 {
			t.Errorf("%q is told: %q", s, text[max(0, i-200):min(len(text), i+len(s)+60)])
		}
	}
}
