package diagnose

import (
	"fmt"
	"slices"

	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// tiePort looks for the port that may have been meant for an endpoint at whose port nothing
// listens: that of an entry of configs for the host which nothing else needs.
func (j *joined) tiePort(o observation) observation {
	keys := j.Config.ConfigsKeys()
	host := credentialsKey(o.endpointHost())
	if slices.ContainsFunc(keys, func(k registry.ConfigsKey) bool { return k.Name == host }) {
		return o
	}
	for _, k := range keys {
		if sameName(k.Name, host) && registry.OwnPort(k.Name) && !j.asked(k.Name) {
			o = j.mean(o, k)
			o.answers = slices.ContainsFunc(j.Probes, func(p probe.Result) bool { return p.Endpoint.Host == k.Name && p.Reachable })
			return o
		}
	}
	return o
}

func refused(o observation) string {
	switch {
	case o.embedded():
		return "the agent's embedded registry does not run"
	case o.answers:
		return fmt.Sprintf("nothing listens on that port of the host; %s, which configs has, answers", o.meant.Name)
	case o.meant != nil:
		return fmt.Sprintf("nothing listens on that port of the host; configs has %s", o.meant.Name)
	case o.public():
		return "the connection is refused on the way: by a firewall, or by an address that the name does not have elsewhere"
	}
	return "nothing listens on that port of the host"
}

// checkPort asks whether the port of the host's entry of configs was meant.
func (o observation) checkPort() string {
	text := fmt.Sprintf("correct the port, if it is wrong: configs in line %d has %s", o.meant.At.Line, o.meant.Name)
	if o.answers {
		return text + ", which answers"
	}
	return text
}
