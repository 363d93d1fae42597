package diagnose

import (
	"cmp"
	"fmt"

	"github.com/pullwhy/pullwhy/cause"
)

// answerRules judge what a registry or its token service answers.
var answerRules = map[cause.Cause]rule{
	cause.AuthMissing: {
		title:  "credentials are needed and none are sent",
		detail: authMissing,
		fix: func(o observation) []Note {
			return o.change(o.credentials("give the credentials"),
				Note{Text: "or put them into an imagePullSecret of the pod; a registry that hides what it does not have asks for credentials too: check the name " + o.image})
		},
	},
	cause.AuthRejected: {
		title:  "the credentials are refused",
		detail: authRejected,
		fix: func(o observation) []Note {
			return o.change(o.credentials("correct the credentials"),
				Note{Text: "check them by hand, and that this user may pull " + o.image, Command: "curl -sS -o /dev/null -w '%{http_code}\\n' -u USER " + quote(o.api())},
				Note{Text: "credentials of a pull secret go before those of the node: check the pod's too"})
		},
	},
	cause.AuthTokenService: {
		title:  "the token service fails",
		detail: says("the registry sends containerd to a token service, and that fails: %s"),
		fix: func(o observation) []Note {
			return o.change(
				look("see where the registry sends clients", "curl -sSI "+quote(o.registryAPI())),
				look("ask the token service from this node", "curl -v "+quote(cmp.Or(o.target, o.url)+"/")),
				Note{Text: "mend the token service, or the realm that the registry announces; its certificate is judged by the TLS settings of the registry's own entry"})
		},
	},
	cause.Forbidden: {
		title:  "the registry forbids it",
		detail: says("%s knows who asks and refuses: the user may not pull this repository, or a policy, firewall or quota forbids it"),
		fix: func(o observation) []Note {
			return []Note{{Text: "give the user the right to pull " + cmp.Or(o.image, "from it") + " at " + o.host()},
				look("see what it says", "curl -v "+quote(o.api()))}
		},
	},
	cause.RateLimited: {
		title:  "too many requests",
		detail: says("%s limits how often it may be asked, and the limit is reached"),
		fix: func(o observation) []Note {
			return o.change(o.credentials("log in, which raises the limit at most registries"),
				Note{Text: "or wait, or pull through a mirror of your own"})
		},
	},
	cause.NotFound: {
		title:  "the image is not there",
		detail: says("%s answers, and does not have the repository or tag"),
		fix: func(o observation) []Note {
			return []Note{{Text: fmt.Sprintf("bring the image into %s, or correct its name or tag: %s", cmp.Or(o.host(), "the registry"), o.image)},
				look("ask for it by hand", "curl -sSI "+quote(o.manifest()))}
		},
	},
	cause.ServerError:  {title: "the registry fails", detail: says("%s answers with an internal error"), fix: atTheServer},
	cause.GatewayError: {title: "the gateway in front of the registry fails", detail: says("%s is a gateway or load balancer that cannot reach the registry behind it"), fix: atTheServer},
	cause.NotARegistry: {
		title:  "something answers that is no registry",
		detail: says("%s answers, but not as a registry: a web site, a login page, a portal, or the wrong path"),
		fix: func(o observation) []Note {
			return o.change(look("see what it answers", "curl -sSi "+quote(o.api())),
				o.edit("name the registry's own host and path", `endpoint: ["https://HOST"]`, `[host."https://HOST"]`))
		},
	},
	cause.UnexpectedMediaType: {
		title:  "an answer that is no manifest",
		detail: says("%s answers 200 with something else than a manifest: a login page, a portal, or the wrong path"),
		fix: func(o observation) []Note {
			return o.change(look("see what it answers", "curl -sSi "+quote(o.manifest())),
				o.edit("name the registry's own host and path", `endpoint: ["https://HOST"]`, `[host."https://HOST"]`))
		},
	},
}

func atTheServer(o observation) []Note {
	return []Note{look("see what it says", "curl -v "+quote(o.api())),
		{Text: "read the log of the registry at " + o.dialled() + ", and mend it there: this node asks rightly"}}
}

// credentials says where the endpoint's credentials are given on this node.
func (o observation) credentials(why string) Note {
	host := o.endpointHost()
	if rendered(o.node) {
		return o.edit(why, fmt.Sprintf(`configs: {"%s": {auth: {username: USER, password: PASSWORD}}}`, credentialsKey(host)), "")
	}
	file := "/etc/containerd/config.toml"
	return Note{Text: fmt.Sprintf(`%s: in %s: [plugins."io.containerd.grpc.v1.cri".registry.configs."%s".auth], then systemctl restart containerd`,
		why, file, credentialsKey(host)), File: file}
}

// endpointHost is the endpoint's own host, also where its token service failed.
func (o observation) endpointHost() string {
	_, host, _ := split(o.url)
	return host
}

func (o observation) registryAPI() string {
	o.target = ""
	return o.api()
}

func (o observation) manifest() string {
	if o.probe != nil && o.endpoint != nil && o.probe.Image.Name != "" {
		return o.endpoint.ManifestURL(o.probe.Image.Identifier())
	}
	return o.api()
}

func authMissing(o observation) string {
	return fmt.Sprintf("%s wants credentials for this image, and none are configured for %s", o.subject(), credentialsKey(o.endpointHost()))
}

func authRejected(o observation) string {
	if o.endpoint != nil && o.endpoint.Auth.From != "" {
		return fmt.Sprintf("%s refuses the credentials that are configured for %s", o.subject(), o.endpoint.Auth.From)
	}
	return fmt.Sprintf("%s refuses the credentials that were sent, or they do not cover this image", o.subject())
}
