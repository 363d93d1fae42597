package e2e

var configScenarios = []scenario{
	{
		name: "CA file missing", hub: 404,
		registries: `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
configs:
  mirror.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/no-such-ca.crt
`,
		want: want{pulls: []told{{cause: "config_file_unreadable"}}},
	},
	{
		name: "CA file without a certificate", registries: trusting,
		files: map[string]string{"/etc/rancher/k3s/mirror-ca.crt": "see the wiki\n"},
		want:  want{pulls: []told{{cause: "config_file_unreadable", also: []string{"config_ca_invalid"}}}},
	},
	{
		name: "rewrite that breaks hosts.toml", hub: 404, holds: []string{"docker.io/hub/team/app:1.4.2"}, patch: builds[1:2],
		registries: `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
    rewrite:
      "^(team/\\w+)$": "hub/$1"
configs:
  mirror.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`,
		want: want{pulls: []told{{
			cause: "config_invalid", also: []string{"config_rewrite_invalid"}, hidden: []string{"1.6", "1.7-k3s", "2.4"}, attempts: []string{hubMisses},
		}}},
	},
	{
		name: "reference in upper case", registries: trusting, pulls: []string{"registry.example.com:5000/Team/App:1"},
		want: want{pulls: []told{{image: "registry.example.com:5000/Team/App:1", cause: "invalid_reference"}}},
	},
	{
		name: "corrected, not restarted", registries: overHTTP, hub: 404,
		change: func(*stage) error { return put("/etc/rancher/k3s/registries.yaml", trusting) },
		want: want{pulls: []told{{
			cause: "http_request_to_https_server", endpoint: "http://" + mirrorHost, also: []string{"config_not_applied"},
			attempts: []string{"http_request_to_https_server http://" + mirrorHost, hubMisses},
		}}},
	},
	{
		name: "broken since, containerd still runs", registries: trusting,
		change: func(*stage) error {
			return put("/etc/rancher/k3s/registries.yaml", "mirrors:\n  docker.io\n    endpoint:\n      - https://mirror.example.com:5000\n")
		},
		want: want{pulls: []told{{status: "succeeded"}}, findings: []string{"config_syntax error"}},
	},
	{
		name: "left-over directory of another layout", pulls: []string{privateImage}, registries: `mirrors:
  registry.example.com:5000:
    endpoint:
      - https://mirror.example.com:5000
configs:
  mirror.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`,
		files: map[string]string{certsDir + "/registry.example.com_5000_/hosts.toml": `[host."https://mirror2.example.com:5000"]` + "\n"},
		sites: map[string]site{secondHost: {absent: true}, privateHost: {web: true, front: status(404)}},
		want: want{pulls: []told{{
			image: privateImage, cause: "connect_refused", endpoint: secondURL, also: []string{"config_shadowed"}, hidden: second,
			attempts: []string{"connect_refused" + atSecond, "not_found https://" + privateHost},
			// K3s' build does without a default endpoint that is not written.
			on: map[string]told{"1.7-k3s": {
				image: privateImage, cause: "connect_refused", endpoint: secondURL, also: []string{"config_shadowed"},
				attempts: []string{"connect_refused" + atSecond},
			}},
		}}},
	},
	{
		// Upstream's containerd knows nothing of rewrites: it asks for the image by its own name.
		name: "rewrite that forgets library/", pulls: []string{"docker.io/library/nginx:1.27"}, holds: []string{"docker.io/hub/nginx:1.27"},
		hub: 404, patch: builds[1:2],
		registries: `mirrors:
  docker.io:
    endpoint:
      - https://mirror.example.com:5000
    rewrite:
      "^nginx(.*)$": "hub/nginx$1"
configs:
  mirror.example.com:5000:
    tls:
      ca_file: /etc/rancher/k3s/mirror-ca.crt
`,
		want: want{pulls: []told{{
			image: "docker.io/library/nginx:1.27", cause: "not_found", endpoint: mirrorURL, also: []string{"config_rewrite_ineffective"},
			attempts: []string{"not_found" + atMirror, hubMisses},
		}}},
	},
}
