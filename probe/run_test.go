package probe

import (
	"net/url"
	"testing"
)

func TestProxyFunc(t *testing.T) {
	tests := []struct {
		env       map[string]string
		url, want string // "": no proxy
	}{
		{nil, "https://m.example.com/v2/", ""},
		{map[string]string{"HTTPS_PROXY": "http://upper:1", "https_proxy": "http://lower:1"}, "https://m.example.com/v2/", "http://upper:1"},
		{map[string]string{"HTTP_PROXY": "http://upper:1", "http_proxy": "http://lower:1"}, "http://m.example.com/v2/", "http://upper:1"},
		{map[string]string{"https_proxy": "http://lower:1"}, "https://m.example.com/v2/", "http://lower:1"},
		{map[string]string{"HTTP_PROXY": "http://upper:1"}, "https://m.example.com/v2/", ""},
		{map[string]string{"HTTPS_PROXY": "upper:1"}, "https://m.example.com/v2/", "http://upper:1"},
		{map[string]string{"HTTPS_PROXY": "http://upper:1", "NO_PROXY": "other.example.com", "no_proxy": ".example.com"}, "https://m.example.com/v2/", "http://upper:1"},
		{map[string]string{"HTTPS_PROXY": "http://upper:1", "no_proxy": ".example.com"}, "https://m.example.com/v2/", ""},
		{map[string]string{"HTTPS_PROXY": "http://upper:1"}, "https://127.0.0.1:6443/v2/", ""},
		{map[string]string{"HTTPS_PROXY": "http://upper:1"}, "https://[::1]:6443/v2/", ""},
		{map[string]string{"HTTPS_PROXY": "http://upper:1"}, "https://localhost:5000/v2/", ""},
	}
	for _, tt := range tests {
		u, err := url.Parse(tt.url)
		if err != nil {
			t.Fatal(err)
		}
		got := ""
		if proxy, err := proxyFunc(tt.env)(u); err != nil {
			t.Error(err)
		} else if proxy != nil {
			got = proxy.String()
		}
		if got != tt.want {
			t.Errorf("%v, %s: %q, want %q", tt.env, tt.url, got, tt.want)
		}
	}
}
