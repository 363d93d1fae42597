package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// A link says that a mistake in the configuration is behind a failure: by its code, the
// failures that it brings about, and where it stands.
type link struct {
	codes  []string
	causes []cause.Cause // nil: any that an endpoint can have
	stands func(j *joined, o observation, i registry.Issue) bool
	means  string // what the mistake makes of the failure, before its own detail
	plain  bool   // the failure's own rule says it plainly enough
}

// links are the mistakes that explain failures, the plainest first.
var links = []link{
	{[]string{"config_not_applied"}, nil, ofEndpoint, "the agent was not restarted since a change: ", false},
	{[]string{"config_shadowed"}, nil, ofEndpoint, "", false},
	{[]string{
		"config_template_drops_registry", "config_unknown_key", "config_duplicate_key", "config_registry_name", "config_endpoint_invalid",
		"config_mirror_unmatched", codeMisplaced, "config_shadowed", "config_not_applied",
	}, nil, insteadOfMirror, "the mirror is not asked: ", false},
	{[]string{"config_endpoint_not_a_mirror"}, nil, insteadOfMirror, "the mirror is not asked: ", false},
	{[]string{codeRewriteInvalid}, nil, insteadOfMirror, "its hosts.toml is ignored: ", false},
	{[]string{codeUndecodable}, nil, insteadOfMirror, "", false},
	{[]string{codeConflict}, nil, insteadOfMirror, "", false},
	{[]string{"config_not_applied", "config_template_drops_registry"}, settingCauses, ofDirect, "its settings are not in effect: ", false},
	{[]string{"config_not_applied"}, reachCauses, byEnvironment, "", false},
	{[]string{"config_endpoint_invalid"}, nil, atEndpoint, "", false},
	{[]string{"config_cluster_dns_name"}, []cause.Cause{cause.DNSNotFound, cause.DNSFailure}, atEndpoint, "", true},
	{[]string{"config_endpoint_not_a_mirror"}, noMirrorCauses, atEndpoint, "", false},
	{[]string{codeEndpointPath}, noMirrorCauses, atStrangePath, "", true},
	{[]string{"config_rewrite_ineffective", codeRewriteInvalid, "config_rewrite_ambiguous"}, []cause.Cause{cause.NotFound}, ofMirror, "", false},
	{[]string{"config_unknown_key"}, []cause.Cause{cause.NotFound}, belowMirror, "a part of its configuration is ignored: ", false},
	{[]string{"config_auth_undecodable"}, []cause.Cause{cause.ConfigInvalid, cause.AuthMissing, cause.AuthRejected}, inEntry, "", false},
	{[]string{"config_auth_undecodable"}, []cause.Cause{cause.ConfigInvalid, cause.AuthMissing, cause.AuthRejected}, ofPlainHost, "", false},
	{
		[]string{"config_unknown_key", "config_value_truncated", "config_invisible_character"},
		[]cause.Cause{cause.AuthMissing, cause.AuthRejected, cause.TLSUnknownAuthority, cause.TLSClientCertRequired}, inEntry, "", false,
	},
}

// noMirrorCauses are how a host answers that serves as no mirror.
var noMirrorCauses = []cause.Cause{
	cause.NotFound, cause.NotARegistry, cause.UnexpectedMediaType, cause.AuthMissing, cause.AuthRejected, cause.Forbidden,
}

// settingCauses are the failures that the settings of a host decide.
var settingCauses = []cause.Cause{
	cause.AuthMissing, cause.AuthRejected, cause.AuthTokenService, cause.Forbidden, cause.RateLimited,
	cause.TLSUnknownAuthority, cause.TLSClientCertRequired,
}

// reachCauses are the failures that the way to a host decides, which a proxy changes.
var reachCauses = []cause.Cause{
	cause.ProxyError, cause.DNSNotFound, cause.DNSFailure, cause.ConnectRefused, cause.ConnectTimeout, cause.NoRoute,
	cause.TLSHandshake, cause.TLSHandshakeTimeout, cause.TLSUnknownAuthority, cause.TimeoutDeadline,
}

// tieIssue adds to an observation the first mistake that explains it.
func (j *joined) tieIssue(o observation) observation {
	for i := range links {
		l := &links[i]
		if l.causes != nil && !slices.Contains(l.causes, o.cause) {
			continue
		}
		for _, issue := range j.Config.Issues {
			if !slices.Contains(l.codes, issue.Code) {
				continue
			}
			for _, each := range append([]registry.Issue{issue}, issue.Others...) {
				if l.stands(j, o, each) {
					o.issue, o.behind, o.edits = &each, l, each.Edits
					return o
				}
			}
		}
	}
	return o
}

// atEndpoint: in the line that names the endpoint.
func atEndpoint(_ *joined, o observation, i registry.Issue) bool {
	at := o.configured()
	return i.Line > 0 && i.File == at.File && i.Line == at.Line
}

// atStrangePath: there too, where the path leads to something that is no registry, unless it
// is known what to write.
func atStrangePath(j *joined, o observation, i registry.Issue) bool {
	return atEndpoint(j, o, i) && o.would(probe.AtRoot) == nil && o.otherPath() == "" && (o.strange() || o.cause == cause.NotARegistry || o.cause == cause.UnexpectedMediaType)
}

// ofMirror: about the mirror that the endpoint belongs to.
func ofMirror(_ *joined, o observation, i registry.Issue) bool {
	return !o.endpoint.Default && i.Registry == o.endpoint.Registry
}

// ofEndpoint: about the registry that the endpoint serves, or about its host. What is not applied
// under the host's own name reaches a mirror by its credentials alone: its tls settings stand in the
// files of the registry.
func ofEndpoint(j *joined, o observation, i registry.Issue) bool {
	switch ep := o.endpoint; {
	case ep.Default:
		return false
	case i.Registry == ep.Registry:
		return true
	default:
		return i.Registry == ep.Host && (i.Code != "config_not_applied" || !j.uncredentialed(ep.Host))
	}
}

// uncredentialed reports whether the host's entry of configs has no credentials.
func (j *joined) uncredentialed(host string) bool {
	return slices.ContainsFunc(j.Config.ConfigsKeys(), func(k registry.ConfigsKey) bool {
		return k.Name == host && k.Type == registry.AuthNone
	})
}

// insteadOfMirror: about a mirror that containerd passes by, for the image's own registry is
// all that it asks.
func insteadOfMirror(j *joined, o observation, i registry.Issue) bool {
	if !o.endpoint.Default || !j.askedAlone(o) {
		return false
	}
	host, _, _ := strings.Cut(o.image, "/")
	name := cmp.Or(i.Registry, j.mirrorAt(i))
	if name == "" {
		return i.Code == "config_template_drops_registry" && j.hasMirror(host) || i.Code == codeConflict && !rendered(j.Node)
	}
	unread := i.Registry != "" && (i.Code == codeMisplaced || i.Code == "config_unknown_key")
	return (unread || j.hasMirror(name)) && (sameName(name, host) || name == "*" && (i.Code == codeConflict || i.Code == codeMisplaced) || host == "docker.io" && registry.MeansHub(name))
}

// askedAlone reports whether no other endpoint is asked for the image: one that resolves no tag is
// not asked for one.
func (j *joined) askedAlone(o observation) bool {
	ref := o.own()
	return o.of > 0 && !slices.ContainsFunc(j.routes[o.image].Endpoints, func(ep registry.Endpoint) bool {
		return !ep.Default && (!ep.NoResolve || ref.Digest != "")
	})
}

// hasMirror reports whether registries.yaml has mirrors for a registry. Where the agent renders no
// files, mistakes in those that containerd reads are about mirrors.
func (j *joined) hasMirror(name string) bool {
	return !rendered(j.Node) || slices.ContainsFunc(j.Config.Mirrors(), func(m registry.Mirror) bool {
		return m.Name == name || m.Name == "*" || strings.Contains(m.Name, "/") && sameName(m.Name, name)
	})
}

// ofDirect: about the settings of a registry that is asked itself.
func ofDirect(j *joined, o observation, i registry.Issue) bool {
	whole := i.Registry == "" && i.Code == "config_template_drops_registry"
	return o.endpoint.Default && (i.Registry == o.endpoint.Host || whole) &&
		slices.ContainsFunc(j.Config.ConfigsKeys(), func(k registry.ConfigsKey) bool { return k.Name == credentialsKey(o.endpointHost()) })
}

// byEnvironment: about a change of the environment by which the endpoint would be asked through
// another proxy, or none.
func byEnvironment(j *joined, o observation, i registry.Issue) bool {
	now, _ := probe.ProxyOf(j.Node.Env, o.url)
	next, _ := probe.ProxyOf(j.Node.NextEnv(), o.url)
	return now != next && slices.ContainsFunc(j.Node.EnvChanges, func(c registry.EnvChange) bool { return c.At.File == i.File })
}

// ofPlainHost: about the host's credentials in a config.toml that no agent wrote.
func ofPlainHost(j *joined, o observation, i registry.Issue) bool {
	return !rendered(j.Node) && i.Registry == o.endpointHost()
}

// mirrorAt is the key of mirrors that a mistake stands below, "" for none.
func (j *joined) mirrorAt(i registry.Issue) string {
	name := ""
	for _, m := range j.Config.Mirrors() {
		if m.At.File == i.File && m.At.Line <= i.Line {
			name = m.Name
		}
	}
	for _, k := range j.Config.ConfigsKeys() {
		if k.At.File == i.File && k.At.Line <= i.Line {
			return "" // mirrors stand before configs, or the mistake is not clearly theirs
		}
	}
	return name
}

// belowMirror: after the entry of mirrors that the endpoint is of, and before the next one.
func belowMirror(j *joined, o observation, i registry.Issue) bool {
	name := ""
	for _, m := range j.Config.Mirrors() {
		if m.At.File == i.File && m.At.Line < i.Line {
			name = m.Name
		}
	}
	return name == o.endpoint.Registry && !o.endpoint.Default
}

// inEntry: below the endpoint's own key of configs, or in its hosts.toml.
func inEntry(j *joined, o observation, i registry.Issue) bool {
	if !rendered(j.Node) {
		return i.File != "" && i.File == o.endpoint.Source
	}
	keys := j.Config.ConfigsKeys()
	own := slices.IndexFunc(keys, func(k registry.ConfigsKey) bool { return k.Name == credentialsKey(o.endpointHost()) })
	if own < 0 || i.File != keys[own].At.File || i.Line <= keys[own].At.Line {
		return false
	}
	return own == len(keys)-1 || i.Line < keys[own+1].At.Line
}
