package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// networkRules judge what happens before TLS.
var networkRules = map[cause.Cause]rule{
	cause.DNSNotFound: {
		title:  "the name does not exist",
		noun:   "unknown host name",
		detail: nameUnknown,
		fix: func(o observation) []Note {
			ask := look("ask the node's own resolver", "getent hosts "+quote(o.name()))
			if o.asDefault() {
				return o.change(Note{Text: "let the node's DNS know " + o.name() + ", or list a mirror for " + o.registryName(), File: o.settings()}, ask)
			}
			return []Note{
				{Text: "add to /etc/hosts, or to the node's DNS: ADDRESS " + o.name()},
				o.mendEndpoint("or correct the name, if it is wrong" + o.thenRestart()), ask}
		},
		doc: doc{
			meaning: "The node's DNS says that the endpoint's host name does not exist. containerd asks the node's /etc/hosts and /etc/resolv.conf, never the cluster's DNS: names ending in .svc.cluster.local do not resolve.",
			shows:   "`dial tcp: lookup HOST on SERVER:53: no such host`." + shownConnecting,
			confirm: "getent hosts HOST\ncat /etc/resolv.conf\nopenssl s_client -connect HOST:PORT </dev/null\ncurl -v https://HOST:PORT/v2/",
			fix:     "Add the name to the node's DNS or to /etc/hosts; both are read anew without a restart. Where the name is wrong, correct it. " + applied("correct it under mirrors", "correct it"),
		},
	},
	cause.DNSFailure: {
		title:  "the DNS server fails or does not answer",
		noun:   "DNS failure",
		detail: says("this node's DNS servers failed or did not answer"),
		fix: func(o observation) []Note {
			file, servers := "/etc/resolv.conf", "cat /etc/resolv.conf"
			if o.asksResolved() {
				file, servers = "/etc/systemd/resolved.conf", "resolvectl status"
			}
			return slices.Concat([]Note{{Text: "mend the DNS server, or name one that answers in " + file}}, o.orMirror(), []Note{
				look("see which servers the node asks", servers),
				look("ask them", "getent hosts "+quote(o.name())),
			})
		},
		doc: doc{
			meaning: "The node's DNS servers failed or did not answer. Whether the name exists is not known.",
			shows:   "`lookup HOST: server misbehaving`, `i/o timeout`, or `Temporary failure in name resolution`." + shownConnecting,
			confirm: "cat /etc/resolv.conf\ngetent hosts HOST\ncurl -v https://HOST:PORT/v2/",
			fix:     "Mend the DNS server, or name another one in /etc/resolv.conf (with systemd-resolved: in /etc/systemd/resolved.conf)." + everywhere,
		},
	},
	cause.ConnectRefused: {
		title:  "nothing listens there",
		noun:   "refused connection",
		detail: refused,
		fix: func(o observation) []Note {
			if o.embedded() {
				return append(o.apply(), look("see why it does not start", "journalctl -u 'k3s*' -u 'rke2*' | grep -i 'distributed registry mirror'"))
			}
			try := look("try it from this node", o.curl("-v", o.api()))
			if o.meant != nil {
				return []Note{o.mendEndpoint(o.checkPort() + o.thenRestart()), {Text: "or start the registry at " + o.dialled()}, try}
			}
			if o.public() {
				return slices.Concat(o.direct(), []Note{o.reach()}, o.orMirror(), []Note{try})
			}
			return []Note{
				{Text: "start the registry at " + o.dialled()},
				o.mendName("or correct the port", ", if another one serves"),
				try,
			}
		},
		doc: doc{
			meaning: "The host is up, and no process listens on that port, or a firewall refuses for it.",
			shows:   "`dial tcp ADDRESS:PORT: connect: connection refused`." + shownConnecting,
			confirm: "curl -v https://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null\nss -ltn   # on the registry's host",
			fix:     "Start the registry. Where the port is wrong, correct it. " + applied("correct it under mirrors, and in the key under configs", "correct it"),
		},
	},
	cause.ConnectTimeout: {
		title:  "no answer to the connection",
		noun:   "connection timeout",
		detail: says("no answer: the host is down, or a firewall drops"),
		fix: func(o observation) []Note {
			return slices.Concat(o.direct(), []Note{o.reach()}, o.orMirror(), []Note{look("try it from this node", o.curl("-v --connect-timeout 5", o.api()))})
		},
		doc: doc{
			meaning: "No packet came back within 30 seconds: a firewall drops them, the host is down, or the way there needs a proxy. Every pull waits that long at each request before it goes on to the next endpoint.",
			shows:   "`dial tcp ADDRESS:PORT: i/o timeout`, half a minute after `PullImage`." + shownConnecting + " From 2.3.2 on a timeout of the last endpoint is repeated up to four times.",
			confirm: "curl -v --connect-timeout 5 https://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null\nip route get ADDRESS",
			fix: "Open the way, or give the agent a proxy. K3s: HTTPS_PROXY and NO_PROXY in /etc/systemd/system/k3s.service.env, or k3s-agent.service.env, then restart it." +
				" RKE2: the same in /etc/default/rke2-server or rke2-agent. Plain containerd: in an override of its unit: systemctl edit containerd.",
		},
	},
	cause.NoRoute: {
		title:  "the host cannot be reached",
		noun:   "unreachable host",
		detail: noRoute,
		fix: func(o observation) []Note {
			mend, see := "add the route, or take the address out of DNS or /etc/hosts", seeRoutes
			if r := o.systemError(unreached); r != nil {
				mend, see = r.mend, r.look
			}
			return []Note{{Text: mend}, o.seeAddresses(), see}
		},
		doc: doc{
			meaning: "The node has no route to the address (`network is unreachable`); or it has, and nobody answers there on the node's own network, or a router or firewall says that the host cannot be reached (`no route to host`). An IPv6 address in DNS on a node without IPv6 looks the same (`address family not supported`). Where the node itself forbids the connection, by a prohibiting route, a network policy for hosts or the sandbox of the unit, it says `permission denied` or `operation not permitted`.",
			shows:   "`connect: no route to host`, `network is unreachable`, or `connect: operation not permitted`." + shownConnecting,
			confirm: "getent ahosts HOST\nip route get ADDRESS\ncurl -v https://HOST:PORT/v2/",
			fix:     "Add the route, open the firewall that rejects, or take the address out of DNS or /etc/hosts." + everywhere,
		},
	},
	cause.ProxyError: {
		title:  "the proxy fails",
		noun:   "proxy error",
		detail: proxyFails,
		fix: func(o observation) []Note {
			if o.would(probe.WithoutProxy) != nil {
				return append(o.direct(), Note{Text: "or mend the proxy " + o.probe.Proxy})
			}
			mend, see := "mend the proxy", look("see which proxy containerd uses", "tr '\\0' '\\n' </proc/$(pgrep -xo containerd)/environ | grep -i proxy")
			if r := o.systemError(proxyFaults); r != nil {
				mend = r.mend
			}
			if proxy := o.proxy(); proxy != "" {
				mend, see = o.ofProxy(mend), look("see what it says", o.curl("-v -x "+quote(proxy), o.api()))
			}
			return append([]Note{{Text: mend}}, o.inEnvironment("or exempt "+o.name()+" from it: "+o.exempt(), see)...)
		},
		doc: doc{
			meaning: "The request goes through the proxy of containerd's environment, and the proxy refuses, cannot be reached, or wants credentials. containerd inherits HTTPS_PROXY, HTTP_PROXY and NO_PROXY from K3s or RKE2; with CONTAINERD_ before the name they are for containerd alone.",
			shows:   "`proxyconnect tcp: …`, or the proxy's status such as `407 Proxy Authentication Required` or `Service Unavailable`." + shownConnecting,
			confirm: "tr '\\0' '\\n' </proc/$(pgrep -xo containerd)/environ | grep -i proxy\ncurl -v -x PROXY https://HOST:PORT/v2/\ncurl -v --noproxy '*' https://HOST:PORT/v2/",
			fix: "Mend the proxy, or add the host to NO_PROXY. K3s: in /etc/systemd/system/k3s.service.env or k3s-agent.service.env, then restart it." +
				" RKE2: in /etc/default/rke2-server or rke2-agent, then restart it. Plain containerd: systemctl edit containerd, then restart it.",
		},
	},
	cause.TimeoutDeadline: {
		title:  "a deadline passed",
		noun:   "timeout",
		detail: tooLate,
		fix: func(o observation) []Note {
			mend := "mend what slows down " + cmp.Or(o.host(), "the registry") + ", or the way to it"
			if !o.probed() {
				mend += "; for large images raise image_pull_progress_timeout of containerd"
			}
			return []Note{
				{Text: mend},
				look("measure it", o.curl("-sS -o /dev/null -w '%{time_total}s\\n'", o.api())),
			}
		},
		doc: doc{
			meaning: "A request, or the whole pull, took longer than it may. containerd gives up a pull in which no byte arrived for image_pull_progress_timeout while requests were open.",
			shows: "`context deadline exceeded`, or `Client.Timeout exceeded while awaiting headers`. 1.6 knows no progress timeout; 1.7.0 to 1.7.9 wait 1 minute, 1.7.10 and later and 2.0 to 2.4 wait 5, and log `cancel pulling image … because of no progress`; Kubernetes shows `context canceled`." +
				" 2.3 and later wait 30 seconds for the header of an answer, earlier ones for ever. K3s' and RKE2's builds do the same.",
			confirm: "curl -sS -o /dev/null -w '%{time_total}s\\n' https://HOST:PORT/v2/\ngrep 'no progress' containerd.log   # plain containerd: journalctl -u containerd",
			fix:     "Mend what slows the transfer down. To wait longer: image_pull_progress_timeout in containerd's configuration. K3s and RKE2: in a config-v3.toml.tmpl beside config.toml that begins with {{ template \"base\" . }}, then restart. Plain containerd: in /etc/containerd/config.toml, then restart.",
		},
	},
}

// reach has the way opened to a host that runs.
func (o observation) reach() Note {
	return Note{Text: fmt.Sprintf("let this node reach %s: firewall, routing, or a proxy in the agent's environment", o.dialled())}
}

// public reports whether the endpoint is a registry of everybody's, which runs.
func (o observation) public() bool { return registry.IsPublic(o.endpointHost()) }

// orMirror is the way out of a node that is to have no way to a public registry, where no other
// endpoint is known.
func (o observation) orMirror() []Note {
	if !o.asDefault() || o.of > 1 || !registry.IsPublic(o.registryName()) {
		return nil
	}
	return []Note{{Text: "or list a mirror for " + o.registryName() + ", if this node is to do without it" + o.thenRestart(), File: o.settings()}}
}

// registryName is the registry by its name in images.
func (o observation) registryName() string {
	if o.endpoint != nil {
		return o.endpoint.Registry
	}
	return cmp.Or(o.own().Host, o.name())
}

// asksResolved reports whether the server that failed is systemd-resolved's on the node itself,
// which only asks others. (systemd-resolved.service(8))
func (o observation) asksResolved() bool {
	text := o.reason()
	if o.seenAlike() {
		text += " " + o.probe.Error
	}
	return strings.Contains(text, " on 127.0.0.53:53:") || strings.Contains(text, " on 127.0.0.54:53:")
}

func tooLate(o observation) string {
	if o.probed() {
		return "it accepts connections, and does not answer within pullwhy's --timeout"
	}
	return "the request, or the whole pull, took longer than its deadline"
}

func nameUnknown(o observation) string {
	if strings.HasSuffix(o.name(), ".svc") || strings.Contains(o.name(), ".svc.") {
		return "only the cluster's DNS has this name, and containerd asks the node's"
	}
	return "this node's DNS does not know the name"
}

func noRoute(o observation) string {
	if r := o.systemError(unreached); r != nil {
		return r.means
	}
	return "this node has no route to " + o.address()
}

func proxyFails(o observation) string {
	proxy, r := o.proxy(), o.systemError(proxyFaults)
	switch {
	case o.would(probe.WithoutProxy) != nil:
		return fmt.Sprintf("the proxy %s fails, without it the endpoint answers", proxy)
	case r != nil:
		return o.ofProxy(r.means)
	case proxy != "":
		return fmt.Sprintf("the proxy %s fails", proxy)
	}
	return "it is asked through a proxy, and the proxy fails"
}

// ofProxy names the proxy in a sentence about it, where it is known.
func (o observation) ofProxy(text string) string {
	return strings.Replace(text, "the proxy", strings.TrimSpace("the proxy "+o.proxy()), 1)
}
