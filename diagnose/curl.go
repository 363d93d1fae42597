package diagnose

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// curl asks a URL of what failed by hand, as containerd would with the endpoint's settings; ""
// where no host is known.
func (o observation) curl(options, url string) string {
	if o.host() == "" {
		return ""
	}
	login := o.bearer(url)
	if login == nil {
		login = o.userOption(options)
	}
	return strings.Join(slices.Concat([]string{"curl", options}, o.proxyOptions(options, url), o.tlsOptions(url), login, []string{quote(url)}), " ")
}

// bearer gets a token first, as containerd does, where the registry gives content for one alone.
func (o observation) bearer(url string) []string {
	token := o.tokenURL()
	if token == "" || !strings.Contains(url, "/manifests/") && !strings.Contains(url, "/blobs/") {
		return nil
	}
	return []string{`-H "Authorization: Bearer $(` + o.curl("-sS", token) + ` | grep -oE '"(access_)?token" *: *"[^"]*"' | head -1 | cut -d'"' -f4)"`}
}

// content is the URL of a manifest or blob of the registry itself that the failure's text names; ""
// for none. That of a redirect's target is signed, and not told.
func (o observation) content() string {
	if o.attempt == nil || o.target != "" {
		return ""
	}
	r, _ := cause.FindRequest(o.attempt.Error)
	if _, _, ok := r.Content(); !ok || r.Scheme == "" {
		return ""
	}
	return r.Endpoint() + r.Path
}

// logIn checks the credentials of the endpoint by hand where containerd logs in: at the token
// service, for a registry that has one may refuse every password itself, or at the registry.
func (o observation) logIn() Note {
	user := "USER"
	if o.endpoint != nil && o.endpoint.Auth.Type == registry.AuthBasic {
		user = cmp.Or(o.endpoint.Auth.Username, user)
	}
	text, token := "check them by hand", o.tokenURL()
	if token != "" || o.challenge("basic") != nil {
		text += ": right ones give 200"
	}
	return look(text+", and that this user may pull "+o.named(), o.curl(`-sS -o /dev/null -w '%{http_code}\n' -u `+quote(user), cmp.Or(token, o.registryAPI())))
}

// challenge is the probe's step in which the registry challenged by that scheme, nil for none.
func (o observation) challenge(scheme string) *probe.Step {
	if o.probe == nil {
		return nil
	}
	i := slices.IndexFunc(o.probe.Steps, func(s probe.Step) bool { return s.Challenge == scheme })
	if i < 0 {
		return nil
	}
	return &o.probe.Steps[i]
}

// tokenURL is where the registry sends for a token, as the probe or the log saw it; "" where neither did.
func (o observation) tokenURL() string {
	if s := o.challenge("bearer"); s != nil {
		if u, err := url.Parse(s.Realm); err == nil && u.Host != "" {
			return tokenURL(u, s.Service, s.Scope)
		}
	}
	if o.attempt == nil {
		return ""
	}
	r, _ := cause.FindRequest(o.attempt.Error)
	if !r.Token() || r.Scheme == "" || strings.Contains(r.Query.Encode(), "REDACTED") {
		return ""
	}
	return tokenURL(&url.URL{Scheme: r.Scheme, Host: r.Host, Path: r.Path}, r.Query.Get("service"), r.Query.Get("scope"))
}

func tokenURL(u *url.URL, service, scope string) string {
	query := u.Query()
	for _, name := range strings.Fields(scope) {
		query.Add("scope", name)
	}
	if service != "" {
		query.Set("service", service)
	}
	u.RawQuery = query.Encode()
	return u.Redacted()
}

// proxyOptions lead through the proxy of the agent's environment, which is not that of a shell.
func (o observation) proxyOptions(options, url string) []string {
	proxy, credentials := o.through(url)
	switch {
	case proxy == "", strings.Contains(options, "-x "):
		return nil
	case credentials:
		return []string{"-x " + quote(proxy), "-U USER"}
	}
	return []string{"-x " + quote(proxy)}
}

// tlsOptions are the endpoint's settings for TLS, which count for its token service and the
// targets of its redirects too. (core/remotes/docker/config/hosts.go, ConfigureHosts)
func (o observation) tlsOptions(url string) []string {
	switch {
	case o.endpoint == nil || !strings.HasPrefix(url, "https://"):
		return nil
	case o.endpoint.SkipVerify:
		return append([]string{"-k"}, o.pair("--cert ", "--key ")...)
	}
	return append(o.authorities("--cacert "), o.pair("--cert ", "--key ")...)
}

// authorities are the endpoint's CA files, of which a tool takes one.
func (o observation) authorities(option string) []string {
	switch files := o.endpoint.CAFiles; len(files) {
	case 0:
		return nil
	case 1:
		return []string{option + quote(files[0])}
	default:
		return []string{option + "<(cat " + strings.Join(quoted(files), " ") + ")"}
	}
}

// pair is the endpoint's first client certificate with its key.
func (o observation) pair(cert, key string) []string {
	switch {
	case len(o.endpoint.Clients) == 0:
		return nil
	case o.endpoint.Clients[0].Key == "":
		return []string{cert + quote(o.endpoint.Clients[0].Cert)}
	}
	return []string{cert + quote(o.endpoint.Clients[0].Cert), key + quote(o.endpoint.Clients[0].Key)}
}

// presented prints the certificates that the endpoint presents, and whether they verify, or what
// another command tells of the first; "" where no host is known.
func (o observation) presented(through ...string) string {
	if o.host() == "" {
		return ""
	}
	words := []string{"openssl s_client -connect", quote(o.dialled())}
	proxy, _ := o.through("https://" + o.dialled())
	if proxy, ok := strings.CutPrefix(proxy, "http://"); ok { // the only kind that it knows
		words = append(words, "-proxy "+quote(cause.HostPort("http", proxy)))
	}
	if o.endpoint != nil && len(through) == 0 {
		words = append(words, o.authorities("-CAfile ")...)
	}
	if o.endpoint != nil {
		words = append(words, o.pair("-cert ", "-key ")...)
	}
	return strings.Join(append([]string{strings.Join(words, " ") + " </dev/null"}, through...), " | ")
}

// userOption lets curl ask for the password of the endpoint's user.
func (o observation) userOption(options string) []string {
	if o.endpoint == nil || o.target != "" || o.endpoint.Auth.Type != registry.AuthBasic || strings.Contains(options, "-u ") {
		return nil
	}
	return []string{"-u " + quote(cmp.Or(o.endpoint.Auth.Username, "USER"))}
}

func quoted(all []string) []string {
	words := make([]string, len(all))
	for i, text := range all {
		words[i] = quote(text)
	}
	return words
}
