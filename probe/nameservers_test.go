package probe

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/miekg/dns"
	"github.com/pullwhy/pullwhy/probe/probetest"
)

// What two nameservers say is told where it differs, whichever of them decides.
func TestDisagreement(t *testing.T) {
	names := func(addrs ...string) *probetest.DNS { return &probetest.DNS{Names: map[string][]string{host: addrs}} }
	failing := &probetest.DNS{Rcodes: map[string]int{host: dns.RcodeServerFailure}}
	tests := []struct {
		name          string
		first, second *probetest.DNS
		found         bool
		want          []string // errors of both; nil: they agree
	}{
		{"same", names("192.0.2.1", "192.0.2.2"), names("192.0.2.2", "192.0.2.3"), true, nil},
		{"neither knows it", &probetest.DNS{}, &probetest.DNS{}, false, nil},
		{"only the second knows it", &probetest.DNS{}, names("192.0.2.1"), false, []string{"no such host", ""}},
		{"only the first knows it", names("192.0.2.1"), &probetest.DNS{}, true, []string{"", "no such host"}},
		{"the first fails", failing, names("192.0.2.1"), true, []string{"server misbehaving", ""}},
		{"different places", names("192.0.2.1"), names("198.51.100.1"), true, []string{"", ""}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			first := &probetest.DNS{Names: tt.first.Names, Rcodes: tt.first.Rcodes}
			first.Start("")
			defer first.Close()
			second := &probetest.DNS{Names: tt.second.Names, Rcodes: tt.second.Rcodes}
			second.Start("127.0.0.2:" + first.Port)
			defer second.Close()
			root := nodeFiles(map[string]string{"etc/resolv.conf": "nameserver 127.0.0.1\nnameserver 127.0.0.2\n"})
			var s Step
			r := newResolver(root, first.Port, 4*time.Second)
			r.grace = time.Minute
			found, err := r.lookup(t.Context(), host, &s)
			if (err == nil) != tt.found {
				t.Errorf("found %v, %v", found, err)
			}
			var got []string
			for _, n := range s.Nameservers {
				got = append(got, n.Error)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("nameservers %+v (-want +got):\n%s", s.Nameservers, diff)
			}
		})
	}
}
