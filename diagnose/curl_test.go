package diagnose

import (
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// TestByHand: commands that ask an endpoint do it with its settings and through the agent's proxy,
// which is not that of the shell that they are pasted into.
func TestByHand(t *testing.T) {
	env := map[string]string{"HTTPS_PROXY": "http://you:hunter2@proxy.example.com:3128", "NO_PROXY": ".internal.example.com"}
	for name, c := range map[string]struct {
		url, target   string
		env           map[string]string
		endpoint      *registry.Endpoint
		probe         *probe.Result
		curl, openssl string
	}{
		"no settings": {url: "https://a.example.com", curl: "curl -v https://a.example.com/v2/", openssl: "openssl s_client -connect a.example.com:443 </dev/null"},
		"a proxy with credentials": {url: "https://a.example.com", env: env, curl: "curl -v -x http://proxy.example.com:3128 -U USER https://a.example.com/v2/",
			openssl: "openssl s_client -connect a.example.com:443 -proxy proxy.example.com:3128 </dev/null"},
		"exempt from the proxy": {url: "https://a.internal.example.com:5000", env: env, curl: "curl -v https://a.internal.example.com:5000/v2/",
			openssl: "openssl s_client -connect a.internal.example.com:5000 </dev/null"},
		"token service that is not": {url: "https://a.internal.example.com", target: "https://auth.example.com", env: env, curl: "curl -v -x http://proxy.example.com:3128 -U USER https://auth.example.com/",
			openssl: "openssl s_client -connect auth.example.com:443 -proxy proxy.example.com:3128 </dev/null"},
		"loopback": {url: "https://127.0.0.1:5000", env: env, curl: "curl -v https://127.0.0.1:5000/v2/", openssl: "openssl s_client -connect 127.0.0.1:5000 </dev/null"},
		"a proxy that openssl does not know": {url: "https://a.example.com", env: map[string]string{"https_proxy": "socks5://192.0.2.9:1080"},
			curl: "curl -v -x socks5://192.0.2.9:1080 https://a.example.com/v2/", openssl: "openssl s_client -connect a.example.com:443 </dev/null"},
		"a proxy without scheme and port": {url: "https://a.example.com", env: map[string]string{"HTTPS_PROXY": "192.0.2.9"},
			curl: "curl -v -x http://192.0.2.9 https://a.example.com/v2/", openssl: "openssl s_client -connect a.example.com:443 -proxy 192.0.2.9:80 </dev/null"},
		"a CA and a client certificate": {url: "https://a.example.com", endpoint: &registry.Endpoint{Scheme: "https", Host: "a.example.com", Path: "/v2", CAFiles: []string{"/etc/ca.crt"}, Clients: []registry.ClientPair{{Cert: "/etc/c.crt", Key: "/etc/c.key"}}},
			curl:    "curl -v --cacert /etc/ca.crt --cert /etc/c.crt --key /etc/c.key https://a.example.com/v2/",
			openssl: "openssl s_client -connect a.example.com:443 -CAfile /etc/ca.crt -cert /etc/c.crt -key /etc/c.key </dev/null"},
		"two CAs": {url: "https://a.example.com", endpoint: &registry.Endpoint{Scheme: "https", Host: "a.example.com", Path: "/v2", CAFiles: []string{"/etc/a b.crt", "/etc/c.crt"}},
			curl:    "curl -v --cacert <(cat '/etc/a b.crt' /etc/c.crt) https://a.example.com/v2/",
			openssl: "openssl s_client -connect a.example.com:443 -CAfile <(cat '/etc/a b.crt' /etc/c.crt) </dev/null"},
		"unverified": {url: "https://a.example.com", endpoint: &registry.Endpoint{Scheme: "https", Host: "a.example.com", Path: "/v2", SkipVerify: true, CAFiles: []string{"/etc/ca.crt"}},
			curl: "curl -v -k https://a.example.com/v2/", openssl: "openssl s_client -connect a.example.com:443 -CAfile /etc/ca.crt </dev/null"},
		"the probe's own proxy": {url: "https://a.example.com", probe: &probe.Result{Proxy: "http://192.0.2.9:3128"},
			curl: "curl -v -x http://192.0.2.9:3128 https://a.example.com/v2/", openssl: "openssl s_client -connect a.example.com:443 -proxy 192.0.2.9:3128 </dev/null"},
	} {
		o := observation{node: &registry.Node{Env: c.env}, url: c.url, target: c.target, endpoint: c.endpoint, probe: c.probe}
		if got := o.curl("-v", o.api()); got != c.curl {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.curl)
		}
		if got := o.presented(); got != c.openssl {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.openssl)
		}
		if got := o.presented("openssl x509 -noout -dates"); strings.Contains(got, "-CAfile") || !strings.HasSuffix(got, " </dev/null | openssl x509 -noout -dates") {
			t.Errorf("%s: %s", name, got)
		}
	}
}

// TestLogIn: credentials are checked where they are taken.
func TestLogIn(t *testing.T) {
	you := registry.Endpoint{Scheme: "https", Host: "a.example.com", Path: "/v2", Auth: registry.Auth{Type: registry.AuthBasic, Username: "you"}}
	for name, c := range map[string]struct {
		endpoint *registry.Endpoint
		step     probe.Step
		logged   string
		text     string
		command  string // its end
	}{
		"a token service": {&you, probe.Step{Challenge: "bearer", Realm: "https://auth.example.com/token?x=1", Service: "a.example.com", Scope: "repository:team/app:pull"}, "",
			"check them by hand: right ones give 200, ", "-u you 'https://auth.example.com/token?scope=repository%3Ateam%2Fapp%3Apull&service=a.example.com&x=1'"},
		"Basic": {&you, probe.Step{Challenge: "basic", Realm: "https://auth.example.com"}, "", "check them by hand: right ones give 200, ", "-u you https://a.example.com/v2/"},
		"a token service of the log": {nil, probe.Step{}, `unexpected status from GET request to https://auth.example.com/token?scope=repository%3Aa%3Apull&service=b: 401 Unauthorized`,
			"check them by hand: right ones give 200, ", "-u USER 'https://auth.example.com/token?scope=repository%3Aa%3Apull&service=b'"},
		"a masked one":                       {nil, probe.Step{}, `unexpected status from GET request to https://auth.example.com/token?scope=%5BREDACTED%5D&service=%5BREDACTED%5D: 401 Unauthorized`, "check them by hand, ", "-u USER https://a.example.com/v2/"},
		"nothing known":                      {nil, probe.Step{}, "unexpected status from HEAD request to https://a.example.com/v2/b/manifests/1: 401 Unauthorized", "check them by hand, ", "-u USER https://a.example.com/v2/"},
		"a realm that is no URL of a server": {&you, probe.Step{Challenge: "bearer", Realm: "/token"}, "", "check them by hand, ", "-u you https://a.example.com/v2/"},
	} {
		o := observation{
			node: &registry.Node{}, url: "https://a.example.com", endpoint: c.endpoint, attempt: &logparse.Attempt{Error: c.logged},
			probe: &probe.Result{Steps: []probe.Step{c.step}},
		}
		if n := o.logIn(); !strings.HasPrefix(n.Text, c.text) || !strings.HasSuffix(n.Command, " "+c.command) {
			t.Errorf("%s: %+v", name, n)
		}
	}
}

// TestBearer: content of a registry with tokens is asked for with one, and its API without; nothing
// of what a server chose leaves its quotation marks.
func TestBearer(t *testing.T) {
	o := observation{
		node: &registry.Node{}, url: "https://a.example.com",
		endpoint: &registry.Endpoint{Scheme: "https", Host: "a.example.com", CAFiles: []string{"/etc/ca.crt"}, Auth: registry.Auth{Type: registry.AuthBasic, Username: "you"}},
		probe:    &probe.Result{Steps: []probe.Step{{Challenge: "bearer", Realm: "https://auth.example.com/$(touch owned)'`touch owned`", Service: "'$(touch owned)"}}},
	}
	got := o.curl("-sSI", "https://a.example.com/v2/b/manifests/1")
	want := `curl -sSI --cacert /etc/ca.crt -H "Authorization: Bearer $(curl -sS --cacert /etc/ca.crt -u you `
	if !strings.HasPrefix(got, want) || !strings.HasSuffix(got, `)" https://a.example.com/v2/b/manifests/1`) || strings.Contains(outsideQuotes(got), "owned") {
		t.Errorf("got %s", got)
	}
	if got := o.curl("-v", "https://a.example.com/v2/"); strings.Contains(got, "Bearer") {
		t.Errorf("got %s", got)
	}
}
