package diagnose

import (
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

func allRules() map[cause.Cause]rule {
	all := map[cause.Cause]rule{}
	for _, table := range ruleTables {
		maps.Copy(all, table)
	}
	return all
}

// TestEveryRuleSaysWhatToDo: whatever is known of the node, a finding has a title, a detail
// and something to type.
func TestEveryRuleSaysWhatToDo(t *testing.T) {
	for c := range allRules() {
		for _, distribution := range []string{registry.K3s, registry.RKE2, registry.Containerd, registry.Unknown} {
			node := &registry.Node{Distribution: distribution}
			for name, o := range map[string]observation{
				"bare":     {node: node, cause: c},
				"endpoint": {node: node, cause: c, url: "https://mirror.example.com:5000", image: "docker.io/team/app:1"},
				"target":   {node: node, cause: c, url: "https://mirror.example.com", target: "https://auth.example.com"},
			} {
				f := o.finding(Error)
				if f.Title == "" || f.Detail == "" || len(f.Fix) == 0 {
					t.Errorf("%s on %s, %s: title %q, detail %q, fix %v", c, distribution, name, f.Title, f.Detail, f.Fix)
				}
				if strings.Contains(f.Detail, "%!") {
					t.Errorf("%s: %s", c, f.Detail)
				}
				for _, n := range f.Fix {
					if strings.Contains(n.Command, ":///") || strings.Contains(n.Command, " :443") {
						t.Errorf("%s, %s: a command for no host: %s", c, name, n.Command)
					}
				}
			}
		}
	}
}

// TestCosts: what a dead endpoint costs is what containerd waits there.
func TestCosts(t *testing.T) {
	for wait, want := range map[time.Duration]string{0: "at least 30 s", 1500 * time.Millisecond: "at least 1.5 s"} {
		o := observation{probe: &probe.Result{Cause: cause.ConnectTimeout, Ask: probe.Ask{Endpoint: registry.Endpoint{DialTimeout: wait}}}}
		if got := o.costs(); !strings.Contains(got, want) {
			t.Errorf("%s: %s", wait, got)
		}
	}
}

// TestCommandsQuote: what a log or a server chose cannot become a command of its own.
func TestCommandsQuote(t *testing.T) {
	hostile := "https://mirror.example.com/$(touch owned);'`touch owned`"
	for c := range allRules() {
		o := observation{node: &registry.Node{Distribution: registry.K3s}, cause: c, url: hostile, image: hostile}
		for _, n := range o.finding(Error).Fix {
			if bare := outsideQuotes(n.Command); strings.Contains(bare, "owned") {
				t.Errorf("%s: %s", c, n.Command)
			}
		}
	}
}

// TestNamelessImage: where no text names the image, no command has an empty word for it.
func TestNamelessImage(t *testing.T) {
	for c := range allRules() {
		o := observation{node: &registry.Node{Distribution: registry.K3s}, cause: c, url: "https://mirror.example.com"}
		for _, n := range o.finding(Error).Fix {
			if strings.Contains(n.Command, "''") || strings.HasSuffix(n.Command, "//") || strings.HasSuffix(n.Text, " ") {
				t.Errorf("%s: %q, %q", c, n.Text, n.Command)
			}
		}
	}
}

// outsideQuotes is the part of a command that the shell would interpret.
func outsideQuotes(command string) string {
	var b strings.Builder
	quoted, escaped := false, false
	for _, r := range command {
		switch {
		case escaped:
			escaped = false
		case r == '\'':
			quoted = !quoted
		case r == '\\' && !quoted:
			escaped = true
		case !quoted:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func TestMatchOne(t *testing.T) {
	endpoints := []registry.Endpoint{
		{Scheme: "https", Host: "mirror.example.com:5000", Path: "/v2"},
		{Scheme: "http", Host: "mirror.example.com", Path: "/v2"},
		{Scheme: "https", Host: "registry.example.com", Path: "/v2"},
		{Scheme: "https", Host: "registry.example.com", Path: "/v2", Default: true},
	}
	for _, c := range []struct {
		endpoint string
		def      bool
		want     int
	}{
		{"https://mirror.example.com:5000", false, 0},
		{"mirror.example.com:5000", false, 0},
		{"http://mirror.example.com:80", false, 1},
		{"https://mirror.example.com", false, -1},
		{"registry.example.com:443", true, 3},
		{"registry.example.com", false, -1},
		{"https://registry.example.com", false, 2},
		{"https://registry.example.com", true, 3},
		{"elsewhere.example.com", false, -1},
		{"", false, -1},
	} {
		if got := matchOne(logparse.Attempt{Endpoint: c.endpoint, Default: c.def}, endpoints); got != c.want {
			t.Errorf("%q: %d, wanted %d", c.endpoint, got, c.want)
		}
	}
}

func TestVerdict(t *testing.T) {
	source := registry.Source{Path: "/etc/rancher/k3s/registries.yaml", Kind: registry.KindRegistriesYAML, Status: registry.StatusRead}
	unreadable := registry.Source{Path: "/log", Kind: registry.KindContainerdLog, Status: registry.StatusUnreadable}
	for name, c := range map[string]struct {
		sources []registry.Source
		d       Diagnosis
		want    Verdict
	}{
		"nothing read":      {nil, Diagnosis{}, Unknown},
		"nothing wrong":     {[]registry.Source{source}, Diagnosis{}, Healthy},
		"unreadable source": {[]registry.Source{source, unreadable}, Diagnosis{}, Degraded},
		"information":       {[]registry.Source{source}, Diagnosis{Findings: []Finding{{Severity: Info}}}, Healthy},
		"warning":           {[]registry.Source{source}, Diagnosis{Findings: []Finding{{Severity: Warning}}}, Degraded},
		"syntax":            {[]registry.Source{source}, Diagnosis{Findings: []Finding{{Severity: Error, Code: codeSyntax}}}, Fails},
		"failing pull":      {[]registry.Source{source}, Diagnosis{Pulls: []Pull{{Status: Failing}}}, Fails},
		"recovered pull":    {[]registry.Source{source}, Diagnosis{Pulls: []Pull{{Status: Recovered}}}, Healthy},
		"absent image":      {[]registry.Source{source}, Diagnosis{Images: []Image{{Status: Unavailable}}}, Fails},
		"unknown image":     {[]registry.Source{source}, Diagnosis{Images: []Image{{Status: ImageUnknown}}}, Healthy},
	} {
		if got := verdict(Evidence{Sources: c.sources}, c.d); got != c.want {
			t.Errorf("%s: %s, wanted %s", name, got, c.want)
		}
	}
}

// TestMistakesOfOneLine: each has an id of its own.
func TestMistakesOfOneLine(t *testing.T) {
	node := registry.ReadNode(fstest.MapFS{"etc/rancher/k3s/registries.yaml": {Data: []byte("mirrors: {r.example.com: {tls: {}, auth: {}}}\n")}})
	config := registry.Load(node)
	found := Mistakes(node, config, config.Lint(nil))
	if len(found) != 2 || found[0].Line != found[1].Line || found[0].ID == found[1].ID {
		t.Errorf("%+v", found)
	}
}

// TestLinksNameRules: the mistakes that explain failures are such as the configuration can
// have.
func TestLinksNameRules(t *testing.T) {
	for _, l := range links {
		for _, code := range l.codes {
			if _, ok := registry.RuleOf(code); !ok {
				t.Errorf("%q is no code of the configuration", code)
			}
		}
	}
}
