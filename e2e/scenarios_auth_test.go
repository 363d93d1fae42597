package e2e

import (
	"net/http"

	cri "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/pullwhy/pullwhy/probe/probetest"
)

const tokenURL = "https://auth.example.com"

// wantingTokens is a mirror that sends to the token service.
func wantingTokens(service site) map[string]site {
	return map[string]site{mirrorHost: {front: bearer}, tokenHost: service}
}

var authScenarios = []scenario{
	{
		name: "credentials missing", registries: trusting, sites: at(site{front: basic}), hub: 404,
		want: want{pulls: []told{{
			cause: "auth_missing", endpoint: mirrorURL, hidden: second, attempts: []string{"auth_missing" + atMirror, hubMisses},
		}}},
	},
	{
		name: "credentials under a key without port", patch: builds, sites: at(site{web: true, front: basic}),
		registries: mirrored + "configs:\n  mirror.example.com:\n    auth:\n      username: puller\n      password: " + password + "\n",
		want: want{pulls: []told{{
			cause: "auth_missing", endpoint: mirrorURL, also: []string{"config_unused_entry"},
			attempts: []string{"auth_missing" + atMirror, hubDenies},
		}}},
	},
	{
		name: "credentials for all registries", patch: builds, sites: at(site{web: true, front: basic}),
		registries: mirrored + "configs:\n  \"*\":\n    auth:\n      username: puller\n      password: " + password + "\n",
		want: want{pulls: []told{{
			cause: "auth_missing", endpoint: mirrorURL, also: []string{"config_wildcard_ineffective"},
			attempts: []string{"auth_missing" + atMirror, hubDenies},
		}}},
	},
	{
		name: "credentials wrong", sites: at(site{front: basic}),
		registries: trusting + "    auth:\n      username: puller\n      password: " + wrongPass + "\n",
		want: want{pulls: []told{{
			cause: "auth_rejected", endpoint: mirrorURL, attempts: []string{"auth_rejected" + atMirror, hubDenies},
		}}},
	},
	{
		name: "token service refused", registries: withPassword, sites: wantingTokens(site{absent: true}), hub: 404,
		want: want{pulls: []told{{
			cause: "auth_token_service", endpoint: tokenURL, hidden: second, attempts: []string{"auth_token_service" + atMirror, hubMisses},
		}}},
	},
	{
		name: "token service untrusted", registries: withPassword, sites: wantingTokens(site{rogue: true}),
		want: want{pulls: []told{{
			cause: "auth_token_service", endpoint: tokenURL, attempts: []string{"auth_token_service" + atMirror, hubDenies},
		}}},
	},
	{
		name: "token service in trouble", registries: trusting, sites: wantingTokens(site{web: true, front: status(http.StatusInternalServerError)}),
		want: want{pulls: []told{{
			cause: "auth_token_service", endpoint: tokenURL, attempts: []string{"auth_token_service" + atMirror, hubDenies},
		}}},
	},
	{
		name: "token service knows another password", registries: withPassword,
		sites: wantingTokens(site{web: true, front: tokens(&probetest.TokenService{User: "puller", Password: "other"})}),
		want: want{pulls: []told{{
			cause: "auth_rejected", endpoint: mirrorURL, attempts: []string{"auth_rejected" + atMirror, hubDenies},
		}}},
	},
	{
		name: "token service denies strangers", registries: trusting, hub: 404,
		sites: wantingTokens(site{web: true, front: status(http.StatusForbidden)}),
		want: want{pulls: []told{{
			cause: "auth_missing", endpoint: mirrorURL, hidden: second, attempts: []string{"auth_missing" + atMirror, hubMisses},
		}}},
	},
	{
		name: "token without the scope", registries: withPassword, hub: 404,
		sites: wantingTokens(site{web: true, front: tokens(&probetest.TokenService{User: "puller", Password: password, Deny: "team/app"})}),
		want: want{pulls: []told{{
			cause: "auth_rejected", endpoint: mirrorURL, hidden: second, attempts: []string{"auth_rejected" + atMirror, hubMisses},
		}}},
	},
	{
		name: "pull secret knows another password", registries: withPassword, sites: at(site{front: basic}),
		secret: &cri.AuthConfig{Username: "puller", Password: wrongPass},
		want: want{pulls: []told{{
			cause: "auth_rejected", endpoint: mirrorURL, attempts: []string{"auth_rejected" + atMirror, hubDenies},
		}}},
	},
}
