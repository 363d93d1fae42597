package probe

import (
	"net/http"
	"testing"
)

func TestRateLimit(t *testing.T) {
	tests := []struct{ remaining, limit, want string }{
		{"", "", ""},
		{"76;w=21600", "100;w=21600", "76 of 100 left in 6h"},
		{"76", "100", "76 of 100 left"},
		{"76", "", "76 left"},
		{"0", "100;w=90", "0 of 100 left in 1m30s"},
		{"many", "100;w=21600", ""},
		{"5", "100;w=0", "5 of 100 left"},
		{"5", "100;w=9223372036854775807", "5 of 100 left"},
	}
	for _, tt := range tests {
		header := http.Header{"Ratelimit-Remaining": {tt.remaining}, "Ratelimit-Limit": {tt.limit}}
		if got := rateLimit(header); got != tt.want {
			t.Errorf("%q of %q: %q, want %q", tt.remaining, tt.limit, got, tt.want)
		}
	}
}
