package probe_test

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// page answers everything with one status and body.
func page(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if strings.HasPrefix(body, "<") {
			w.Header().Set("Content-Type", "text/html")
		}
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func serving(h http.HandlerFunc) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint { return endpoint(n.serve(h)) }
}

var answerFaults = []faultCase{
	{name: "403 everywhere", setUp: serving(page(403, "<html><title>Blocked</title></html>")), step: "ping", cause: cause.Forbidden, says: `titled "Blocked"`},
	{name: "404 everywhere", setUp: serving(page(404, "<html></html>")), step: "ping", cause: cause.NotARegistry},
	{name: "429 everywhere", setUp: serving(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		probetest.Refuse(w, 429, "TOOMANYREQUESTS", "slow down")
	}), step: "ping", cause: cause.RateLimited, says: "TOOMANYREQUESTS: slow down (retry after 60)"},
	{name: "500 everywhere", setUp: serving(page(500, "")), step: "ping", cause: cause.ServerError},
	{name: "502 everywhere", setUp: serving(page(502, "")), step: "ping", cause: cause.GatewayError},
	{name: "503 everywhere", setUp: serving(page(503, "")), step: "ping", cause: cause.GatewayError},
	{name: "418 everywhere", setUp: serving(page(418, "")), step: "ping", cause: cause.Unknown},
	{name: "web page", setUp: serving(page(200, "<!doctype html><title>Sign in</title>")), step: "ping", cause: cause.NotARegistry, says: `titled "Sign in"`},
	{name: "bucket", setUp: serving(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		io.WriteString(w, `<?xml version="1.0"?><ListBucketResult></ListBucketResult>`)
	}), step: "ping", cause: cause.NotARegistry, says: "an XML document"},
	{name: "login page after a redirect", setUp: serving(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/login" {
			http.Redirect(w, r, "/login", http.StatusFound)
			return
		}
		page(200, "<html><title>Sign in</title></html>")(w, r)
	}), step: "ping", cause: cause.NotARegistry, says: "/login"},
	{name: "much text", setUp: serving(page(200, strings.Repeat("welcome ", 100))), step: "ping", cause: cause.NotARegistry},
	{name: "redirect loop", setUp: serving(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}), step: "ping", cause: cause.NotARegistry, says: "stopped after 10 redirects"},
	{name: "redirect to nowhere", setUp: serving(page(302, "")), step: "ping", cause: cause.NotARegistry},
	{name: "redirect to a dead host", setUp: func(n *node) registry.Endpoint {
		dead := strings.Replace(probetest.Refused(), "127.0.0.1", third, 1)
		return endpoint(n.serve(http.RedirectHandler("https://"+dead+"/", http.StatusFound).ServeHTTP))
	}, step: "ping", cause: cause.ConnectRefused, at: "https://" + third},
	{name: "hangs after the handshake", setUp: serving(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-r.Context().Done():
		case <-time.After(slow):
		}
	}), step: "ping", cause: cause.TimeoutDeadline},
}

var unauthorized = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
	probetest.Refuse(w, 401, "UNAUTHORIZED", "authentication required")
})

var basicFaults = []faultCase{
	{name: "basic, no credentials", setUp: serving(unauthorized), step: "auth", cause: cause.AuthMissing, says: "no basic auth credentials", bareOK: true},
	{name: "basic, wrong credentials", setUp: func(n *node) registry.Endpoint {
		ep := endpoint(n.serve(unauthorized))
		ep.Auth = basicAuth("user", "wrong-password")
		return ep
	}, step: "auth", cause: cause.AuthRejected},
	{name: "basic, identity token", setUp: func(n *node) registry.Endpoint {
		ep := endpoint(n.serve(unauthorized))
		ep.Auth = registry.Auth{Type: registry.AuthIdentityToken, Secret: registry.NewSecret("identity")}
		return ep
	}, step: "auth", cause: cause.AuthMissing},
	{name: "credentials that cannot be decoded", setUp: func(n *node) registry.Endpoint {
		ep := endpoint(n.serve(unauthorized))
		ep.Auth = registry.Auth{Type: registry.AuthError, From: host, Problem: "illegal base64 data at input byte 4"}
		return ep
	}, step: "auth", cause: cause.ConfigInvalid, says: `credentials of "registry.example.com": illegal base64 data at input byte 4`},
	{name: "401 without a challenge", setUp: serving(page(401, "")), step: "auth", cause: cause.AuthMissing, bareOK: true},
	{name: "401 without a challenge, credentials", setUp: func(n *node) registry.Endpoint {
		ep := endpoint(n.serve(page(401, "")))
		ep.Auth = basicAuth("user", "password")
		return ep
	}, step: "auth", cause: cause.AuthRejected},
	{name: "digest challenge", setUp: serving(challenging(`Digest realm="x"`)), step: "auth", cause: cause.AuthMissing, bareOK: true},
}

// challenging answers everything with a challenge.
func challenging(challenge string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("WWW-Authenticate", challenge)
		w.WriteHeader(http.StatusUnauthorized)
	}
}

// tokens is a registry whose realm is what realm starts; with credentials where user is set.
func tokens(user string, realm func(n *node) string) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		ep := endpoint(n.serve(probetest.Bearer(probetest.NewRegistry(image), realm(n)).ServeHTTP))
		if user != "" {
			ep.Auth = basicAuth(user, "pass-phrase")
		}
		return ep
	}
}

func service(h http.Handler) func(*node) string {
	return func(n *node) string { return n.realm(h) }
}

const otherOrigin = "https://" + other

var tokenFaults = []faultCase{
	{name: "token denied to anyone", setUp: tokens("", service(page(401, ""))), step: "auth", cause: cause.AuthMissing, at: otherOrigin, bareOK: true},
	{name: "token denied to a user without a password", setUp: func(n *node) registry.Endpoint {
		ep := tokens("", service(page(401, "")))(n)
		ep.Auth = basicAuth("user", "")
		return ep
	}, step: "auth", cause: cause.AuthMissing, at: otherOrigin, bareOK: true},
	{name: "token lacks the scope", setUp: tokens("", service(&probetest.TokenService{Deny: "team/app"})), step: "auth", cause: cause.AuthMissing,
		says: "server message: insufficient_scope: authorization failed", bareOK: true},
	{name: "token with credentials lacks the scope", setUp: tokens("user", service(&probetest.TokenService{User: "user", Password: "pass-phrase", Deny: "team/app"})),
		step: "auth", cause: cause.AuthRejected, bareOK: true},
	{name: "token, wrong credentials", setUp: tokens("someone", service(&probetest.TokenService{User: "user", Password: "pass-phrase"})),
		step: "auth", cause: cause.AuthRejected, says: "incorrect username or password", at: otherOrigin},
	{name: "token, wrong credentials, 403", setUp: tokens("user", service(page(403, ""))), step: "auth", cause: cause.AuthRejected, at: otherOrigin},
	{name: "token, wrong credentials, invalid_grant", setUp: tokens("user", service(page(400, `{"error":"invalid_grant"}`))),
		step: "auth", cause: cause.AuthRejected, says: "invalid_grant", at: otherOrigin, bareOK: true},
	{name: "token service refused", setUp: tokens("user", func(*node) string {
		return "https://" + strings.Replace(probetest.Refused(), "127.0.0.1", other, 1)
	}), step: "auth", cause: cause.AuthTokenService, says: "connection refused", at: otherOrigin},
	{name: "token service refused, anonymous", setUp: tokens("", func(*node) string {
		return "https://" + strings.Replace(probetest.Refused(), "127.0.0.1", other, 1)
	}), step: "auth", cause: cause.AuthTokenService, says: "failed to fetch anonymous token: Get", at: otherOrigin},
	{name: "token service unknown", setUp: tokens("", func(n *node) string {
		n.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
		_, n.dns, _ = net.SplitHostPort(probetest.Refused())
		return "https://token.example.com/"
	}), step: "auth", cause: cause.AuthTokenService, at: "https://token.example.com"},
	{name: "token service untrusted", setUp: tokens("", func(n *node) string {
		s := probetest.Serve(&probetest.TokenService{}, probetest.NewCA("other CA").Server(other))
		n.t.Cleanup(s.Close)
		return otherOrigin + ":" + s.Port
	}), step: "auth", cause: cause.AuthTokenService, says: "unknown authority", at: otherOrigin},
	{name: "token service hangs", setUp: tokens("", func(n *node) string {
		return otherOrigin + strings.TrimPrefix(n.raw(hang), host)
	}), step: "auth", cause: cause.AuthTokenService, at: otherOrigin, waits: true},
	{name: "token service 500", setUp: tokens("user", service(page(500, ""))), step: "auth", cause: cause.AuthTokenService, says: "500 Internal Server Error", at: otherOrigin},
	{name: "token service 404", setUp: tokens("", service(page(404, ""))), step: "auth", cause: cause.AuthTokenService, at: otherOrigin},
	{name: "token service 429", setUp: tokens("", service(page(429, ""))), step: "auth", cause: cause.RateLimited, at: otherOrigin},
	{name: "token service not JSON", setUp: tokens("", service(page(200, "<html>portal</html>"))), step: "auth", cause: cause.AuthTokenService,
		says: "unable to decode token response", at: otherOrigin},
	{name: "token empty", setUp: tokens("user", service(page(200, `{"access_token":""}`))), step: "auth", cause: cause.AuthTokenService,
		says: "did not include a token", at: otherOrigin},
	{name: "token endless", setUp: tokens("", service(http.HandlerFunc(endless))), step: "auth", cause: cause.AuthTokenService, at: otherOrigin},
	{name: "token service in clear", setUp: tokens("user", func(n *node) string {
		return "http://" + strings.Replace(n.plain((&probetest.TokenService{}).ServeHTTP), host, other, 1)
	}), step: "auth", cause: cause.AuthTokenService, says: "not sent in clear", at: "http://" + other},
	{name: "token service redirects credentials away", setUp: tokens("user", func(n *node) string {
		thief := n.server(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.ParseForm()
			n.t.Errorf("redirect target got %s with form %v", r.Method, r.PostForm)
		}))
		return n.realm(http.RedirectHandler("https://"+third+":"+thief.Port+"/", http.StatusTemporaryRedirect))
	}), step: "auth", cause: cause.AuthTokenService, says: "where the credentials are not for"},
	{name: "no realm", setUp: serving(challenging(`Bearer service="x"`)), step: "auth", cause: cause.AuthTokenService, says: "no realm"},
	{name: "realm is a file", setUp: serving(challenging(`Bearer realm="file:///etc/passwd"`)), step: "auth", cause: cause.AuthTokenService, says: `unsupported protocol scheme "file"`},
	{name: "realm is no URL", setUp: serving(challenging(`Bearer realm="https://%zz/"`)), step: "auth", cause: cause.AuthTokenService},
}

// imageAnswer is a registry that answers for manifests otherwise.
func imageAnswer(h http.HandlerFunc) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		reg := probetest.NewRegistry()
		return endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				h(w, r)
				return
			}
			reg.ServeHTTP(w, r)
		}))
	}
}

func typed(media, digest string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header()["Content-Type"] = []string{media}
		w.Header().Set("Docker-Content-Digest", digest)
		w.Header().Set("Content-Length", "2")
		io.WriteString(w, "{}")
	}
}

var someDigest = "sha256:" + strings.Repeat("a", 64)

var manifestFaults = []faultCase{
	{name: "image missing", setUp: serving(probetest.NewRegistry("team/app:2.0").ServeHTTP), step: "manifest", cause: cause.NotFound, bareOK: true},
	{name: "image forbidden", setUp: imageAnswer(func(w http.ResponseWriter, _ *http.Request) {
		probetest.Refuse(w, 403, "DENIED", "project is private")
	}), step: "manifest", cause: cause.Forbidden, says: "DENIED: project is private", bareOK: true},
	{name: "image blocked by policy", setUp: imageAnswer(func(w http.ResponseWriter, _ *http.Request) {
		probetest.Refuse(w, 412, "PROJECTPOLICYVIOLATION", "vulnerable")
	}), step: "manifest", cause: cause.Unknown, says: "PROJECTPOLICYVIOLATION: vulnerable", bareOK: true},
	{name: "image limited", setUp: imageAnswer(page(429, "")), step: "manifest", cause: cause.RateLimited, bareOK: true},
	{name: "image 500", setUp: imageAnswer(page(500, "")), step: "manifest", cause: cause.ServerError, bareOK: true},
	{name: "image 504", setUp: imageAnswer(page(504, "")), step: "manifest", cause: cause.GatewayError, bareOK: true},
	{name: "image is a web page", setUp: imageAnswer(page(200, "<html><title>Portal</title></html>")), step: "manifest", cause: cause.UnexpectedMediaType, bareOK: true},
	{name: "image is of an unknown type", setUp: imageAnswer(typed("application/json", someDigest)), step: "manifest", cause: cause.UnexpectedMediaType, bareOK: true},
	{name: "image without a type", setUp: imageAnswer(typed("", someDigest)), step: "manifest", cause: cause.UnexpectedMediaType, bareOK: true},
	{name: "image in schema 1", setUp: imageAnswer(typed("application/vnd.docker.distribution.manifest.v1+prettyjws", someDigest)),
		step: "manifest", cause: cause.Schema1Unsupported, bareOK: true},
	{name: "image with a digest that is none", setUp: imageAnswer(typed("application/vnd.oci.image.manifest.v1+json", "md5:1")),
		step: "manifest", cause: cause.Unknown, says: "not a valid digest", bareOK: true},
	{name: "image redirected to a dead host", setUp: func(n *node) registry.Endpoint {
		dead := strings.Replace(probetest.Refused(), "127.0.0.1", third, 1)
		return imageAnswer(http.RedirectHandler("https://"+dead+"/?X-Signature=s3cr3t", http.StatusTemporaryRedirect).ServeHTTP)(n)
	}, step: "manifest", cause: cause.ConnectRefused, at: "https://" + third, bareOK: true},
	{name: "image redirected in a loop", setUp: imageAnswer(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.Path, http.StatusFound)
	}), step: "manifest", cause: cause.Unknown, says: "stopped after 10 redirects", bareOK: true},
	{name: "image redirected to storage that refuses", setUp: func(n *node) registry.Endpoint {
		storage := n.server(page(403, ""))
		return imageAnswer(http.RedirectHandler("https://"+third+":"+storage.Port+"/", http.StatusTemporaryRedirect).ServeHTTP)(n)
	}, step: "manifest", cause: cause.Forbidden, at: "https://" + third, bareOK: true},
	{name: "image never answered", setUp: imageAnswer(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }),
		step: "manifest", cause: cause.TimeoutDeadline, bareOK: true},
	{name: "image cut off", setUp: imageAnswer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "{}")
		w.(http.Flusher).Flush()
		if r.Method == http.MethodGet {
			panic(http.ErrAbortHandler)
		}
	}), step: "manifest", cause: cause.BlobTruncated, bareOK: true},
}

// endless answers without end.
func endless(w http.ResponseWriter, r *http.Request) {
	block := []byte(strings.Repeat("x", 32<<10))
	for r.Context().Err() == nil {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// dripping answers one byte at a time.
func dripping(w http.ResponseWriter, r *http.Request) {
	for r.Context().Err() == nil {
		io.WriteString(w, "x")
		w.(http.Flusher).Flush()
		time.Sleep(200 * time.Millisecond)
	}
}

var hostileFaults = []faultCase{
	{name: "endless body", setUp: serving(endless), step: "ping", cause: cause.NotARegistry},
	{name: "dripping body", setUp: serving(dripping), step: "ping", cause: cause.TimeoutDeadline},
	{name: "endless header", setUp: rawHTTP(afterRequest(func(c net.Conn) {
		io.WriteString(c, "HTTP/1.1 200 OK\r\n")
		for {
			if _, err := io.WriteString(c, "X-Filler: "+strings.Repeat("x", 32<<10)+"\r\n"); err != nil {
				return
			}
		}
	})), step: "ping", cause: cause.TLSHandshake, says: "server response headers exceeded"},
	{name: "not HTTP", setUp: rawHTTP(afterRequest(func(c net.Conn) { io.WriteString(c, "SSH-2.0-OpenSSH\r\n") })), step: "ping", cause: cause.TLSHandshake},
	{name: "challenge of 1 MB", setUp: serving(challenging(`Bearer realm="https://` + strings.Repeat("x", 1<<20) + `"`)),
		step: "auth", cause: cause.AuthMissing, bareOK: true},
	{name: "endless manifest", setUp: imageAnswer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		if r.Method == http.MethodGet {
			endless(w, r)
		}
	}), step: "manifest", cause: cause.Unknown, says: "longer than allowed", bareOK: true},
	{name: "dripping manifest", setUp: imageAnswer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		if r.Method == http.MethodGet {
			dripping(w, r)
		}
	}), step: "manifest", cause: cause.TimeoutDeadline, bareOK: true},
}

// What a server echoes must neither betray a secret nor reach a terminal.
func TestEchoedSecrets(t *testing.T) {
	const password = "p4ss/w0rd+<&>"
	n := newNode(t)
	realm := n.realm(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.ParseForm()
		_, got, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusForbidden)
		fmt.Fprintf(w, `{"errors":[{"code":"DENIED","message":"\u001b[31m%s %s %s at https://user:hunter2@x.example.com/?X-Amz-Signature=abcdef token=abcdef"}]}`,
			r.PostForm.Get("password")+got, base64.StdEncoding.EncodeToString([]byte("user:"+password)), r.Header.Get("Authorization"))
	}))
	ep := endpoint(n.serve(probetest.Bearer(probetest.NewRegistry(image), realm+"?signature=abcdef").ServeHTTP))
	ep.Auth = basicAuth("user", password)
	r := n.prober().Probe(t.Context(), []probe.Ask{ask(t, ep)})[0]
	text := fmt.Sprintf("%s %s %+v", r.Error, r.Target, r.Steps)
	for _, secret := range []string{password, base64.StdEncoding.EncodeToString([]byte("user:" + password)), "hunter2", "abcdef", "\x1b"} {
		if strings.Contains(text, secret) {
			t.Errorf("result holds %q: %s", secret, text)
		}
	}
	if !strings.Contains(r.Error, "DENIED") {
		t.Errorf("error %q lost what the server said", r.Error)
	}
}
