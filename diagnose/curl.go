package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// curl asks a URL of what failed by hand, as containerd would with the endpoint's settings; ""
// where no host is known.
func (o observation) curl(options, url string) string {
	if o.host() == "" {
		return ""
	}
	return strings.Join(slices.Concat([]string{"curl", options}, o.tlsOptions(url), o.userOption(options), []string{quote(url)}), " ")
}

// tlsOptions are the endpoint's settings for TLS, which count for its token service and the
// targets of its redirects too. (core/remotes/docker/config/hosts.go, ConfigureHosts)
func (o observation) tlsOptions(url string) []string {
	if o.endpoint == nil || !strings.HasPrefix(url, "https://") {
		return nil
	}
	var options []string
	switch files := o.endpoint.CAFiles; {
	case o.endpoint.SkipVerify:
		options = append(options, "-k")
	case len(files) == 1:
		options = append(options, "--cacert "+quote(files[0]))
	case len(files) > 1: // of which curl takes one
		options = append(options, "--cacert <(cat "+strings.Join(quoted(files), " ")+")")
	}
	for _, pair := range o.endpoint.Clients[:min(len(o.endpoint.Clients), 1)] {
		options = append(options, "--cert "+quote(pair.Cert))
		if pair.Key != "" {
			options = append(options, "--key "+quote(pair.Key))
		}
	}
	return options
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
