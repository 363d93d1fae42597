package probe

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestChallenges(t *testing.T) {
	tests := []struct {
		lines []string
		want  []challenge
	}{
		{nil, nil},
		{[]string{`Basic realm="x"`}, []challenge{{basic, map[string]string{"realm": "x"}}}},
		{[]string{`BEARER Realm="https://a/t",service="s", scope="repository:a/b:pull,push"`},
			[]challenge{{bearer, map[string]string{"realm": "https://a/t", "service": "s", "scope": "repository:a/b:pull,push"}}}},
		{[]string{`Basic realm="x"`, `Bearer realm="y"`}, []challenge{
			{bearer, map[string]string{"realm": "y"}}, {basic, map[string]string{"realm": "x"}}}},
		{[]string{`Digest realm="x"`, `Negotiate`}, nil},
		{[]string{`Bearer realm="a\"b", error=invalid_token`}, []challenge{{bearer, map[string]string{"realm": `a"b`, "error": "invalid_token"}}}},
		{[]string{`Bearer realm="open`}, []challenge{{bearer, map[string]string{"realm": ""}}}},
		// containerd looks at the first of several on one line
		{[]string{`Bearer realm="a", Basic realm="b"`}, []challenge{{bearer, map[string]string{"realm": "a"}}}},
	}
	for _, tt := range tests {
		got := challenges(http.Header{"Www-Authenticate": tt.lines})
		if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(challenge{})); diff != "" {
			t.Errorf("%.80q (-want +got):\n%s", tt.lines, diff)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	for _, seed := range []string{`Bearer realm="a\"b",x=y`, `Basic`, `Bearer a="`, `Bearer a=\`, `=`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, line string) {
		for name, value := range parseChallenge(line).params {
			if name == "" || len(name)+len(value) > len(line)+1 {
				t.Errorf("%q gave %q=%q", line, name, value)
			}
		}
	})
}
