package e2e

import (
	"time"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

var tlsScenarios = []scenario{
	{
		name: "unknown CA", registries: trusting, sites: at(site{rogue: true}), hub: 404,
		want: want{pulls: []told{{
			cause: "tls_unknown_authority", endpoint: mirrorURL, hidden: second,
			attempts: []string{"tls_unknown_authority" + atMirror, hubMisses},
		}}},
	},
	{
		name: "CA configured for another mirror", patch: builds,
		registries: `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
configs:
  mirror2.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`,
		want: want{pulls: []told{{
			cause: "tls_unknown_authority", endpoint: mirrorURL, attempts: []string{"tls_unknown_authority" + atMirror, hubDenies},
		}}},
	},
	{
		name: "wrong host name", registries: trusting, sites: at(site{leaf: &probetest.Leaf{Names: []string{"other.example.com"}}}),
		want: want{pulls: []told{{
			cause: "tls_hostname_mismatch", endpoint: mirrorURL, attempts: []string{"tls_hostname_mismatch" + atMirror, hubDenies},
		}}},
	},
	{
		name: "expired", registries: trusting, hub: 404,
		sites: at(site{leaf: &probetest.Leaf{Names: []string{"mirror.example.com"}, Starts: -48 * time.Hour, Ends: -24 * time.Hour}}),
		want: want{pulls: []told{{
			cause: "tls_expired", endpoint: mirrorURL, hidden: second, attempts: []string{"tls_expired" + atMirror, hubMisses},
		}}},
	},
	{
		name: "intermediate expired", registries: trusting, hub: 404, sites: at(site{stale: true}),
		want: want{pulls: []told{{
			cause: "tls_expired", endpoint: mirrorURL, hidden: second, attempts: []string{"tls_expired" + atMirror, hubMisses},
		}}},
	},
	{
		name: "client certificate required", registries: trusting, sites: at(site{mutual: true}),
		want: want{pulls: []told{{
			cause: "tls_client_cert_required", endpoint: mirrorURL, attempts: []string{"tls_client_cert_required" + atMirror, hubDenies},
		}}},
	},
	{
		name: "http to https", patch: builds, registries: trusting, sites: at(site{plain: true}),
		want: want{pulls: []told{{
			cause: "http_response_to_https_client", endpoint: mirrorURL,
			attempts: []string{"http_response_to_https_client" + atMirror, hubDenies},
		}}},
	},
	{
		name: "https to http", patch: builds, registries: overHTTP, sites: at(site{web: true}),
		want: want{pulls: []told{{
			cause: "http_request_to_https_server", endpoint: "http://" + mirrorHost,
			attempts: []string{"http_request_to_https_server http://" + mirrorHost, hubDenies},
		}}},
	},
	{
		name: "hangs up in the handshake", registries: trusting, sites: at(site{conn: hangUp}),
		want: want{pulls: []told{{
			cause: "tls_handshake", endpoint: mirrorURL, attempts: []string{"tls_handshake" + atMirror, hubDenies},
		}}},
	},
	{
		// With TLS settings HTTPS comes first; containerd 1.6.20 does not know that yet.
		name: "unknown CA behind an http endpoint with a CA", hub: 404, sites: at(site{rogue: true}),
		registries: overHTTP + "configs:\n  mirror.example.com:5000:\n    tls:\n      ca_file: /etc/rancher/k3s/mirror-ca.crt\n",
		want: want{pulls: []told{{
			cause: "tls_unknown_authority", endpoint: mirrorURL, hidden: second,
			attempts: []string{"tls_unknown_authority" + atMirror, hubMisses},
			on: map[string]told{"1.6": {
				cause: "http_request_to_https_server", endpoint: "http://" + mirrorHost,
				attempts: []string{"http_request_to_https_server http://" + mirrorHost, hubMisses},
			}},
		}}, findings: []string{"config_http_with_tls warning"}},
	},
}
