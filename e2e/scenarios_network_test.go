package e2e

import "github.com/pullwhy/pullwhy/probe/probetest"

// Addresses that no route leads to (RFC 3849, RFC 5737).
const (
	farAway  = "203.0.113.9"
	farAway6 = "2001:db8::11"
)

var networkScenarios = []scenario{
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
		mend: func(s *stage) error { return s.raiseSite(mirrorHost, site{}) },
		want: want{verdict: "healthy", pulls: []told{{
			status: "recovered", cause: "connect_refused", endpoint: mirrorURL, attempts: []string{"connect_refused" + atMirror, hubDenies},
		}}},
	},
}
