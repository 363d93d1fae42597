package diagnose

import (
	"strings"
	"testing"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// TestSystemErrors: what the kernel said in place of a connection is told in words of its own, and
// with the command that shows more.
func TestSystemErrors(t *testing.T) {
	for errno, want := range map[string][3]string{
		"connect: no route to host":                        {"192.0.2.10:443: the host is down", "start the host", "ip route"},
		"connect: network is unreachable":                  {"no route to 192.0.2.10:443", "add the route", "ip route"},
		"connect: network is down":                         {"interface", "bring the interface up", "ip -br link"},
		"connect: operation not permitted":                 {"forbids to connect to 192.0.2.10:443", "allow it there", "systemctl show k3s-agent "},
		"connect: permission denied":                       {"forbidden: by a route that prohibits", "prohibiting route", "ip route"},
		"connect: cannot assign requested address":         {"no local address or port left", "local ports", "ss -s"},
		"socket: address family not supported by protocol": {"no IPv6", "the IPv6 address of registry.example.com", "ip -6 route"},
		"socket: too many open files":                      {"no file descriptor left", "LimitNOFILE", "/limits"},
		"socket: too many open files in system":            {"the node has no file descriptor left", "what holds so many", "file-nr"},
		"connect: no buffer space available":               {"no room for the connection", "gc_thresh3", "dmesg"},
		"connect: errno 133":                               {"does not say what failed", "", "pullwhy diagnose"},
	} {
		text := "dial tcp 192.0.2.10:443: " + errno
		o := observation{
			node: &registry.Node{Unit: "k3s-agent"}, cause: cause.Parse(text), url: "https://registry.example.com", image: "registry.example.com/team/app:1",
			attempt: &logparse.Attempt{Error: text}, probe: &probe.Result{Address: "192.0.2.10:443"},
		}
		rule := ruleFor(o.cause)
		if got := rule.detail(o); !strings.Contains(got, want[0]) {
			t.Errorf("%s: detail %q, want %q", errno, got, want[0])
		}
		var texts, commands []string
		for _, n := range rule.fix(o) {
			texts, commands = append(texts, n.Text), append(commands, n.Command)
		}
		if got := strings.Join(texts, "\n"); !strings.Contains(got, want[1]) {
			t.Errorf("%s: fix %q, want %q", errno, got, want[1])
		}
		if got := strings.Join(commands, "\n"); !strings.Contains(got, want[2]) {
			t.Errorf("%s: commands %q, want %q", errno, got, want[2])
		}
	}
}

// TestProxyFaults: what is wrong with a proxy stands in its refusal, and the proxy is named where
// it is known.
func TestProxyFaults(t *testing.T) {
	for refusal, want := range map[string][2]string{
		"proxyconnect tcp: tls: first record does not look like a TLS handshake":              {"is asked with https, and speaks plain http", "write http://"},
		"Proxy Authentication Required":                                                       {"the proxy http://proxy.example.com:3128 wants credentials", "give the proxy http://proxy.example.com:3128 its credentials: HTTPS_PROXY=http://USER:PASSWORD@PROXY:PORT"},
		"proxyconnect tcp: dial tcp: lookup proxy.example.com on 192.0.2.53:53: no such host": {"does not know the name of the proxy http", "correct the name"},
		"proxyconnect tcp: dial tcp 192.0.2.60:3128: connect: connection refused":             {"nothing listens", "start the proxy http"},
		"Forbidden":             {"refuses to connect to registry.example.com", "allow registry.example.com"},
		"Service Unavailable":   {"does not reach registry.example.com", "let the proxy"},
		"proxyconnect tcp: EOF": {"the proxy http://proxy.example.com:3128 fails", "mend the proxy http"},
		"proxyconnect tcp: x509: certificate signed by unknown authority": {"does not trust", "add its CA"},
	} {
		text := `failed to do request: Head "https://registry.example.com/v2/team/app/manifests/1": ` + refusal
		o := observation{
			node: &registry.Node{Env: map[string]string{"HTTPS_PROXY": "http://proxy.example.com:3128"}}, cause: cause.Parse(text), url: "https://registry.example.com",
			attempt: &logparse.Attempt{Error: text},
		}
		if o.cause != cause.ProxyError {
			t.Errorf("%s: cause %s", refusal, o.cause)
		}
		f := o.finding(Error)
		if !strings.Contains(f.Detail, want[0]) || !strings.HasPrefix(f.Fix[0].Text, want[1]) {
			t.Errorf("%s: %q, fix %q", refusal, f.Detail, f.Fix[0].Text)
		}
	}
	o := observation{node: &registry.Node{}, cause: cause.ProxyError, url: "https://registry.example.com", attempt: &logparse.Attempt{Error: "Proxy Authentication Required"}}
	if f := o.finding(Error); f.Detail != "the proxy wants credentials" {
		t.Errorf("of an unknown proxy: %q", f.Detail)
	}
}

// TestAddressOfText: without a probe the address is the one that the error names.
func TestAddressOfText(t *testing.T) {
	for dialled, want := range map[string]string{
		"dial tcp 192.0.2.10:443: connect: no route to host":    "192.0.2.10:443: the host is down",
		"dial tcp [2001:db8::1]:443: connect: no route to host": "[2001:db8::1]:443: the host is down",
		"connect: no route to host":                             "its address: the host is down",
	} {
		text := `failed to do request: Head "https://registry.example.com/v2/a/manifests/1": ` + dialled
		o := observation{node: &registry.Node{}, cause: cause.NoRoute, url: "https://registry.example.com", attempt: &logparse.Attempt{Error: text}}
		if f := o.finding(Error); !strings.HasPrefix(f.Detail, want) {
			t.Errorf("%s: %q", dialled, f.Detail)
		}
	}
}
