package e2e

import "github.com/pullwhy/pullwhy/probe/probetest"

// Nodes on which nothing is wrong: there is nothing to say.
var healthyScenarios = []scenario{
	{
		name: "healthy", registries: withPassword, sites: at(site{front: basic}),
		want: want{verdict: "healthy", pulls: []told{{status: "succeeded"}}},
	},
	{
		name: "healthy, with tokens", registries: withPassword,
		sites: wantingTokens(site{web: true, front: tokens(&probetest.TokenService{User: "puller", Password: password})}),
		want:  want{verdict: "healthy", pulls: []told{{status: "succeeded"}}},
	},
	{
		name: "healthy, with a client certificate", sites: at(site{mutual: true}),
		registries: trusting + "      cert_file: /etc/rancher/k3s/client.crt\n      key_file: /etc/rancher/k3s/client.key\n",
		want:       want{verdict: "healthy", pulls: []told{{status: "succeeded"}}},
	},
	{
		name: "healthy, http after https", sites: at(site{plain: true}),
		registries: overHTTP + "configs:\n  mirror.example.com:5000:\n    tls:\n      ca_file: /etc/rancher/k3s/mirror-ca.crt\n",
		want:       want{verdict: "degraded", pulls: []told{{status: "succeeded"}}, findings: []string{"config_http_with_tls warning"}},
	},
	{
		name: "healthy, path of a repository manager", sites: at(site{front: below("/artifactory/docker/v2")}),
		registries: `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000/artifactory/docker/v2
configs:
  mirror.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`,
		want: want{verdict: "healthy", pulls: []told{{status: "succeeded"}}},
	},
	{
		name: "healthy, IPv6 address without route", registries: trusting,
		names: map[string][]string{"mirror.example.com": {farAway6, "127.0.0.11"}},
		want:  want{verdict: "healthy", pulls: []told{{status: "succeeded"}}},
	},
	{
		name: "air-gapped, no name of Docker Hub", registries: trusting,
		names: map[string][]string{"registry-1.docker.io": nil},
		want:  want{verdict: "healthy", pulls: []told{{status: "succeeded"}}},
	},
	{
		name: "air-gapped, no route to Docker Hub", registries: trusting,
		names: map[string][]string{"registry-1.docker.io": {farAway}},
		want:  want{verdict: "healthy", pulls: []told{{status: "succeeded"}}},
	},
	{
		name: "no registries.yaml", pulls: []string{"quay.io/team/web:2.0"}, sites: map[string]site{quayHost: {web: true}},
		want: want{verdict: "healthy", pulls: []told{{image: "quay.io/team/web:2.0", status: "succeeded"}}},
	},
}
