package e2e

import "github.com/pullwhy/pullwhy/probe/probetest"

// Addresses for documentation (RFC 3849, RFC 5737): no route leads to the far ones, and on a
// wide stage one host drops what is sent to it, and one is down.
const (
	farAway  = "203.0.113.9"
	farAway6 = "2001:db8::11"
	dropping = "192.0.2.9"
	down     = "192.0.2.10"
)

var networkScenarios = []scenario{
	{
		name: "packets dropped", registries: trusting, wide: true, names: map[string][]string{"mirror.example.com": {dropping}}, hub: 404,
		want: want{pulls: []told{{
			cause: "connect_timeout", endpoint: mirrorURL, hidden: second, attempts: []string{"connect_timeout" + atMirror, hubMisses},
		}}},
	},
	{
		name: "host down", registries: trusting, wide: true, names: map[string][]string{"mirror.example.com": {down}}, hub: 404,
		want: want{pulls: []told{{
			cause: "no_route", endpoint: mirrorURL, hidden: second, attempts: []string{"no_route" + atMirror, hubMisses},
		}}},
	},
	{
		name: "refused", registries: trusting, sites: at(site{absent: true}),
		want: want{pulls: []told{{
			cause: "connect_refused", endpoint: mirrorURL, attempts: []string{"connect_refused" + atMirror, hubDenies},
		}}},
	},
	{
		name: "no such host", registries: trusting, names: map[string][]string{"mirror.example.com": nil}, hub: 404,
		want: want{pulls: []told{{
			cause: "dns_not_found", endpoint: mirrorURL, hidden: second, attempts: []string{"dns_not_found" + atMirror, hubMisses},
		}}},
	},
	{
		name: "name server fails", registries: trusting, deaf: []string{"mirror.example.com"}, hub: 404,
		want: want{pulls: []told{{
			cause: "dns_failure", endpoint: mirrorURL, hidden: second, attempts: []string{"dns_failure" + atMirror, hubMisses},
		}}},
	},
	{
		name: "no route", registries: trusting, names: map[string][]string{"mirror.example.com": {farAway}},
		want: want{pulls: []told{{
			cause: "no_route", endpoint: mirrorURL, attempts: []string{"no_route" + atMirror, hubDenies},
		}}},
	},
	{
		name: "IPv6 without route, IPv4 refused", registries: trusting, sites: at(site{absent: true}),
		names: map[string][]string{"mirror.example.com": {farAway6, "127.0.0.11"}},
		want: want{pulls: []told{{
			cause: "connect_refused", endpoint: mirrorURL, attempts: []string{"connect_refused" + atMirror, hubDenies},
		}}},
	},
	{
		name: "IPv6 only, without route", registries: trusting, hub: 404,
		names: map[string][]string{"mirror.example.com": {farAway6}},
		want: want{pulls: []told{{
			cause: "no_route", endpoint: mirrorURL, hidden: second, attempts: []string{"no_route" + atMirror, hubMisses},
		}}},
	},
	{
		name: "proxy refused", registries: trusting,
		env: []string{"HTTPS_PROXY=http://" + proxyHost, "NO_PROXY=docker.io"},
		want: want{pulls: []told{{
			cause: "proxy_error", endpoint: mirrorURL, attempts: []string{"proxy_error" + atMirror, hubDenies},
		}}},
	},
	{
		name: "proxy leads to the wrong place", registries: trusting,
		env:   []string{"HTTPS_PROXY=http://" + proxyHost, "NO_PROXY=docker.io"},
		sites: map[string]site{proxyHost: {plain: true, front: answer((&probetest.Proxy{To: "127.0.0.11:1"}).ServeHTTP)}},
		want: want{pulls: []told{{
			cause: "proxy_error", endpoint: mirrorURL, attempts: []string{"proxy_error" + atMirror, hubDenies},
		}}},
	},
	{
		name: "mended since", registries: trusting, sites: at(site{absent: true}),
		change: func(s *stage) error { return s.raiseSite(mirrorHost, site{}) },
		want: want{verdict: "healthy", pulls: []told{{
			status: "recovered", cause: "connect_refused", endpoint: mirrorURL, attempts: []string{"connect_refused" + atMirror, hubDenies},
		}}},
	},
	{
		name: "mended since, and pulled", registries: trusting, sites: at(site{absent: true}),
		change: func(s *stage) error { return s.raiseSite(mirrorHost, site{}) }, again: true,
		want: want{verdict: "healthy", pulls: []told{{
			status: "recovered", cause: "connect_refused", endpoint: mirrorURL, attempts: []string{"connect_refused" + atMirror, hubDenies},
		}}},
	},
	{
		name: "two images, one mirror refused", registries: trusting, sites: at(site{absent: true}), pulls: []string{image, otherImage},
		want: want{pulls: []told{
			{cause: "connect_refused", endpoint: mirrorURL, attempts: []string{"connect_refused" + atMirror, hubDenies}},
			{image: otherImage, cause: "connect_refused", endpoint: mirrorURL, attempts: []string{"connect_refused" + atMirror, hubDenies}},
		}},
	},
}

const otherImage = "docker.io/team/other:2"
