package probe_test

import (
	"bytes"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe/probetest"
	"github.com/pullwhy/pullwhy/registry"
)

// A part is what of an image is asked for after its tag resolved.
type part func(*http.Request) bool

func byDigest(kind string) part {
	return func(r *http.Request) bool {
		return r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/"+kind+"/sha256:")
	}
}

var (
	anyManifest = byDigest("manifests")
	aBlob       = byDigest("blobs")
)

// platformManifest are the manifests that are no index.
func platformManifest(r *http.Request) bool {
	return anyManifest(r) && strings.HasPrefix(r.Header.Get("Accept"), "application/vnd.oci.image.manifest")
}

// instead is a registry that has the image, of which h answers for one part.
func instead(is part, h http.Handler) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		reg := probetest.NewRegistry(image)
		return endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
			if is(r) {
				h.ServeHTTP(w, r)
				return
			}
			reg.ServeHTTP(w, r)
		}))
	}
}

// altered is a registry that has the image, and alters the bytes of one part.
func altered(is part, change func([]byte) []byte) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		reg := probetest.NewRegistry(image)
		return endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
			if !is(r) {
				reg.ServeHTTP(w, r)
				return
			}
			answer := httptest.NewRecorder()
			reg.ServeHTTP(answer, r)
			w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
			w.Write(change(answer.Body.Bytes()))
		}))
	}
}

func corrupt(data []byte) []byte { return bytes.Replace(data, []byte("{"), []byte("["), 1) }

func half(data []byte) []byte { return data[:len(data)/2] }

func twice(data []byte) []byte { return append(data, data...) }

// cutOff announces more than it sends.
var cutOff = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	io.WriteString(w, "{")
	w.(http.Flusher).Flush()
	panic(http.ErrAbortHandler)
})

// stored is a registry that keeps its blobs at a host of their own.
func stored(at func(n *node) string) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		to := at(n) + "/bucket/config?X-Amz-Signature=s3cr3t"
		return instead(aBlob, http.RedirectHandler(to, http.StatusTemporaryRedirect))(n)
	}
}

func storage(h http.HandlerFunc) func(*node) registry.Endpoint {
	return stored(func(n *node) string { return atThird + ":" + n.server(h).Port })
}

const atThird = "https://" + third

// holding is a registry with one image, for platforms.
func holding(platforms ...string) func(*node) registry.Endpoint {
	return func(n *node) registry.Endpoint {
		reg := probetest.NewRegistry()
		reg.Push("team/app", "1.0", platforms...)
		return endpoint(n.serve(reg.ServeHTTP))
	}
}

var contentFaults = imageOnly([]faultCase{
	{name: "not for the platform", setUp: holding("linux/s390x", "linux/sparc64"), step: "manifest", cause: cause.PlatformMismatch,
		says: "it has [linux/s390x linux/sparc64], the node wants linux/" + runtime.GOARCH},
	{name: "index of very many members", setUp: imageAnswer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json")
		if r.Method == http.MethodGet {
			io.WriteString(w, `{"manifests":[`+strings.Repeat("{},", 100000)+`{}]}`)
		}
	}), step: "manifest", cause: cause.Unknown, says: "more than 20000 members"},
	{name: "index gone", setUp: instead(anyManifest, page(404, "")), step: "manifest", cause: cause.BlobFetchFailed, says: "fetching index sha256:"},
	{name: "index of something else", setUp: altered(anyManifest, func([]byte) []byte { return []byte("{}") }), step: "manifest", cause: cause.BlobTruncated},
	{name: "index of something else, no HEAD", setUp: func(n *node) registry.Endpoint {
		reg := probetest.NewRegistry(image)
		return endpoint(n.serve(func(w http.ResponseWriter, r *http.Request) {
			answer := httptest.NewRecorder()
			reg.ServeHTTP(answer, r)
			switch {
			case !strings.Contains(r.URL.Path, "/manifests/"):
				reg.ServeHTTP(w, r)
			case r.Method == http.MethodHead:
				w.WriteHeader(http.StatusMethodNotAllowed)
			default:
				w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
				w.Header().Set("Docker-Content-Digest", answer.Header().Get("Docker-Content-Digest"))
				w.Write(corrupt(answer.Body.Bytes()))
			}
		}))
	}, step: "manifest", cause: cause.DigestMismatch},
	{name: "manifest gone", setUp: instead(platformManifest, page(404, "")), step: "manifest", cause: cause.BlobFetchFailed, says: "fetching manifest sha256:"},
	{name: "manifest forbidden", setUp: instead(platformManifest, page(403, "")), step: "manifest", cause: cause.BlobFetchFailed},
	{name: "manifest limited", setUp: instead(platformManifest, page(429, "")), step: "manifest", cause: cause.RateLimited},
	{name: "manifest corrupt", setUp: altered(platformManifest, corrupt), step: "manifest", cause: cause.DigestMismatch, says: "its digest is sha256:"},
	{name: "manifest too short", setUp: altered(platformManifest, half), step: "manifest", cause: cause.BlobTruncated},
	{name: "manifest too long", setUp: altered(platformManifest, twice), step: "manifest", cause: cause.DigestMismatch},
	{name: "manifest cut off", setUp: instead(platformManifest, cutOff), step: "manifest", cause: cause.BlobTruncated},
	{name: "manifest never answered", setUp: instead(platformManifest, http.HandlerFunc(silence)), step: "manifest", cause: cause.TimeoutDeadline},

	{name: "blob gone", setUp: instead(aBlob, page(404, `{"errors":[{"code":"BLOB_UNKNOWN"}]}`)), step: "blob", cause: cause.BlobFetchFailed,
		says: "404 Not Found: BLOB_UNKNOWN"},
	{name: "blob forbidden", setUp: instead(aBlob, page(403, "")), step: "blob", cause: cause.BlobFetchFailed},
	{name: "blob 500", setUp: instead(aBlob, page(500, "")), step: "blob", cause: cause.BlobFetchFailed},
	{name: "blob 502", setUp: instead(aBlob, page(502, "")), step: "blob", cause: cause.GatewayError},
	{name: "blob limited", setUp: instead(aBlob, page(429, "")), step: "blob", cause: cause.RateLimited},
	{name: "blob wants credentials", setUp: instead(aBlob, unauthorized), step: "blob", cause: cause.AuthMissing},
	{name: "blob is a web page", setUp: instead(aBlob, page(200, "<html>"+strings.Repeat("x", 1000))), step: "blob", cause: cause.DigestMismatch},
	{name: "blob corrupt", setUp: altered(aBlob, corrupt), step: "blob", cause: cause.DigestMismatch},
	{name: "blob too short", setUp: altered(aBlob, half), step: "blob", cause: cause.BlobTruncated},
	{name: "blob cut off", setUp: instead(aBlob, cutOff), step: "blob", cause: cause.BlobTruncated},
	{name: "blob endless", setUp: instead(aBlob, http.HandlerFunc(endless)), step: "blob", cause: cause.DigestMismatch},
	{name: "blob dripping", setUp: instead(aBlob, http.HandlerFunc(dripping)), step: "blob", cause: cause.TimeoutDeadline},

	{name: "storage refused", setUp: stored(func(*node) string {
		return "https://" + strings.Replace(probetest.Refused(), "127.0.0.1", third, 1)
	}), step: "blob", cause: cause.BlobFetchFailed, says: "connection refused", at: atThird},
	{name: "storage unknown", setUp: stored(func(n *node) string {
		n.file("/etc/resolv.conf", "nameserver 127.0.0.1\n")
		_, n.dns, _ = net.SplitHostPort(probetest.Refused())
		return "https://bucket.example.com"
	}), step: "blob", cause: cause.BlobFetchFailed, at: "https://bucket.example.com"},
	{name: "storage untrusted", setUp: stored(func(n *node) string {
		s := probetest.Serve(page(200, ""), probetest.NewCA("other CA").Server(third))
		n.t.Cleanup(s.Close)
		return atThird + ":" + s.Port
	}), step: "blob", cause: cause.BlobFetchFailed, says: "unknown authority", at: atThird},
	{name: "storage hangs", setUp: storage(silence), step: "blob", cause: cause.BlobFetchFailed, at: atThird, waits: true},
	{name: "storage refuses the signature", setUp: storage(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(http.StatusForbidden)
		io.WriteString(w, `<?xml version="1.0" encoding="UTF-8"?>`+"\n<Error><Code>AccessDenied</Code><Message>Request has expired</Message><HostId>x</HostId></Error>")
	}), step: "blob", cause: cause.BlobFetchFailed, says: "403 Forbidden: AccessDenied: Request has expired", at: atThird},
	{name: "storage does not have it", setUp: storage(page(404, "")), step: "blob", cause: cause.BlobFetchFailed, at: atThird},
	{name: "storage is overloaded", setUp: storage(page(503, "")), step: "blob", cause: cause.BlobFetchFailed, at: atThird},
	{name: "storage has other bytes", setUp: storage(page(200, strings.Repeat("x", 10000))), step: "blob", cause: cause.DigestMismatch, at: atThird},
	{name: "storage redirects in a loop", setUp: storage(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, r.URL.RequestURI(), http.StatusFound)
	}), step: "blob", cause: cause.BlobFetchFailed, says: "stopped after 10 redirects", at: atThird},
})

// silence never answers.
func silence(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
