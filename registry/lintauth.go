package registry

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// lintAuth finds credentials that containerd cannot use, or does not send.
func (n *linter) lintAuth(key string, s settings) {
	if s.auth == nil {
		return
	}
	if name, detail, fix := judgeAuth(s.auth); name != "" && !n.misspelt(key) {
		n.report(n.file.position(s.auth.keys[name]), Issue{Code: codeAuthUndecodable, Registry: key, Detail: detail, Fix: fix})
	}
}

// misspelt reports whether a key that is ignored was meant for one of the credentials of an entry,
// which is the mistake then: what is missing follows from it.
func (n *linter) misspelt(entry string) bool {
	for _, configs := range children(n.file.root, "configs") {
		for _, config := range children(configs, entry) {
			for _, auth := range children(config, "auth") {
				if slices.ContainsFunc(pairs(auth), func(p pair) bool {
					return !slices.Contains(authKeys, p.key.Value) && nearest(p.key.Value, authKeys) != ""
				}) {
					return true
				}
			}
		}
	}
	return false
}

// lintPlainAuth finds the same in a config.toml that no agent wrote.
func (n *linter) lintPlainAuth() {
	if n.node.isK3s() {
		return
	}
	for _, host := range slices.Sorted(maps.Keys(n.cri.auth)) {
		if name, detail, fix := judgeAuth(&authSettings{credentials: n.cri.auth[host]}); name != "" {
			at := n.cri.places["configs "+host]
			at.File = cmp.Or(at.File, n.cri.path) // what stood under auths has no place
			n.report(at, Issue{Code: codeAuthUndecodable, Registry: host, Detail: detail, Fix: fix})
		}
	}
}

func judgeAuth(a *authSettings) (name, detail, fix string) {
	for _, judge := range []func(*authSettings) (name, detail, fix string){unfilled, undecodable, alone, broken} {
		if name, detail, fix = judge(a); name != "" {
			break
		}
	}
	return name, detail, fix
}

// onlyPlaceholder is a value that is all placeholder: a password may hold what looks like one.
var onlyPlaceholder = lazyregexp.New(`^(\$\{[^{}]*\}|\$\([^()]*\)|\{\{[^{}]*\}\}|<[A-Z][A-Z _-]*>|%%\w+%%)$`)

// unfilled finds what a template or a shell was to fill in.
func unfilled(a *authSettings) (name, detail, fix string) {
	for _, v := range []struct{ name, value string }{
		{"username", a.username}, {"password", a.password.Reveal()}, {"auth", a.encoded.Reveal()}, {"identity_token", a.token.Reveal()},
	} {
		if onlyPlaceholder().MatchString(strings.TrimSpace(v.value)) {
			return v.name, v.name + " is a placeholder, and nothing replaces it", filledIn(v.value, "write the value itself")
		}
	}
	return "", "", ""
}

// undecodable finds an auth that is not base64 of user:password. (ParseAuth)
func undecodable(a *authSettings) (name, detail, fix string) {
	auth := a.auth("")
	if auth.Type != AuthError {
		return "", "", ""
	}
	return "auth", "auth must be base64 of user:password: " + strings.TrimPrefix(auth.Problem, "invalid decoded auth: "), "write username and password instead"
}

// alone finds a user without a password, with which containerd sends nothing, and looks at nothing
// else either; and the reverse. (internal/cri/server/images/image_pull.go, ParseAuth;
// core/remotes/docker/authorizer.go, AddResponses)
func alone(a *authSettings) (name, detail, fix string) {
	others := !a.encoded.Empty() || !a.token.Empty()
	switch {
	case a.username != "" && a.password.Empty() && !others && a.keys["password"] != nil:
		return "password", "password is empty: containerd sends no credentials", "write the password of " + a.username
	case a.username != "" && a.password.Empty() && others:
		return "username", "with a username containerd looks at nothing but its password, and there is none: it sends no credentials", "take out username"
	case a.username != "" && a.password.Empty():
		return "username", "a username without a password: containerd sends no credentials", "write its password beside it"
	case a.username == "" && !a.password.Empty() && !others:
		return "password", "a password without a username: containerd sends no credentials", "write its username beside it"
	}
	return "", "", ""
}

// broken finds a password that ends with its line, as echo gives it to base64, and a block of YAML
// to its key.
func broken(a *authSettings) (name, detail, fix string) {
	const detailFormat = "%s ends with a line break, which is sent as a part of the password"
	switch auth := a.auth(""); {
	case !endsLine(auth.Secret):
	case auth.Secret == a.password:
		return "password", fmt.Sprintf(detailFormat, "password"), "write it on the line of its key, between single quotes"
	case auth.Secret == a.token:
		return "identity_token", "identity_token ends with a line break, which is sent as a part of it", "write it on the line of its key"
	default:
		return "auth", fmt.Sprintf(detailFormat, "the password in auth"), "write username and password instead, or encode them with printf '%s' 'USER:PASSWORD' | base64 -w0"
	}
	return "", "", ""
}

func endsLine(s Secret) bool { return strings.HasSuffix(s.Reveal(), "\n") }
