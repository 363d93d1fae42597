package registry

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"path"
	"slices"
	"strings"
)

// A PullSecret holds the credentials of a docker config.json, as the kubelet takes them from
// a pull secret: of its auths only user names and passwords count, no identity tokens and no
// credential helpers. The zero value holds none.
// (k8s.io/kubernetes pkg/credentialprovider/config.go)
type PullSecret struct {
	auths map[string][]Auth // by host[:port][/path], the host perhaps with wildcards
}

// A dockerAuth is one entry of auths.
type dockerAuth struct {
	Username string `json:"username"`
	Password string `json:"password"`
	Auth     string `json:"auth"` // base64 of user:password; it beats the other two
}

// ReadPullSecret reads the text of a docker config.json, that credentials are said to come
// from by name. One entry that does not decode makes the whole of it useless to the kubelet,
// and is an error.
func ReadPullSecret(name string, text []byte) (*PullSecret, error) {
	var file struct {
		Auths map[string]dockerAuth `json:"auths"`
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("reading %q as a docker config.json: %w", name, err)
	}
	s := &PullSecret{auths: map[string][]Auth{}}
	for _, host := range slices.Sorted(maps.Keys(file.Auths)) {
		a, err := file.Auths[host].auth(host + " in " + name)
		if err != nil {
			return nil, fmt.Errorf("reading %q as a docker config.json: auths: %q: %w", name, host, err)
		}
		if key, ok := secretKey(host); ok {
			s.auths[key] = append(s.auths[key], a)
		}
	}
	return s, nil
}

// auth is what the kubelet sends for an entry. Without a user name containerd takes it for
// no credentials.
func (d dockerAuth) auth(from string) (Auth, error) {
	if d.Auth != "" {
		encoding := base64.RawStdEncoding
		if strings.HasSuffix(strings.TrimSpace(d.Auth), "=") {
			encoding = base64.StdEncoding
		}
		text, err := encoding.DecodeString(d.Auth)
		if err != nil {
			return Auth{}, fmt.Errorf("auth: %w", err)
		}
		user, password, ok := strings.Cut(string(text), ":")
		if !ok {
			return Auth{}, errors.New("auth is not base64 of user:password")
		}
		d.Username, d.Password = user, password
	}
	if d.Username == "" {
		return Auth{Type: AuthNone, From: from, Request: true}, nil
	}
	return Auth{Type: AuthBasic, Username: d.Username, Secret: NewSecret(d.Password), From: from, Request: true}, nil
}

// secretKey is what an entry's name is compared by: without scheme, and without the version
// of the API. (pkg/credentialprovider/keyring.go, BasicDockerKeyring.Add)
func secretKey(name string) (key string, ok bool) {
	if !strings.HasPrefix(name, "https://") && !strings.HasPrefix(name, "http://") {
		name = "https://" + name
	}
	u, err := url.Parse(name)
	if err != nil {
		return "", false
	}
	for _, version := range []string{"/v1/", "/v2/"} {
		if rest, ok := strings.CutPrefix(u.Path, version); ok {
			u.Path = "/" + rest
		}
	}
	if u.Path == "/" {
		u.Path = ""
	}
	return u.Host + u.Path, true
}

// Credentials are those that the kubelet would send for an image, one request after the
// other until one succeeds, the most specific first. None: it sends no credentials, and
// those of the node's configuration count. (keyring.go, BasicDockerKeyring.Lookup)
func (s *PullSecret) Credentials(ref Reference) []Auth {
	var all []Auth
	for _, key := range slices.Backward(slices.Sorted(maps.Keys(s.auths))) {
		if keyMatches(key, ref) {
			all = append(all, s.auths[key]...)
		}
	}
	if len(all) == 0 && ref.Host == hub {
		return s.auths["index.docker.io"] // as docker login names it
	}
	return all
}

// keyMatches compares by equal ports, by the parts of the host, each with wildcards, and by
// the beginning of the path, be it in the middle of a name. (keyring.go, URLsMatch)
func keyMatches(key string, ref Reference) bool {
	host, prefix, _ := strings.Cut(key, "/")
	name, port := splitPort(host)
	ofName, ofPort := splitPort(ref.Host)
	parts, ofParts := strings.Split(name, "."), strings.Split(ofName, ".")
	if port != ofPort || len(parts) != len(ofParts) || !strings.HasPrefix(ref.Repository, prefix) {
		return false
	}
	for i, pattern := range parts {
		if ok, err := path.Match(pattern, ofParts[i]); !ok || err != nil {
			return false
		}
	}
	return true
}

func splitPort(host string) (name, port string) {
	name, port, err := net.SplitHostPort(host)
	if err != nil {
		return host, ""
	}
	return name, port
}
