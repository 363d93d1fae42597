package e2e

import "net/http"

var answerScenarios = []scenario{
	{
		name: "404 hidden by a denial", registries: trusting, lacks: true,
		want: want{pulls: []told{{
			cause: "not_found", endpoint: mirrorURL, hidden: firstGeneration, attempts: []string{"not_found" + atMirror, hubDenies},
		}}},
	},
	{
		name: "tag gone everywhere", registries: trusting, lacks: true, hub: 404,
		want: want{pulls: []told{{
			cause: "not_found", endpoint: mirrorURL, attempts: []string{"not_found" + atMirror, hubMisses},
		}}},
	},
	{
		name: "403", registries: trusting, sites: at(site{front: status(http.StatusForbidden)}),
		want: want{pulls: []told{{
			cause: "forbidden", endpoint: mirrorURL, attempts: []string{"forbidden" + atMirror, hubDenies},
		}}},
	},
	{
		name: "429", registries: trusting, sites: at(site{front: tooMany}),
		want: want{pulls: []told{{
			cause: "rate_limited", endpoint: mirrorURL, attempts: []string{"rate_limited" + atMirror, hubDenies},
		}}},
	},
	{
		name: "500", registries: trusting, sites: at(site{front: status(http.StatusInternalServerError)}), hub: 404,
		want: want{pulls: []told{{
			cause: "server_error", endpoint: mirrorURL, attempts: []string{"server_error" + atMirror, hubMisses},
		}}},
	},
	{
		name: "502", registries: trusting, sites: at(site{front: status(http.StatusBadGateway)}),
		want: want{pulls: []told{{
			cause: "gateway_error", endpoint: mirrorURL, attempts: []string{"gateway_error" + atMirror, hubDenies},
		}}},
	},
	{
		name: "404 at the mirror, 500 at Docker Hub", registries: trusting, lacks: true, hub: 500,
		want: want{pulls: []told{{
			cause: "not_found", endpoint: mirrorURL, hidden: []string{"1.6", "1.7-k3s", "2.4"},
			attempts: []string{"not_found" + atMirror, "server_error " + hubURL},
		}}},
	},
	{
		name: "a web site", registries: trusting, sites: at(site{front: webSite}),
		want: want{pulls: []told{{
			cause: "unexpected_media_type", endpoint: mirrorURL, attempts: []string{"unexpected_media_type" + atMirror},
		}}},
	},
	{
		name: "mirror that knows no ns", registries: trusting, sites: at(site{front: deafToNS}), hub: 404,
		want: want{pulls: []told{{
			cause: "not_found", endpoint: mirrorURL, attempts: []string{"not_found" + atMirror, hubMisses},
		}}},
	},
	{
		name: "manifest redirected to a host that is down", registries: trusting, sites: at(site{front: elsewhere("/manifests/")}), hub: 404,
		want: want{pulls: []told{{
			cause: "connect_refused", endpoint: "https://" + blobHost, hidden: second,
			attempts: []string{"connect_refused" + atMirror, hubMisses},
		}}},
	},
	{
		name: "digest that nobody has", registries: trusting, pulls: []string{unknownDigest}, hub: 404,
		want: want{pulls: []told{{
			image: unknownDigest, cause: "not_found", endpoint: mirrorURL,
			attempts: []string{"not_found" + atMirror, hubMisses}, // each asked twice: as a manifest, as a blob
		}}},
	},
}

const unknownDigest = "docker.io/team/app@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
