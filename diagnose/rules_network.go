package diagnose

import (
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
)

// networkRules judge what happens before TLS.
var networkRules = map[cause.Cause]rule{
	cause.DNSNotFound: {
		title:  "the name does not exist",
		noun:   "unknown host name",
		detail: nameUnknown,
		fix: func(o observation) []Note {
			return o.change(
				look("ask the node's own resolver", "getent hosts "+quote(o.name())),
				o.mendEndpoint("correct the name, if it is wrong", ""),
				Note{Text: "or make the name known to the node: in its DNS, or in /etc/hosts: ADDRESS " + o.name(), File: "/etc/hosts"},
			)
		},
	},
	cause.DNSFailure: {
		title:  "the DNS server fails or does not answer",
		noun:   "DNS failure",
		detail: says("the node's DNS servers failed or did not answer; whether the name exists is not known"),
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
		noun:   "refused connection",
		detail: says("the host answers, but nothing listens on that port"),
		fix: func(o observation) []Note {
			return o.change(
				look("try it from this node", "curl -v "+quote(o.api())),
				Note{Text: "start the registry at " + o.dialled()},
				o.mendEndpoint("or correct the port, if another one serves", ""),
			)
		},
	},
	cause.ConnectTimeout: {
		title:  "no answer to the connection",
		noun:   "connection timeout",
		detail: says("nothing comes back: a firewall drops the packets, or the host is down"),
		fix: func(o observation) []Note {
			return []Note{
				look("try it from this node", "curl -v --connect-timeout 5 "+quote(o.api())),
				{Text: fmt.Sprintf("let this node reach %s: firewall, security group, routing, or a proxy in the agent's environment", o.dialled())},
			}
		},
	},
	cause.NoRoute: {
		title:  "no route to the host",
		noun:   "missing route",
		detail: noRoute,
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
		noun:   "proxy error",
		detail: proxyFails,
		fix: func(o observation) []Note {
			return o.change(
				look("see which proxy containerd uses", "tr '\\0' '\\n' </proc/$(pgrep -xo containerd)/environ | grep -i proxy"),
				Note{Text: "mend the proxy, or add " + o.name() + " to NO_PROXY in the service's environment file", File: o.environment()},
			)
		},
	},
	cause.TimeoutDeadline: {
		title:  "a deadline passed",
		noun:   "timeout",
		detail: says("the request, or the whole pull, took longer than its deadline"),
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

func nameUnknown(o observation) string {
	text := fmt.Sprintf("the node's DNS says that %q does not exist", o.name())
	if strings.HasSuffix(o.name(), ".svc") || strings.Contains(o.name(), ".svc.") {
		text += "; containerd asks the node's DNS, never the cluster's"
	}
	return text
}

func noRoute(o observation) string {
	if o.probe == nil || o.probe.Address == "" {
		return "this node has no route to its address; IPv6 on a node without IPv6 looks the same"
	}
	return fmt.Sprintf("this node has no route to %s, an address of that name", o.probe.Address)
}

func proxyFails(o observation) string {
	if o.probe == nil || o.probe.Proxy == "" {
		return "the request goes through a proxy, and the proxy fails"
	}
	return fmt.Sprintf("the request goes through the proxy %s, and that fails", o.probe.Proxy)
}
