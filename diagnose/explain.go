package diagnose

import (
	"maps"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// A doc is what explain says of a cause beyond its title.
type doc struct {
	meaning string // what has happened
	shows   string // what containerd's releases make of it
	confirm string // commands, a line each
	fix     string // by distribution where that differs
}

// ruleTables are the rules by the stage at which a pull meets them.
var ruleTables = []map[cause.Cause]rule{networkRules, tlsRules, authRules, answerRules, contentRules, nodeRules}

// Rules are all codes with what they mean: the failures' first, then those of what is about
// to fail, then the configuration's.
func Rules() []registry.Rule {
	var all []registry.Rule
	for _, table := range ruleTables {
		for _, c := range slices.Sorted(maps.Keys(table)) {
			all = append(all, table[c].row(string(c), registry.SeverityError))
		}
	}
	for _, code := range slices.Sorted(maps.Keys(warningRules)) {
		all = append(all, warningRules[code].row(code, registry.SeverityWarning))
	}
	for _, r := range registry.Rules {
		if r.Code != string(cause.ConfigFileUnreadable) { // stands among the failures
			all = append(all, r)
		}
	}
	return all
}

func (r rule) row(code, severity string) registry.Rule {
	return registry.Rule{
		Code: code, Severity: severity, Title: r.title,
		Meaning: r.doc.meaning, Shows: r.doc.shows, Confirm: r.doc.confirm, Fix: r.doc.fix,
	}
}

// How a failure shows while a tag is resolved. K3s and RKE2 run a fork of the same releases
// that logs the same. (containerd core/remotes/docker/resolver.go, Resolve;
// remotes/docker/resolver.go in 1.x)
const (
	// shownConnecting is of failures without an HTTP status, refused credentials included.
	shownConnecting = " containerd 1.6 and 1.7 log `trying next host` with the error; Kubernetes shows the first error that is no 404." +
		" 2.0 to 2.4 log `trying next host`, at the last endpoint `fetch failed`; Kubernetes shows it only where no endpoint answered with a 404 or another status of 400 and more, for these go before it." +
		" K3s' and RKE2's builds do the same as the release that they are made from."

	// shownStatus is of answers with a status other than 404.
	shownStatus = " containerd 1.6 and 1.7 log nothing of it; Kubernetes shows the first error that is no 404, as `unexpected status from HEAD request to URL` (early 1.6: `pulling from host HOST failed with status code`)." +
		" 2.0 to 2.4 log `trying next host after status`, at the last endpoint `fetch failed after status`; Kubernetes shows it rather than any 404 or failed connection, from 2.1 on with what the registry said." +
		" K3s' and RKE2's builds do the same as the release that they are made from."

	// shownFetching is of what fails after the tag was resolved.
	// (core/remotes/docker/fetcher.go, Fetch)
	shownFetching = " No line names the endpoints that were asked, in any release from 1.6 to 2.4 or in K3s' and RKE2's builds of them: only `PullImage … failed` does, with the error of the first endpoint."
)

// merged says where keys go of which some stand in the file already.
const merged = " (below the key that is there already, for of two the first is lost)"

// applied says how settings of an endpoint are given on each distribution.
func applied(yaml, toml string) string {
	file := " in /etc/rancher/k3s/registries.yaml"
	if strings.Contains(yaml, "{") {
		file += merged
	}
	return "K3s: " + yaml + file + ", then systemctl restart k3s, or k3s-agent." +
		" RKE2: the same in /etc/rancher/rke2/registries.yaml, then systemctl restart rke2-server, or rke2-agent." +
		" Plain containerd: " + toml + " in /etc/containerd/certs.d/REGISTRY/hosts.toml, which is read at every pull."
}

// credentialed says how credentials for a host are given on each distribution.
func credentialed(host string) string {
	return "K3s: configs: {\"" + host + "\": {auth: {username: USER, password: PASSWORD}}} in /etc/rancher/k3s/registries.yaml" + merged + ", then systemctl restart k3s, or k3s-agent." +
		" RKE2: the same in /etc/rancher/rke2/registries.yaml, then systemctl restart rke2-server, or rke2-agent." +
		" Plain containerd: registry.configs.\"" + host + "\".auth of the CRI plugin in /etc/containerd/config.toml, then systemctl restart containerd."
}

// everywhere is for what is mended beside the node's configuration.
const everywhere = " That is the same on K3s, RKE2 and plain containerd."
