package probetest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
)

// Basic asks for user and password before h answers.
func Basic(h http.Handler, user, password string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if u, p, ok := r.BasicAuth(); ok && u == user && p == password {
			h.ServeHTTP(w, r)
			return
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		Refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	})
}

// Refuse answers with an error in the registry API's format.
func Refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Docker-Distribution-Api-Version", "registry/2.0")
	w.WriteHeader(status)
	body := map[string]any{"errors": []any{map[string]string{"code": code, "message": message}}}
	_ = json.NewEncoder(w).Encode(body) // a client that went away is its own affair
}

// A TokenService gives tokens and checks them for the registries that send to it.
type TokenService struct {
	User, Password string // "": anyone
	Refresh        string // identity token that is taken instead of a password
	NoPost         bool   // answers POST with 404
	Deny           string // scope that no one gets

	mu       sync.Mutex
	requests []string
}

// Requests are the scopes that were asked for so far, as "METHOD scope".
func (s *TokenService) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string{}, s.requests...)
}

// ServeHTTP implements [http.Handler]: the token service itself.
func (s *TokenService) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm() // what cannot be parsed holds no credentials
	scope := strings.Join(r.Form["scope"], " ")
	s.mu.Lock()
	s.requests = append(s.requests, r.Method+" "+scope)
	s.mu.Unlock()
	switch {
	case r.Method == http.MethodPost && s.NoPost:
		http.NotFound(w, r)
		return
	case !s.knows(r):
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusUnauthorized)
		fmt.Fprint(w, `{"details":"incorrect username or password"}`)
		return
	}
	field := "access_token"
	if r.Method == http.MethodGet {
		field = "token"
	}
	if s.Deny != "" && strings.Contains(scope, s.Deny) {
		scope = ""
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{field: "token-for-" + scope, "expires_in": 300})
}

func (s *TokenService) knows(r *http.Request) bool {
	if s.User == "" && s.Refresh == "" {
		return true
	}
	if r.PostForm.Get("grant_type") == "refresh_token" {
		return s.Refresh != "" && r.PostForm.Get("refresh_token") == s.Refresh
	}
	user, password, basic := r.BasicAuth()
	if !basic {
		user, password = r.PostForm.Get("username"), r.PostForm.Get("password")
	}
	return s.User != "" && user == s.User && password == s.Password
}

// Bearer asks for a token of a TokenService at realm before h answers. Any token will do
// for the root of the API; a repository wants one for its own scope.
func Bearer(h http.Handler, realm string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		token, given := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer token-for-")
		scope := scopeOf(r.URL.Path)
		if given && (scope == "" || strings.Contains(token, scope)) {
			h.ServeHTTP(w, r)
			return
		}
		challenge := fmt.Sprintf(`Bearer realm="%s",service="registry"`, realm)
		if scope != "" {
			challenge += fmt.Sprintf(`,scope="%s"`, scope)
		}
		if given {
			challenge += `,error="insufficient_scope"`
		}
		w.Header().Set("WWW-Authenticate", challenge)
		Refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
	})
}

// scopeOf is what pulling from an API path needs.
func scopeOf(path string) string {
	for _, kind := range []string{"/manifests/", "/blobs/"} {
		if i := strings.LastIndex(path, kind); i >= 0 {
			return "repository:" + strings.TrimPrefix(path[:i], "/v2/") + ":pull"
		}
	}
	return ""
}
