package e2e

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// A front stands before the registry.
type front = func(http.Handler) http.Handler

// answer is a front that never passes anything on.
func answer(h http.HandlerFunc) front { return func(http.Handler) http.Handler { return h } }

// basic wants this password.
func basic(next http.Handler) http.Handler { return probetest.Basic(next, "puller", password) }

// bearer wants a token of the token service.
func bearer(next http.Handler) http.Handler {
	return probetest.Bearer(next, "https://auth.example.com/token")
}

// tokens is the token service.
func tokens(s *probetest.TokenService) front { return answer(s.ServeHTTP) }

// status answers every request but the ping with this.
func status(code int) front {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/" {
				next.ServeHTTP(w, r)
				return
			}
			http.Error(w, http.StatusText(code), code)
		})
	}
}

// tooMany is a registry whose limit is reached.
func tooMany(next http.Handler) http.Handler {
	limited := status(http.StatusTooManyRequests)(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Retry-After", "120")
		limited.ServeHTTP(w, r)
	})
}

// hub answers as Docker Hub does to who may not know whether a repository exists: a token
// for anybody, and then a denial, or the status given.
func hub(code int) front {
	const challenge = `Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:team/app:pull"`
	return answer(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/token":
			_, _ = io.WriteString(w, `{"token":"anonymous","access_token":"anonymous","expires_in":300}`)
		case r.Header.Get("Authorization") == "":
			w.Header().Set("WWW-Authenticate", challenge)
			w.WriteHeader(http.StatusUnauthorized)
		case code != 0:
			w.WriteHeader(code)
		default:
			w.Header().Set("WWW-Authenticate", challenge+`,error="insufficient_scope"`)
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
}

// webSite answers whatever it is asked with a page.
var webSite = answer(func(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	fmt.Fprint(w, "<!doctype html><title>Sign in</title><p>Sign in to go on.")
})

// hangUp ends the connection after the client's first words.
func hangUp(c net.Conn) {
	defer c.Close()
	_, _ = c.Read(make([]byte, 16<<10))
}

// below serves the registry below a path only, as a repository manager does.
func below(prefix string) front {
	return func(next http.Handler) http.Handler {
		return http.StripPrefix(prefix, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			r.URL.Path = "/v2" + r.URL.Path
			next.ServeHTTP(w, r)
		}))
	}
}

// projects is a registry whose repositories are all below a project's name.
func projects(project string) front {
	return func(next http.Handler) http.Handler {
		inside := below("/v2/" + project)(next)
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/v2/" {
				next.ServeHTTP(w, r)
				return
			}
			inside.ServeHTTP(w, r)
		})
	}
}

// deafToNS is a proxy cache that knows its upstream by the path, and takes ns for a part of
// the name.
func deafToNS(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Has("ns") {
			probetest.Refuse(w, http.StatusNotFound, "NAME_UNKNOWN", "repository name not known to registry")
			return
		}
		next.ServeHTTP(w, r)
	})
}

// elsewhere sends those who ask for such a part of the API ("/blobs/") to the blob host.
func elsewhere(part string) front {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, name, ok := strings.Cut(r.URL.Path, part); ok {
				http.Redirect(w, r, "https://"+blobHost+"/bucket/"+name+"?X-Amz-Signature="+signature, http.StatusTemporaryRedirect)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// A layer of the stage has at least this many bytes; manifests and configs have fewer.
const layerSize = 2 << 10

// blobs changes what is sent of a blob.
func blobs(spoil func(w http.ResponseWriter, body []byte)) front {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet || !strings.Contains(r.URL.Path, "/blobs/") {
				next.ServeHTTP(w, r)
				return
			}
			r.Header.Del("Range")
			whole := httptest.NewRecorder()
			next.ServeHTTP(whole, r)
			w.Header().Set("Content-Type", "application/octet-stream")
			w.Header().Set("Content-Length", fmt.Sprint(whole.Body.Len()))
			spoil(w, whole.Body.Bytes())
		})
	}
}

// corruptLayer changes a byte.
func corruptLayer(w http.ResponseWriter, body []byte) {
	if len(body) >= layerSize {
		body[len(body)/2] ^= 1
	}
	_, _ = w.Write(body)
}

// cutLayer sends half of a layer, and hangs up.
func cutLayer(w http.ResponseWriter, body []byte) {
	if len(body) < layerSize {
		_, _ = w.Write(body)
		return
	}
	_, _ = w.Write(body[:len(body)/2])
	_ = http.NewResponseController(w).Flush() // the client hears of it before the end
	panic(http.ErrAbortHandler)
}

// noLayer has lost the layers.
func noLayer(w http.ResponseWriter, body []byte) {
	if len(body) >= layerSize {
		w.Header().Del("Content-Length")
		probetest.Refuse(w, http.StatusNotFound, "BLOB_UNKNOWN", "blob unknown to registry")
		return
	}
	_, _ = w.Write(body)
}
