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
		want:  want{pulls: []told{{cause: "config_file_unreadable"}}},
	},
	{
		name: "rewrite that breaks hosts.toml", hub: 404,
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
			cause: "config_invalid", hidden: []string{"1.6", "1.7-k3s", "2.4"}, attempts: []string{hubMisses},
		}}, findings: []string{"config_rewrite_invalid error"}},
	},
	{
		name: "reference in upper case", registries: trusting, pulls: []string{"registry.example.com:5000/Team/App:1"},
		want: want{pulls: []told{{image: "registry.example.com:5000/Team/App:1", cause: "invalid_reference"}}},
	},
}
