package registry

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

const credentialed = "configs:\n  a.example.com:\n    auth: {username: you, password: hunter2}\n"

// TestLintExactly: one mistake is one finding; what follows from it is none.
func TestLintExactly(t *testing.T) {
	for _, tc := range []struct {
		name, text string
		want       string            // code:line of errors and warnings
		files      map[string]string // beside it
	}{
		{"rewrite out of its mirror", mirrored + "  rewrite:\n    \"^a/(.*)\": \"b/$1\"\n", "config_unknown_key:5", nil},
		{"tls out of its host", "configs:\n  a.example.com:\n  tls:\n    ca_file: /none\n", "config_unknown_key:3", nil},
		{"configs inside mirrors", mirrored + "  configs:\n    a.example.com:\n      auth: {username: you}\n", "config_unknown_key:5", nil},
		{"object of Kubernetes", "apiVersion: v1\nkind: ConfigMap\ndata:\n  registries.yaml: |\n    mirrors:\n", "config_unknown_key:1", nil},
		{"text in another file", "replicas: 1\nnodes:\n  - files:\n      registries.yaml: |\n        mirrors:\n          docker.io:\n", "config_unknown_key:4", nil},
		{"keys and a value of the wrong type", "mirrors:\n  docker.io:\n    endpoints: [https://a.example.com]\nconfigs:\n  a.example.com:\n    auth: {user: you}\n    tls: {insecure_skip_verify: \"true\"}\n", "config_syntax:7 config_unknown_key:3 config_unknown_key:6", nil},
		{"list out of its mirror", "mirrors:\n  docker.io:\n  endpoint:\n    - https://a.example.com\n", "config_syntax:4", nil},
		{"encrypted by sops", mirrored + "sops:\n  mac: ENC[AES256_GCM,data:abcd]\n", "config_unknown_key:5", nil},
		{"user in place of username", "configs:\n  a.example.com:\n    auth: {user: you, password: hunter2}\n", "config_unknown_key:3", nil},
		{"pass in place of password", "configs:\n  a.example.com:\n    auth: {username: you, pass: hunter2}\n", "config_unknown_key:3", nil},
		{"no username at all", "configs:\n  a.example.com:\n    auth: {password: hunter2}\n", "config_auth_undecodable:3", nil},
		{"object of Kubernetes with mirrors", "apiVersion: v1\nkind: ConfigMap\n" + mirrored, "config_unknown_key:1 config_unknown_key:2", nil},
		{"host at the top", "mirrors:\ndocker.io:\n  endpoint: [https://a.example.com]\n", "config_unknown_key:2", nil},
		{"unknown key in what is merged", "x-m: &m\n  endpoints: [https://a.example.com]\nmirrors:\n  docker.io:\n    <<: *m\n", "config_unknown_key:2", nil},
		{"names of other tools", "configs:\n  a.example.com:\n    tls:\n      ca: /a\n      skip_verify: true\n", "config_unknown_key:4 config_unknown_key:5", nil},
		{"registry in two sections", "mirrors:\n  a.example.com: {endpoint: [https://b.example.com]}\nmirrors:\n  a.example.com: {endpoint: [https://c.example.com]}\n", "config_duplicate_key:4", nil},
		{"no-break spaces before keys", "mirrors:\n\u00a0\u00a0docker.io:\n\u00a0\u00a0\u00a0\u00a0endpoint:\n      - https://a.example.com\n", "config_invisible_character:2 config_invisible_character:3", nil},
		{"no-break space behind an endpoint", strings.TrimRight(mirrored, "\n") + "\u00a0\n", "config_invisible_character:4", nil},
		{"zero width in a name", "mirrors:\n  docker.io\u200b:\n    endpoint: [https://a.example.com]\n", "config_invisible_character:2", nil},
		{"smart quotes around the wildcard", "mirrors:\n  “*”:\n    endpoint: [https://a.example.com]\n", "config_invisible_character:2", nil},
		{"soft hyphen in a key", "mirrors:\n  docker.io:\n    end\u00adpoint: [https://a.example.com]\n", "config_invisible_character:3", nil},
		{"smart quotes behind escaped ones", "configs:\n  a.example.com:\n    auth:\n      username: 'it''s “you”'\n      password: \"a\\\\\"\n", "", nil},
		{"no-break space in a block scalar", "configs:\n  a.example.com:\n    auth:\n      username: you\n      password: |-\n        a\u00a0b\n", "", nil},
		{"a type of its own", "configs:\n  a.example.com:\n    auth:\n      username: you\n      password: !vault hunter2\n", "config_value_truncated:5", nil},
		{"Docker Hub by URL beside the right key", "configs:\n  https://index.docker.io/v1/: &a\n    auth: {username: you, password: x}\n  registry-1.docker.io: *a\n", "config_registry_name:2", nil},
		{"Docker Hub's other name for tls", "configs:\n  index.docker.io:\n    tls: {cert_file: \"\"}\n", "config_registry_name:2", nil},
		{"port that is none", "mirrors:\n  a.example.com:http:\n    endpoint: [https://b.example.com]\n", "config_registry_name:2", nil},
		{"IPv6 address without brackets", "mirrors:\n  fd00::1:\n    endpoint: [https://b.example.com]\n", "config_registry_name:2", nil},
		{"IPv6 address", "mirrors:\n  \"[fd00::1]:5000\":\n    endpoint: [https://b.example.com]\n", "", nil},
		{"name in upper case", "mirrors:\n  Docker.io:\n    endpoint: [https://b.example.com]\n", "config_registry_name:2", nil},
		{"name in upper case that images may have", "mirrors:\n  Registry.example.com:\n    endpoint: [https://b.example.com]\n", "", nil},
		{"name with a blank", "mirrors:\n  \"docker.io \":\n    endpoint: [https://b.example.com]\n", "config_registry_name:2", nil},
		{"name with a port that is none", "mirrors:\n  a.example.com:65536:\n    endpoint: [https://b.example.com]\n", "config_registry_name:2", nil},
		{"name with the highest port", "mirrors:\n  a.example.com:65535:\n    endpoint: [https://b.example.com]\n", "", nil},
		{"name of a web site", "mirrors:\n  hub.docker.com:\n    endpoint: [https://b.example.com]\n", "config_registry_name:2", nil},
		{"name of a public registry with a port", "mirrors:\n  quay.io:443:\n    endpoint: [https://b.example.com]\n", "config_mirror_unmatched:2", nil},
		{"name of a public registry with a port and without", "mirrors:\n  quay.io:443: &m\n    endpoint: [https://b.example.com]\n  quay.io: *m\n", "", nil},
		{"name that images may have", "mirrors:\n  registry.hub.docker.com:\n    endpoint: [https://b.example.com]\n", "", nil},
		{"name with an underscore, which is taken for a repository's", "mirrors:\n  a_b.example.com:\n    endpoint: [https://b.example.com]\n", "", nil},
		{"name with an underscore and a port", "mirrors:\n  a_b.example.com:5000:\n    endpoint: [https://b.example.com]\n", "config_registry_name:2", nil},
		{"underscore in an endpoint", "mirrors:\n  a.example.com:\n    endpoint: [https://b_c.example.com]\nconfigs:\n  b_c.example.com:\n    auth: {username: you, password: x}\n", "", nil},
		{"placeholders of a manual", "mirrors:\n  docker.io:\n    endpoint: [\"https://<registry-url>\"]\nconfigs:\n  <registry-url>:\n    tls: {insecure_skip_verify: true}\n", "config_endpoint_invalid:3 config_registry_name:5", nil},
		{"auths of k3d", mirrored + "configs: {}\nauths: {}\n", "", nil},
		{"auths with something in it", mirrored + "auths: {a.example.com: {username: you}}\n", "config_unknown_key:5", nil},
		{"variables", "mirrors:\n  ${A}:\n    endpoint: [\"https://$B\", \"https://${C}:5000\", \"https://{{ d }}/v2\"]\n", "config_endpoint_invalid:3 config_endpoint_invalid:3 config_endpoint_invalid:3 config_registry_name:2", nil},
		{"password like a variable", "mirrors:\n  a.example.com:\n    endpoint: [\"https://you:$hunter2@b.example.com\"]\n", "config_credentials_in_url:3", nil},
		{"endpoint with a port that is none", mirrored + "      - https://a.example.com:99999\n", "config_endpoint_invalid:5", nil},
		{"entry in other case", "mirrors:\n  a.example.com:\n    endpoint: [https://B.example.com]\nconfigs:\n  b.example.com:\n    auth: {username: you, password: x}\n", "config_unused_entry:5", nil},
		{"entry for none of two ports", "mirrors:\n  a.example.com: {endpoint: [https://c.example.com:1]}\n  b.example.com: {endpoint: [https://c.example.com:2]}\nconfigs:\n  c.example.com:\n    auth: {username: you, password: x}\n", "config_unused_entry:5", nil},
		{"credentials of a web site", "configs:\n  hub.docker.com:\n    auth: {username: you, password: x}\n", "config_docker_hub_key:2", nil},
		{"credentials of Docker Hub's other name, which is asked", "mirrors:\n  docker.io:\n    endpoint: [https://index.docker.io]\nconfigs:\n  index.docker.io:\n    auth: {username: you, password: x}\n", "", nil},
		{"all under the wildcard", "mirrors:\n  \"*\":\n    endpoint: [https://a.example.com]\nconfigs:\n  \"*\":\n    auth: {username: you, password: x}\n    tls: {ca_file: \"\", cert_file: \"\"}\n", "config_wildcard_ineffective:5", nil},
		{"wildcard tls for a mirror", mirrored + "configs:\n  \"*\":\n    tls: {insecure_skip_verify: true}\n", "config_insecure:7 config_wildcard_ineffective:6", nil},
		{"wildcard tls beside a mirror over http", "mirrors:\n  docker.io:\n    endpoint: [http://a.example.com]\nconfigs:\n  \"*\":\n    tls: {insecure_skip_verify: true}\n", "config_insecure:6", nil},
		{"wildcard tls, and an entry without", "configs:\n  \"*\":\n    tls: {insecure_skip_verify: true}\n  a.example.com:\n    auth: {username: you, password: x}\n", "config_insecure:3 config_wildcard_ineffective:4", nil},
		{"wildcard tls, and an entry that says otherwise", "configs:\n  \"*\":\n    tls: {insecure_skip_verify: true}\n  a.example.com:\n    auth: {username: you, password: x}\n    tls: {insecure_skip_verify: false}\n", "config_insecure:3", nil},
		{"wildcard tls, and an entry that K3s drops", "configs:\n  \"*\":\n    tls: {insecure_skip_verify: true}\n  a.example.com:\n", "config_insecure:3", nil},
		{"wildcard tls that is lost", "mirrors:\n  \"*\":\n    endpoint: [https://a.example.com]\nconfigs:\n  \"*\":\n    tls: {insecure_skip_verify: true}\n", "config_wildcard_ineffective:5", nil},
		{"another registry as mirror", "mirrors:\n  docker.io:\n    endpoint: [https://quay.io]\n", "config_endpoint_not_a_mirror:3", nil},
		{"another registry as mirror, with a rewrite", "mirrors:\n  docker.io:\n    endpoint: [https://ghcr.io]\n    rewrite:\n      \"^library/(.*)$\": \"team/mirror/$1\"\n", "", nil},
		{"a provider's registry as mirror", "mirrors:\n  docker.io:\n    endpoint: [https://registry.cn-hangzhou.aliyuncs.com]\n", "config_endpoint_not_a_mirror:3", nil},
		{"a provider's registry as mirror, with a rewrite", "mirrors:\n  docker.io:\n    endpoint: [https://registry.cn-hangzhou.aliyuncs.com]\n    rewrite:\n      \"^(.*)$\": \"team/$1\"\n", "", nil},
		{"a provider's registry as its own", "mirrors:\n  registry.cn-hangzhou.aliyuncs.com:\n    endpoint: [https://registry.cn-hangzhou.aliyuncs.com:443]\n", "", nil},
		{"Docker Hub through its own name", "mirrors:\n  docker.io:\n    endpoint: [https://index.docker.io]\n", "", nil},
		{"items in one", "mirrors:\n  docker.io:\n    endpoint:\n      - https://a.example.com\n        - https://b.example.com\n", "config_endpoint_invalid:4", nil},
		{"rewrite with a backslash", mirrored + "    rewrite:\n      '^team\\.a/(.*)': 'b/$1'\n", "config_rewrite_invalid:6", nil},
		{"rewrite with two", mirrored + "    rewrite:\n      '^team\\\\.a/(.*)': 'b/$1'\n", "", nil},
		{"rewrite with a group that runs on", mirrored + "    rewrite:\n      \"^(.*)$\": \"$1x\"\n", "config_rewrite_invalid:6", nil},
		{"rewrite with a group in braces", mirrored + "    rewrite:\n      \"^(.*)$\": \"${1}x\"\n", "", nil},
		{"rewrite of names without a slash", mirrored + "    rewrite:\n      \"^([^/]+)$\": \"team/$1\"\n", "config_rewrite_ineffective:6", nil},
		{"rewrite of official images by name", mirrored + "    rewrite:\n      \"^(nginx|redis)$\": \"team/$1\"\n", "config_rewrite_ineffective:6", nil},
		{"rewrite of a team named like an image", mirrored + "    rewrite:\n      \"^nginx/(.*)$\": \"team/$1\"\n      \"^grafana(.*)$\": \"other/grafana$1\"\n", "", nil},
		{"rewrite of a name with its registry", mirrored + "    rewrite:\n      \"^docker.io/(.*)\": \"b/$1\"\n", "config_rewrite_ineffective:6", nil},
		{"rewrite of a name with its registry, dots escaped", mirrored + "    rewrite:\n      '^docker\\\\.io/(.*)': b/$1\n", "config_rewrite_ineffective:6", nil},
		{"rewrite of a name with another registry", mirrored + "    rewrite:\n      \"^quay.io/(.*)\": \"b/$1\"\n", "config_rewrite_ineffective:6", nil},
		{"rewrite of a name with the mirror", mirrored + "    rewrite:\n      \"^mirror.example.com:5000/(.*)\": \"b/$1\"\n      \"^mirror.example.com/(.*)\": \"b/$1\"\n", "config_rewrite_ineffective:6 config_rewrite_ineffective:7", nil},
		{"rewrite of a path that another registry's name begins", "mirrors:\n  a.example.com:\n    endpoint: [https://b.example.com]\n    rewrite:\n      \"^docker.io/(.*)\": \"hub/$1\"\n", "", nil},
		{"rewrite of a user like a registry", mirrored + "    rewrite:\n      \"^docker-io/(.*)\": \"b/$1\"\n", "", nil},
		{"rewrite with a slash in front", mirrored + "    rewrite:\n      \"^/library/(.*)\": \"b/$1\"\n", "config_rewrite_ineffective:6", nil},
		{"rewrite with a slash that may be missing", mirrored + "    rewrite:\n      \"^/?library/(.*)\": \"b/$1\"\n", "", nil},
		{"rewrite of a tag", mirrored + "    rewrite:\n      \"^library/nginx:(.*)\": \"b/nginx:$1\"\n", "config_rewrite_ineffective:6", nil},
		{"rewrite of a control character", mirrored + "    rewrite:\n      '\\bteam/': b/\n", "config_rewrite_ineffective:6", nil},
		{"rewrites that only escaped dots keep apart", mirrored + "    rewrite:\n      '^a\\\\.b/(.*)': c/$1\n      '^a.b/(.*)': d/$1\n", "config_rewrite_ambiguous:6", nil},
		{"rewrite at the registry itself", "mirrors:\n  a.example.com:\n    endpoint: [a.example.com]\n    rewrite:\n      \"^b/(.*)\": \"c/$1\"\n", "config_endpoint_is_default:3 config_rewrite_ineffective:5", nil},
		{"flag and a mirror without endpoints", "mirrors:\n  docker.io:\n", "config_default_endpoint_kept:2", map[string]string{flagsPath: "disable-default-registry-endpoint: true\n"}},
		{"flag, and the registry itself is what is listed", "mirrors:\n  a.example.com:5000:\n    endpoint: [https://a.example.com:5000]\nconfigs:\n  a.example.com:5000:\n    auth: {username: you, password: x}\n", "", map[string]string{flagsPath: "disable-default-registry-endpoint: true\n"}},
		{"flag, and an entry for another port", "mirrors:\n  a.example.com:5000:\n    endpoint: [https://a.example.com:5001]\nconfigs:\n  a.example.com:5000:\n    tls: {}\n", "config_default_endpoint_kept:5", map[string]string{flagsPath: "disable-default-registry-endpoint: true\n"}},
		{"flag, and the wildcard serves it", "mirrors:\n  docker.io:\n  \"*\":\n    endpoint: [https://a.example.com]\n", "", map[string]string{flagsPath: "disable-default-registry-endpoint: true\n"}},
		{"flag and the embedded registry", "mirrors:\n  docker.io:\n", "", map[string]string{flagsPath: "disable-default-registry-endpoint: true\nembedded-registry: true\n"}},
		{"endpoints without a host", "mirrors:\n  docker.io:\n    endpoint:\n      - https//a.example.com\n      - https:/b.example.com\n      - https://c.example.com,https://d.example.com\n", "config_endpoint_invalid:4 config_endpoint_invalid:5 config_endpoint_invalid:6", nil},
		{"template without credentials", credentialed, "config_template_drops_registry:1", map[string]string{agentPath + "etc/containerd/config.toml.tmpl": "[registry]\nconfig_path = \"/x\"\n"}},
		{"template that names a registry, and has no section of them", credentialed, "config_template_drops_registry:1", map[string]string{agentPath + "etc/containerd/config.toml.tmpl": "sandbox_image = \"registry.example.com/pause:3.6\"\n"}},
		{"template with credentials", credentialed, "", map[string]string{agentPath + "etc/containerd/config.toml.tmpl": "[registry]\nconfig_path = \"/x\"\n{{ range $k, $v := .PrivateRegistryConfig.Configs }}\n"}},
		{"old template beside a new one", credentialed, "", map[string]string{agentPath + "etc/containerd/config.toml.tmpl": "version = 2\n", agentPath + "etc/containerd/config-v3.toml.tmpl": "{{- template \"base\" . -}}\n"}},
		{"template and nothing to lose", "", "", map[string]string{agentPath + "etc/containerd/config.toml.tmpl": "version = 2\n"}},
		{"file of the other program", mirrored, "config_misplaced_file:1", map[string]string{"etc/rancher/rke2/registries.yaml": mirrored}},
		{"file that private-registry passes by", "mirrors: {docker.io: {endpoint: [https://a.example.com]}}\n", "config_misplaced_file:1", map[string]string{flagsPath: "private-registry: /etc/r.yaml\n", "etc/r.yaml": mirrored}},
		{"directory of the other program", "mirrors:\n  \"*\":\n    endpoint: [https://a.example.com]\n", "config_shadowed:0", map[string]string{certsPath + "ghcr.io/hosts.toml": "# File generated by rke2. DO NOT EDIT.\nserver = \"https://ghcr.io\"\n"}},
		{"directory of the admin", "mirrors:\n  \"*\":\n    endpoint: [https://a.example.com]\n", "", map[string]string{certsPath + "ghcr.io/hosts.toml": "server = \"https://ghcr.io\"\n"}},
		{"config.yaml that K3s refuses", mirrored, "config_syntax:2", map[string]string{flagsPath: "embedded-registry: true\n\tx: y\n"}},
		{"wildcard of an agent, whose server may share", "mirrors:\n  \"*\":\n", "", map[string]string{"etc/systemd/system/k3s-agent.service": "[Service]\n"}},
		{"wildcard of a server that does not share", "mirrors:\n  \"*\":\n", "config_wildcard_ineffective:2", map[string]string{"etc/systemd/system/k3s.service": "[Service]\n"}},
		{"capability that containerd does not know", mirrored, "config_undecodable_hosts:4", map[string]string{certsPath + "quay.io/hosts.toml": "server = \"https://quay.io\"\n\n[host.\"https://a.example.com\"]\n  capabilities = [\"pul\"]\n"}},
		{"CA of a hosts.toml that is absent", mirrored, "config_file_unreadable:3", map[string]string{certsPath + "quay.io/hosts.toml": "server = \"https://quay.io\"\n[host.\"https://a.example.com\"]\n  ca = \"/none.pem\"\n"}},
		{"embedded registry before the first start", "mirrors:\n  \"*\":\n", "", map[string]string{flagsPath: "embedded-registry: true\n"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var got []string
			for _, i := range (lintCase{files: tc.files}).lint(t, tc.text, nil) {
				if i.Severity != SeverityInfo {
					got = append(got, fmt.Sprintf("%s:%d", i.Code, i.Line))
				}
				if i.Severity != SeverityInfo && i.Fix == "" {
					t.Errorf("%s has no fix", i.Code)
				}
			}
			slices.Sort(got)
			if strings.Join(got, " ") != tc.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), tc.want)
			}
		})
	}
}

// A registries.yaml that is supposed where there is no K3s is judged by K3s' rules, and the
// files that it names are another node's.
func TestAssumedElsewhere(t *testing.T) {
	text := "mirrors:\n  docker.io:\n    endpoint: [https://a.example.com]\n    rewrite:\n      \"^library/(.*)\": \"team/$1\"\nconfigs:\n  a.example.com:\n    tls: {ca_file: /none.pem}\n"
	for _, node := range []*Node{{}, {Distribution: Containerd, ContainerdVersion: "v2.1.5"}} {
		config := LoadAssuming(node, Assumption{Registries: []byte(text), RegistriesPath: "new.yaml"})
		ref, _ := ParseReference("nginx")
		endpoints, err := config.Endpoints(ref)
		if err != nil || len(endpoints) != 2 || endpoints[0].Repository != "team/nginx" {
			t.Errorf("on %+v: %v, %v", node, endpoints, err)
		}
		if issues := config.Lint(nil); len(issues) != 0 {
			t.Errorf("on %+v: %s", node, codes(issues))
		}
	}
}
