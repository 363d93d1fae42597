package e2e

import (
	"net/http"
	"time"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

const peersURL = "https://" + peersHost

// expired is a certificate of the second mirror.
var expired = &probetest.Leaf{Names: []string{"mirror2.example.com"}, Starts: -48 * time.Hour, Ends: -24 * time.Hour}

const (
	quayImage    = "quay.io/team/web:2.0"
	privateImage = "registry.example.com:5000/team/db:3.1"

	wildcard = `mirrors:
  "*":
    endpoint:
      - https://mirror.example.com:5000
configs:
  mirror.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`
)

var orderScenarios = []scenario{
	{
		name: "first mirror lacks it, second expired", registries: twoMirrors, hub: 404,
		sites: map[string]site{mirrorHost: {front: status(http.StatusNotFound)}, secondHost: {leaf: expired}},
		want: want{pulls: []told{{
			cause: "tls_expired", endpoint: secondURL, hidden: second,
			attempts: []string{"not_found" + atMirror, "tls_expired" + atSecond, hubMisses},
		}}},
	},
	{
		name: "first mirror refused, second 502", registries: twoMirrors, hub: 404,
		sites: map[string]site{mirrorHost: {absent: true}, secondHost: {front: status(http.StatusBadGateway)}},
		want: want{pulls: []told{{
			cause: "connect_refused", endpoint: mirrorURL, hidden: second,
			attempts: []string{"connect_refused" + atMirror, "gateway_error" + atSecond, hubMisses},
		}}, findings: []string{"gateway_error error"}},
	},
	{
		name: "both mirrors lack it", registries: twoMirrors, lacks: true,
		want: want{pulls: []told{{
			cause: "not_found", endpoint: mirrorURL, hidden: firstGeneration,
			attempts: []string{"not_found" + atMirror, "not_found" + atSecond, hubDenies},
		}}},
	},
	{
		name: "first mirror refused, second serves", registries: twoMirrors, sites: at(site{absent: true}),
		want: want{verdict: "degraded", pulls: []told{{status: "succeeded"}}, findings: []string{"connect_refused warning"}},
	},
	{
		name: "mirror for other names, Docker Hub serves", registries: trusting,
		sites: map[string]site{mirrorHost: {leaf: &probetest.Leaf{Names: []string{"other.example.com"}}}, hubHost: {web: true}},
		want:  want{verdict: "degraded", pulls: []told{{status: "succeeded"}}, findings: []string{"tls_hostname_mismatch warning"}},
	},
	{
		name: "path of a project, forgotten /v2", hub: 404, sites: at(site{front: projects("project")}),
		registries: `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000/project
configs:
  mirror.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`,
		want: want{pulls: []told{{
			cause: "not_found", endpoint: mirrorURL + "/project", also: []string{"config_endpoint_path"},
			attempts: []string{"not_found" + atMirror + "/project", hubMisses},
		}}},
	},
	{
		name: "wildcard mirror denies", registries: wildcard, pulls: []string{quayImage},
		sites: at(site{front: status(http.StatusForbidden)}),
		want: want{pulls: []told{{
			image: quayImage, cause: "forbidden", endpoint: mirrorURL,
			attempts: []string{"forbidden" + atMirror, "not_found https://quay.io"},
		}}},
	},
	{
		name: "no peer has it, mirror untrusted", registries: trusting, embedded: true, hub: 404,
		sites: map[string]site{peersHost: {front: status(http.StatusInternalServerError), mutual: true}, mirrorHost: {rogue: true}},
		want: want{pulls: []told{{
			cause: "tls_unknown_authority", endpoint: mirrorURL, hidden: []string{"1.6", "1.7-k3s", "2.4"},
			attempts: []string{"server_error " + peersURL, "tls_unknown_authority" + atMirror, hubMisses},
		}}},
	},
	{
		name: "no peer has it, no other mirror", registries: "mirrors:\n  docker.io:\n", embedded: true,
		sites: map[string]site{peersHost: {front: status(http.StatusNotFound), mutual: true}},
		want: want{pulls: []told{{
			cause: "auth_missing", endpoint: hubURL, hidden: second,
			attempts: []string{"not_found " + peersURL, hubDenies},
		}}},
	},
	{
		name: "three images at once", pulls: []string{image, quayImage, privateImage},
		registries: `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
  quay.io:
    endpoint:
      - https://mirror2.example.com:5000
configs:
  mirror2.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`,
		sites: map[string]site{secondHost: {front: status(http.StatusForbidden)}, privateHost: {absent: true}},
		want: want{pulls: []told{
			{
				cause: "tls_unknown_authority", endpoint: mirrorURL,
				attempts: []string{"tls_unknown_authority" + atMirror, hubDenies},
			},
			{
				image: quayImage, cause: "forbidden", endpoint: secondURL,
				attempts: []string{"forbidden" + atSecond, "not_found https://quay.io"},
			},
			{
				image: privateImage, cause: "connect_refused", endpoint: "https://" + privateHost,
				attempts: []string{"connect_refused https://" + privateHost},
			},
		}},
	},
}
