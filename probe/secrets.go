package probe

import (
	"encoding/base64"
	"encoding/json"
	"html"
	"net/url"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/registry"
)

const (
	masked = "REDACTED"

	// leastSecret is the length from which a secret is searched for in what servers say.
	// Text at an endpoint with a shorter one is not told at all.
	leastSecret = 4

	maxError = 1000 // of any text of a result, in runes
)

// A secrets removes from text what must not be told: the credentials that a site has, the
// tokens that it was given, and what looks like either.
type secrets struct {
	mu    sync.Mutex
	known []string // all spellings, the longest first
	tiny  bool     // one is too short to be searched for
}

func newSecrets(ep registry.Endpoint, env map[string]string) *secrets {
	s := &secrets{}
	if secret := ep.Auth.Secret.Reveal(); secret != "" {
		s.add(secret)
		s.add(ep.Auth.Username + ":" + secret)
	}
	for _, values := range ep.Headers {
		for _, v := range values {
			s.add(v)
			if _, credentials, ok := strings.Cut(v, " "); ok {
				s.add(credentials)
			}
		}
	}
	for _, name := range []string{"HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"} {
		s.addProxy(env[name])
	}
	return s
}

// addProxy makes the password of a proxy's address a secret. The address may lack its
// scheme (golang.org/x/net/http/httpproxy, parseProxy).
func (s *secrets) addProxy(address string) {
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	u, err := url.Parse(address)
	if err != nil || u.User == nil {
		return
	}
	if password, ok := u.User.Password(); ok && password != "" {
		s.add(password)
		s.add(u.User.Username() + ":" + password)
	}
}

// add makes text a secret in every spelling in which a server may echo it.
func (s *secrets) add(text string) {
	if text = strings.TrimSpace(text); text == "" {
		return
	}
	quoted, _ := json.Marshal(text)
	spellings := []string{
		text, url.QueryEscape(text), url.PathEscape(text), html.EscapeString(text), strings.Trim(string(quoted), `"`),
		base64.StdEncoding.EncodeToString([]byte(text)), base64.RawStdEncoding.EncodeToString([]byte(text)),
		base64.URLEncoding.EncodeToString([]byte(text)), base64.RawURLEncoding.EncodeToString([]byte(text)),
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tiny = s.tiny || len(text) < leastSecret
	for _, spelling := range spellings {
		if len(spelling) >= leastSecret && !slices.Contains(s.known, spelling) {
			s.known = append(s.known, spelling)
		}
	}
	slices.SortStableFunc(s.known, func(a, b string) int { return len(b) - len(a) })
}

// told is what a server said, without secrets and control characters, cut to a length
// that fits a line or two.
func (s *secrets) told(text string) string {
	s.mu.Lock()
	tiny := s.tiny
	s.mu.Unlock()
	if tiny {
		return ""
	}
	return shorten(s.clean(text), maxMessage)
}

// secretName is what the name of a secret ends with.
const secretName = `password|passwd|pwd|token|secret|signature|sig|api_?key|authorization`

var (
	urlPattern   = lazyregexp.New(`(?i)\b[a-z][a-z0-9+.-]*://[^\s"'<>\\]+`)
	tokenPattern = lazyregexp.New(`\beyJ[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)*`) // a JSON Web Token
	authPattern  = lazyregexp.New(`(?i)\b(bearer|basic)\s+[A-Za-z0-9+/=._~-]{8,}`)
	// name=value, or a name of a JSON object, which begins with a quotation mark: of
	// Post "https://auth.example.com/token": dial tcp … nothing is a secret
	pairPattern = lazyregexp.New(`(?i)(\b[\w.-]*(?:` + secretName + `)"?=|"[\w.-]*(?:` + secretName + `)"\s*:\s*)("[^"]*"|[^\s"'&,;]+)`)
)

// clean removes secrets and control characters.
func (s *secrets) clean(text string) string {
	if text == "" {
		return ""
	}
	text = registry.WithoutUserinfo(printable(text))
	s.mu.Lock()
	// of the tokens of thousands of images most are longer than a text
	fits, _ := slices.BinarySearchFunc(s.known, len(text), func(secret string, most int) int { return most - len(secret) })
	for _, secret := range s.known[fits:] {
		text = strings.ReplaceAll(text, secret, masked)
	}
	s.mu.Unlock()
	text = urlPattern().ReplaceAllStringFunc(text, cleanURL)
	text = tokenPattern().ReplaceAllString(text, masked)
	text = authPattern().ReplaceAllString(text, "${1} "+masked)
	return pairPattern().ReplaceAllString(text, "${1}"+masked)
}

// printable replaces what could steer a terminal, or reorder its text, by spaces.
func printable(text string) string {
	clean := strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co) {
			return ' '
		}
		return c
	}, strings.ToValidUTF8(text, "?"))
	if clean == text {
		return text
	}
	return strings.Join(strings.Fields(clean), " ")
}

// harmless are the query parameters whose values tell what was asked. All others may sign
// the request.
var harmless = []string{"ns", "scope", "service", "client_id"}

// cleanURL removes user, password, fragment, and the values of unknown parameters.
func cleanURL(text string) string {
	base, _, _ := strings.Cut(text, "#")
	base, query, hasQuery := strings.Cut(base, "?")
	scheme, rest, _ := strings.Cut(base, "://")
	host, path, hasPath := strings.Cut(rest, "/")
	if i := strings.LastIndex(host, "@"); i >= 0 {
		host = masked + host[i:]
	}
	base = scheme + "://" + host
	if hasPath {
		base += "/" + path
	}
	if !hasQuery {
		return base
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		if name, _, ok := strings.Cut(pair, "="); !ok || !slices.Contains(harmless, name) {
			pairs[i] = name + "=" + masked
		}
	}
	return base + "?" + strings.Join(pairs, "&")
}

// cleanResult cleans all text of r that a server may have had a part in. What r shares with
// other results is copied before.
func (s *secrets) cleanResult(r *Result) {
	all := []*string{&r.Error, &r.Target}
	for i := range r.Steps {
		all = append(all, r.Steps[i].texts()...)
	}
	if r.Certificate != nil {
		c := *r.Certificate
		c.DNSNames, c.Chain = slices.Clone(c.DNSNames), slices.Clone(c.Chain)
		r.Certificate = &c
		all = append(all, &c.Subject, &c.Issuer, &c.MissingIssuer)
		all = append(all, pointers(c.DNSNames)...)
		all = append(all, pointers(c.Chain)...)
	}
	for _, text := range all {
		*text = shorten(s.clean(*text), maxError)
	}
}

// texts are those of a step, whose lists are copied before.
func (s *Step) texts() []*string {
	s.Platforms, s.Nameservers = slices.Clone(s.Platforms), slices.Clone(s.Nameservers)
	s.Unreached, s.Counterfactuals = slices.Clone(s.Unreached), slices.Clone(s.Counterfactuals)
	all := []*string{
		&s.Error, &s.URL, &s.Challenge, &s.Realm, &s.Service, &s.Scope, &s.Digest, &s.MediaType, &s.Host,
		&s.RetryAfter, &s.RateLimit,
	}
	all = append(all, pointers(s.Platforms)...)
	for i := range s.Nameservers {
		all = append(all, &s.Nameservers[i].Error)
	}
	for i := range s.Unreached {
		all = append(all, &s.Unreached[i].Error)
	}
	for i := range s.Counterfactuals {
		all = append(all, &s.Counterfactuals[i].Detail)
	}
	return all
}

func pointers(texts []string) []*string {
	all := make([]*string, len(texts))
	for i := range texts {
		all[i] = &texts[i]
	}
	return all
}

// proxyName is a proxy's URL without credentials.
func proxyName(u *url.URL) string {
	if u == nil {
		return ""
	}
	return u.Scheme + "://" + u.Host
}
