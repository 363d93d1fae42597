package report

import (
	"testing"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
)

func TestStepDetails(t *testing.T) {
	tests := []struct {
		step probe.Step
		want string
	}{
		{probe.Step{}, ""},
		{probe.Step{Addresses: []string{"192.0.2.1"}, Nameservers: []probe.Nameserver{
			{Server: "192.0.2.53:53", Addresses: []string{"192.0.2.1"}}, {Server: "192.0.2.54:53", Addresses: []string{}, Error: "no such host"},
		}}, "192.0.2.1, 192.0.2.53:53 says 192.0.2.1, 192.0.2.54:53 says no such host"},
		{probe.Step{Unreached: []probe.Unreached{{Address: "[2001:db8::1]:443", Cause: cause.NoRoute}}}, "[2001:db8::1]:443 unreached (no_route)"},
		{probe.Step{StatusCode: 401, Challenge: "basic", AuthFrom: "mirror.example.com:5000"}, `401, basic, credentials of "mirror.example.com:5000"`},
		{probe.Step{Platforms: []string{"linux/amd64", "linux/arm64"}, RateLimit: "76 of 100 left in 6h"}, "linux/amd64 linux/arm64, 76 of 100 left in 6h"},
		{probe.Step{StatusCode: 429, RetryAfter: "120", ClockSkewMS: -3600000}, "429, retry after 120, its clock is -1h0m0s off"},
	}
	for _, tt := range tests {
		if got := stepDetails(tt.step); got != tt.want {
			t.Errorf("details %q, want %q", got, tt.want)
		}
	}
}
