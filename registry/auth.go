package registry

import (
	"encoding/base64"
	"strings"
)

// credentials are what is configured for one host.
// (containerd internal/cri/config.AuthConfig)
type credentials struct {
	username                 string
	password, encoded, token Secret // encoded: auth, token: identity_token
}

func readCredentials(t table) credentials {
	return credentials{
		username: textOf(t, "username"),
		password: NewSecret(textOf(t, "password")),
		encoded:  NewSecret(textOf(t, "auth")),
		token:    NewSecret(textOf(t, "identitytoken")),
	}
}

// auth is what containerd makes of credentials: a user name beats an identity token, that
// the encoded pair. (internal/cri/server/images/image_pull.go, ParseAuth)
func (c credentials) auth(from string) Auth {
	switch {
	case c.username != "":
		return Auth{Type: AuthBasic, Username: c.username, Secret: c.password, From: from}
	case !c.token.Empty():
		return Auth{Type: AuthIdentityToken, Secret: c.token, From: from}
	case !c.encoded.Empty():
		return decodeAuth(c.encoded, from)
	}
	return Auth{Type: AuthNone}
}

func decodeAuth(encoded Secret, from string) Auth {
	decoded, err := base64.StdEncoding.DecodeString(encoded.Reveal())
	if err != nil {
		return Auth{Type: AuthError, From: from, Problem: err.Error()}
	}
	user, password, ok := strings.Cut(string(decoded), ":")
	password = strings.Trim(password, "\x00")
	switch {
	case !ok:
		return Auth{Type: AuthError, From: from, Problem: "invalid decoded auth: it has no colon"}
	case user == "" && password == "":
		return Auth{Type: AuthNone}
	case user == "":
		return Auth{Type: AuthIdentityToken, Secret: NewSecret(password), From: from}
	}
	return Auth{Type: AuthBasic, Username: user, Secret: NewSecret(password), From: from}
}

// credentials of registries.yaml as K3s writes them into config.toml.
func (f *registriesFile) credentials() map[string]credentials {
	all := map[string]credentials{}
	for host, s := range f.configs {
		if s.auth != nil {
			all[host] = s.auth.credentials
		}
	}
	return all
}
