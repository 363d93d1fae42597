package diagnose

import (
	"fmt"

	"github.com/pullwhy/pullwhy/cause"
)

// networkRules judge what happens before TLS.
var networkRules = map[cause.Cause]rule{
	cause.DNSNotFound: {
		title:  "the name does not exist",
		detail: says("the node's resolver says that the host name of %s does not exist; cluster DNS is not asked, containerd uses the node's"),
		fix: func(o observation) []Note {
			return o.change(
				look("ask the node's own resolver", "getent hosts "+quote(o.name())),
				o.edit("correct the host name, if it is wrong", `endpoint: ["https://HOST"]`, o.hostTable("")),
				Note{Text: "or make the name known to the node: in its DNS, or in /etc/hosts: ADDRESS " + o.name(), File: "/etc/hosts"},
			)
		},
	},
	cause.DNSFailure: {
		title:  "the DNS server fails or does not answer",
		detail: says("the name of %s could not be looked up: the node's DNS servers failed or did not answer, which says nothing of whether the name exists"),
		fix: func(o observation) []Note {
			return []Note{
				look("see which servers the node asks", "cat /etc/resolv.conf"),
				look("ask them", "getent hosts "+quote(o.name())),
				{Text: "mend the DNS server, or name one that answers in /etc/resolv.conf", File: "/etc/resolv.conf"},
			}
		},
	},
	cause.ConnectRefused: {
		title:  "nothing listens there",
		detail: says("the host of %s answers, but no process listens on that port"),
		fix: func(o observation) []Note {
			return o.change(
				look("try it from this node", "curl -v "+quote(o.api())),
				Note{Text: "start the registry at " + o.dialled()},
				o.edit("or correct the port, if another one serves", `endpoint: ["https://`+o.name()+`:PORT"]`, o.hostTable("")),
			)
		},
	},
	cause.ConnectTimeout: {
		title:  "no answer to the connection",
		detail: says("packets to %s get no answer: a firewall drops them, or the host is down"),
		fix: func(o observation) []Note {
			return []Note{
				look("try it from this node", "curl -v --connect-timeout 5 "+quote(o.api())),
				{Text: fmt.Sprintf("let this node reach %s: firewall, security group, routing, or a proxy in the agent's environment", o.dialled())},
			}
		},
	},
	cause.NoRoute: {
		title:  "no route to the host",
		detail: says("this node has no route to %s; an IPv6 address on a node without IPv6 looks the same"),
		fix: func(o observation) []Note {
			return []Note{
				look("see the addresses", "getent ahosts "+quote(o.name())),
				look("see the routes", "ip route; ip -6 route"),
				{Text: "add the route, or remove the address that cannot be reached from DNS or /etc/hosts"},
			}
		},
	},
	cause.ProxyError: {
		title:  "the proxy fails",
		detail: says("the request to %s goes through a proxy, and the proxy fails"),
		fix: func(o observation) []Note {
			return o.change(
				look("see which proxy containerd uses", "tr '\\0' '\\n' </proc/$(pgrep -xo containerd)/environ | grep -i proxy"),
				Note{Text: "mend the proxy, or add " + o.name() + " to NO_PROXY in the service's environment file", File: o.environment()},
			)
		},
	},
	cause.TimeoutDeadline: {
		title:  "a deadline passed",
		detail: says("%s was too slow: the request or the whole pull ran into its deadline"),
		fix: func(o observation) []Note {
			return []Note{look("measure it", "curl -sS -o /dev/null -w '%{time_total}s\\n' "+quote(o.api())),
				{Text: "mend what slows it down; for large images raise image_pull_progress_timeout of containerd"}}
		},
	},
}

func (o observation) environment() string {
	if o.node.Unit == "" {
		return ""
	}
	return "/etc/systemd/system/" + o.node.Unit + ".service.env"
}
