package differential

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rancher/wharfie/pkg/registries"
	"gopkg.in/yaml.v2"

	"github.com/pullwhy/pullwhy/registry"
)

const registriesYAML = "/etc/rancher/k3s/registries.yaml"

// pullwhy takes and refuses what K3s takes and refuses of a registries.yaml, and reads the
// same of it.
func TestRegistries(t *testing.T) {
	file := path.Join(t.TempDir(), "registries.yaml")
	seeds := registriesOf(t, "../../registry/testdata/endpoints.json")
	taken, refused, unread := 0, 0, 0
	rounds(t, 5000, func(r *rand.Rand) string {
		said.Reset()
		text := randomRegistries(r, seeds)
		write(t, file, text)
		real, err := registries.GetPrivateRegistries(file)
		config := load(text)
		if void := config.void(); (err != nil) != (void != "") {
			if err == nil && breaksBehindEnd(text) {
				unread++
				return ""
			}
			return fmt.Sprintf("K3s says:     %v\npullwhy says: %v\n%s", err, void, show(text))
		}
		if err != nil {
			refused++
			return ""
		}
		taken++
		if diff := differences(config, real.Registry); diff != "" {
			return diff + show(text)
		}
		return ""
	})
	t.Logf("%d files taken, %d refused; %d refused by pullwhy for what K3s does not get to read", taken, refused, unread)
	if unread > 2+(taken+refused)/2000 {
		t.Error("too many of the last")
	}
}

// breaksBehindEnd reports whether a text is broken only where K3s, which reads the first
// document, does not look any more. pullwhy's parser looks further ahead, and cannot tell
// in every case.
func breaksBehindEnd(text string) bool {
	d := yaml.NewDecoder(strings.NewReader(text))
	var first, second any
	return d.Decode(&first) == nil && !slices.Contains([]error{nil, io.EOF}, d.Decode(&second))
}

// registriesOf are the files of registry's own cases.
func registriesOf(t *testing.T, file string) []string {
	t.Helper()
	data, err := os.ReadFile(file)
	var cases []struct{ Registries string }
	if err := errors.Join(err, json.Unmarshal(data, &cases)); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, c := range cases {
		if c.Registries != "" {
			all = append(all, c.Registries)
		}
	}
	return all
}

func show(text string) string {
	return fmt.Sprintf("--- %s\n%q\n", text, text)
}

// loaded is what pullwhy reads of a file, on a node that has nothing else.
type loaded struct{ *registry.Config }

func load(text string) loaded {
	return loaded{registry.Load(&registry.Node{
		FS: fstest.MapFS{registriesYAML[1:]: {Data: []byte(text)}}, Distribution: registry.K3s,
	})}
}

// void says why K3s would refuse the file, "" where it does not.
func (c loaded) void() string {
	for _, i := range c.Issues {
		if i.Code == "config_syntax" {
			return fmt.Sprintf("line %d, column %d: %s", i.Line, i.Column, i.Detail)
		}
	}
	return ""
}

// A registryView is what can be seen of a registries.yaml through package registry.
type registryView struct {
	Mirrors  map[string][]string // endpoints as written, without users
	Auth     map[string]registry.AuthType
	TLS      map[string]bool // configs keys that have the part
	Rendered map[string]string
	Offered  map[string]string // user and secret, by the host that gets them
}

func (c loaded) view() registryView {
	v := registryView{
		Mirrors: map[string][]string{}, Auth: map[string]registry.AuthType{}, TLS: map[string]bool{},
		Rendered: c.Rendered(), Offered: map[string]string{},
	}
	for _, m := range c.Mirrors() {
		v.Mirrors[m.Name] = []string{}
		for _, e := range m.Endpoints {
			v.Mirrors[m.Name] = append(v.Mirrors[m.Name], e.Text)
		}
	}
	for _, k := range c.ConfigsKeys() {
		v.TLS[k.Name] = k.TLS.Line > 0
		if k.Auth.Line > 0 {
			v.Auth[k.Name] = k.Type
		}
		endpoints, _ := c.Endpoints(registry.Reference{Host: k.Name, Repository: "team/app", Tag: "1.4"})
		for _, e := range endpoints {
			v.Offered[e.Host] = offer(e.Auth.Type, e.Auth.Username, e.Auth.Secret.Reveal())
		}
	}
	return v
}

// offer shows credentials; bytes that are no text as JSON has them.
func offer(kind registry.AuthType, user, secret string) string {
	return fmt.Sprintf("%s %q %q", kind, []rune(user), []rune(secret))
}

// differences compares what pullwhy reads of a file with what it reads of the fields that
// K3s read, written out without a doubt; and these with the fields themselves as far as
// they can be seen.
func differences(config loaded, real *registries.Registry) string {
	plain := canonical(real)
	got, want := config.view(), load(plain).view()
	diff := cmp.Diff(want, got, cmpopts.EquateEmpty())
	diff += cmp.Diff(mirrorsOf(real), got.Mirrors)
	var names []string
	for name := range real.Configs {
		names = append(names, registry.WithoutUserinfo(name))
	}
	slices.Sort(names)
	diff += cmp.Diff(names, slices.Sorted(maps.Keys(got.TLS)), cmpopts.EquateEmpty())
	for name, c := range real.Configs {
		name = registry.WithoutUserinfo(name)
		if _, auth := got.Auth[name]; (c.Auth != nil) != auth || (c.TLS != nil) != got.TLS[name] {
			diff += fmt.Sprintf("%q: K3s has auth %t, tls %t\n", name, c.Auth != nil, c.TLS != nil)
		}
		if offered, ok := got.Offered[name]; ok && c.Auth != nil && c.Auth.Username != "" {
			diff += cmp.Diff(offer(registry.AuthBasic, c.Auth.Username, c.Auth.Password), offered)
		}
		_, mirrored := real.Mirrors[name] // the default endpoint may then be another's
		if t := c.TLS; t != nil && t.CAFile != "" && !mirrored && got.Rendered[name] != "" && !strings.Contains(got.Rendered[name], fmt.Sprintf("ca = [%q]", t.CAFile)) {
			diff += fmt.Sprintf("%q: K3s has ca_file %q\n", name, t.CAFile)
		}
	}
	if diff == "" {
		return ""
	}
	return "(-K3s +pullwhy)\n" + diff + "K3s reads:\n" + plain
}

// canonical is a file of these fields. JSON leaves nothing to interpret; yaml.v2 itself does.
func canonical(real *registries.Registry) string {
	mirrors, configs := map[string]any{}, map[string]any{}
	for name, m := range real.Mirrors {
		mirrors[name] = map[string]any{"endpoint": m.Endpoints, "rewrite": m.Rewrites}
	}
	for name, c := range real.Configs {
		parts := map[string]any{}
		if a := c.Auth; a != nil {
			parts["auth"] = map[string]any{"username": a.Username, "password": a.Password, "auth": a.Auth, "identity_token": a.IdentityToken}
		}
		if t := c.TLS; t != nil {
			parts["tls"] = t
		}
		configs[name] = parts
	}
	text, err := json.Marshal(map[string]any{"mirrors": mirrors, "configs": configs})
	if err != nil {
		panic(err)
	}
	return string(text)
}

func mirrorsOf(real *registries.Registry) map[string][]string {
	all := map[string][]string{}
	for name, m := range real.Mirrors {
		name = registry.WithoutUserinfo(name)
		all[name] = []string{}
		for _, text := range m.Endpoints {
			all[name] = append(all[name], strings.ReplaceAll(registry.WithoutUserinfo(text), "REDACTED@", ""))
		}
	}
	return all
}
