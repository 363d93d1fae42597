package e2e

import (
	"net/http"
	"time"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

// The names of the stage. Each has an address of its own on loopback.
const (
	mirrorHost = "mirror.example.com:5000"
	mirrorURL  = "https://" + mirrorHost
	hubURL     = "https://registry-1.docker.io"
	image      = "docker.io/team/app:1.4.2" // what the node pulls
)

// A scenario is one fault, and what must be said of it.
type scenario struct {
	name       string
	registries string // registries.yaml
	user, pass string // configured for the mirror; "" for none
	mirror     mirror
	hubLacks   bool // Docker Hub answers 404 instead of denying
	noName     bool // the mirror's name does not exist
	lacks      bool // the registry behind the mirror does not have the image
	want       want
}

// want is the root cause as staged. hidden lists the builds whose report to the kubelet
// names something else.
type want struct {
	cause, endpoint string
	hidden          []string
	healthy         bool
}

// mirror is what stands between the node and the registry. The zero value is a front with a
// certificate of the configured authority.
type mirror struct {
	absent bool                            // nothing listens
	plain  bool                            // speaks HTTP
	cert   *probetest.Leaf                 // nil: a good one
	rogue  bool                            // certificate of an authority that nobody knows
	front  func(http.Handler) http.Handler // nil: passes everything on
}

const trusting = `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
configs:
  "mirror.example.com:5000":
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`

const overHTTP = `mirrors:
  docker.io:
    endpoint:
      - http://mirror.example.com:5000
`

var scenarios = []scenario{
	{
		name: "unknown CA", registries: trusting, mirror: mirror{rogue: true}, hubLacks: true,
		want: want{cause: "tls_unknown_authority", endpoint: mirrorURL, hidden: []string{"2.4"}},
	},
	{
		name: "wrong host name", registries: trusting, mirror: mirror{cert: &probetest.Leaf{Names: []string{"other.example.com"}}},
		want: want{cause: "tls_hostname_mismatch", endpoint: mirrorURL},
	},
	{
		name: "expired", registries: trusting, hubLacks: true,
		mirror: mirror{cert: &probetest.Leaf{Names: []string{"mirror.example.com"}, Starts: -48 * time.Hour, Ends: -24 * time.Hour}},
		want:   want{cause: "tls_expired", endpoint: mirrorURL, hidden: []string{"2.4"}},
	},
	{
		name: "refused", registries: trusting, mirror: mirror{absent: true},
		want: want{cause: "connect_refused", endpoint: mirrorURL},
	},
	{
		name: "no such host", registries: trusting, noName: true, hubLacks: true,
		want: want{cause: "dns_not_found", endpoint: mirrorURL, hidden: []string{"2.4"}},
	},
	{
		name: "http to https", registries: trusting, mirror: mirror{plain: true},
		want: want{cause: "http_response_to_https_client", endpoint: mirrorURL},
	},
	{
		name: "https to http", registries: overHTTP,
		want: want{cause: "http_request_to_https_server", endpoint: "http://" + mirrorHost},
	},
	{
		name: "credentials missing", registries: trusting, mirror: mirror{front: basic("puller", "right")}, hubLacks: true,
		want: want{cause: "auth_missing", endpoint: mirrorURL, hidden: []string{"2.4"}},
	},
	{
		name: "credentials wrong", registries: trusting, user: "puller", pass: "wrong", mirror: mirror{front: basic("puller", "right")},
		want: want{cause: "auth_rejected", endpoint: mirrorURL},
	},
	{
		name: "404 hidden by a denial", registries: trusting, lacks: true,
		want: want{cause: "not_found", endpoint: mirrorURL, hidden: []string{"1.6", "1.7-k3s"}},
	},
	{
		name: "429", registries: trusting, mirror: mirror{front: status(http.StatusTooManyRequests)},
		want: want{cause: "rate_limited", endpoint: mirrorURL},
	},
	{
		name: "healthy", registries: trusting, user: "puller", pass: "right", mirror: mirror{front: basic("puller", "right")},
		want: want{healthy: true},
	},
}

// basic wants this user and password.
func basic(user, pass string) func(http.Handler) http.Handler {
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if u, p, ok := r.BasicAuth(); !ok || u != user || p != pass {
				w.Header().Set("WWW-Authenticate", `Basic realm="mirror"`)
				http.Error(w, `{"errors":[{"code":"UNAUTHORIZED","message":"authentication required"}]}`, http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	}
}

// status answers every request but the ping with this.
func status(code int) func(http.Handler) http.Handler {
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
