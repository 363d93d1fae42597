package registry

import (
	"net/http"
	"time"
)

// An Endpoint is one place that containerd asks for an image of one image host.
// (containerd core/remotes/docker.RegistryHost)
type Endpoint struct {
	Scheme       string // http or https
	Host         string // host[:port] as configured
	Path         string // API root as asked, "/v2" unless overridden; "" for none
	OverridePath bool   // the path stands for /v2 (override_path)
	Default      bool   // the root entry or the built-in default, asked last

	Registry   string // the image host it serves: docker.io; "*" for the wildcard
	Repository string // of the image asked for, after rewrites; "" where no image was asked for
	Namespace  string // value of ?ns=; "" where containerd sends none

	// Rewritten is the rule that made Repository of the image's own. Zero where none did.
	Rewritten Position

	// Alternatives are further repositories that containerd may ask for instead, at random
	// for each request: several rewrites match. nil where one at most does.
	Alternatives []string

	CAFiles      []string // absolute paths on the node, added to the system's CAs
	Clients      []ClientPair
	SkipVerify   bool
	HTTPFallback bool          // https is tried first, then plain http
	DialTimeout  time.Duration // how long containerd waits for a connection; 0: its own 30 s
	Headers      http.Header   // sent with every request; the values may be secrets
	Auth         Auth

	Embedded  bool   // the distributed registry mirror that K3s itself runs
	NoResolve bool   // lacks the capability to resolve a tag: only asked for content
	Source    string // path of the file that decided; "" for the built-in default
	Line      int    // 1-based in Source; 0: unknown

	// Written is the place in registries.yaml that K3s made the endpoint from: the list
	// item, or for the default endpoint the registry's key. Zero where there is none.
	Written Position
}

// A ClientPair names a client certificate and its key, absolute paths on the node.
type ClientPair struct{ Cert, Key string }

// AuthType says how an endpoint's credentials are used.
type AuthType string

// The types of credentials.
const (
	AuthNone          AuthType = "none"
	AuthBasic         AuthType = "basic"          // user and password
	AuthIdentityToken AuthType = "identity_token" // OAuth2 refresh token
	AuthError         AuthType = "error"          // given, but not decodable: the endpoint fails at the first 401
)

// Auth holds the credentials that containerd would offer to an endpoint.
type Auth struct {
	Type     AuthType // "" means none
	Username string
	Secret   Secret // password or identity token
	From     string // the configs key, or file, that supplied it
	Request  bool   // they come with the request for an image, as those of a pull secret do, and are offered to every endpoint
	Problem  string // why it cannot be decoded, for AuthError; holds no secret
}

// None reports whether containerd has nothing to send: a user without a password is none.
// (core/remotes/docker/authorizer.go, AddResponses)
func (a Auth) None() bool {
	return a.Type == "" || a.Type == AuthNone || a.Type == AuthBasic && a.Secret.Empty()
}
