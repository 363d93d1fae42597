package registry

import (
	"fmt"
	"strings"
	"testing"
)

// TestCertificateAdvice: what is wrong with a file that tls names, and what to do about it.
func TestCertificateAdvice(t *testing.T) {
	files := map[string]string{"ca.pem": "<ca>", "ca.der": "<der>", "ca.key": "<ca key>", "cn.pem": "<common name>", "leaf.pem": "<leaf>", "empty.pem": " ", "nothing.pem": ""}
	for _, tc := range []struct{ tls, detail, fix, command, edit string }{
		{"ca_file: /ca.der", "is DER", "convert", "openssl x509 -inform der -in /ca.der -out /ca.der.pem", ""},
		{"ca_file: /ca.key", "but private key", "PEM certificates", "", ""},
		{"ca_file: /nothing.pem", "is empty", "PEM certificates", "", ""},
		{"ca_file: /empty.pem", "unable to load CA cert", "PEM certificates", "", ""},
		{"ca_file: /cn.pem", "common name only", "subjectAltName", "", ""},
		{"ca_file: /leaf.pem", "neither an authority's", "authority that signed", "", ""},
		{"cert_file: /ca.pem", "the key is not named", "write ca_file instead", "", "ca_file"},
		{"cert_file: /leaf.pem", "the key is not named", "belong together", "", ""},
		{"{cert_file: /ca.pem, ca_file: /ca.pem}", "the key is not named", "belong together", "", ""},
		{"key_file: /ca.key", "the certificate is not named", "belong together", "", ""},
	} {
		text := "configs:\n  registry.example.com:\n    tls: {" + strings.Trim(tc.tls, "{}") + "}\n"
		issues := (lintCase{files: files}).lint(t, text, nil)
		if len(issues) != 1 {
			t.Errorf("%s: %s", tc.tls, codes(issues))
			continue
		}
		i, edit := issues[0], ""
		if len(i.Edits) > 0 {
			edit = i.Edits[0].Text
		}
		if !strings.Contains(i.Detail, tc.detail) || !strings.Contains(i.Fix, tc.fix) || i.Command != tc.command || edit != tc.edit {
			t.Errorf("%s: %+v", tc.tls, i)
		}
	}
}

// TestMisnamed: what stands where the name of a file belongs is told, and no key in it.
func TestMisnamed(t *testing.T) {
	const key = "-----BEGIN PRIVATE KEY-----\\nhunter2\\n-----END PRIVATE KEY-----"
	for value, want := range map[string][2]string{ // in the detail, in the fix
		`"` + key + `"`: {"ca_file is the name of a file", "put it into a file"},
		"~/ca.crt":      {"unable to read CA cert", "nothing replaces ~/ca.crt"},
		"${DIR}/ca.crt": {"unable to read CA cert", "nothing replaces ${DIR}/ca.crt"},
		"certs/ca.crt":  {"unable to read CA cert", "the directory of the hosts.toml"},
		"/certs/ca.crt": {"unable to read CA cert", "put the file there"},
	} {
		files := map[string]string{"/etc/rancher/k3s/registries.yaml": "configs:\n  a.example.com:\n    tls:\n      ca_file: " + value + "\n"}
		config := Load(ReadNode(nodeFS(files)))
		issues := config.Lint(nil)
		if len(issues) != 1 || issues[0].Code != codeFileUnreadable || issues[0].Line != 4 ||
			!strings.Contains(issues[0].Detail, want[0]) || !strings.Contains(issues[0].Fix, want[1]) {
			t.Errorf("%s: %+v", value, issues)
		}
		ref, _ := ParseReference("a.example.com/b:1")
		_, err := config.Endpoints(ref)
		if text := fmt.Sprintf("%+v %v %+v", issues, err, config.Sources); strings.Contains(text, "hunter2") {
			t.Errorf("%s: %s", value, text)
		}
	}
}
