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
		noun:   "demand for credentials",
		detail: authMissing,
		fix: func(o observation) []Note {
			return o.change(o.credentials(""),
				Note{Text: "or put them into an imagePullSecret of the pod; a registry that hides what it does not have asks for credentials too: check the name " + o.image})
		},
	},
	cause.AuthRejected: {
		title:  "the credentials are refused",
		noun:   "refusal of the credentials",
		detail: authRejected,
		fix: func(o observation) []Note {
			return o.change(o.credentials(""),
				Note{Text: "check them by hand, and that this user may pull " + o.image, Command: "curl -sS -o /dev/null -w '%{http_code}\\n' -u USER " + quote(o.api())},
				Note{Text: "credentials of a pull secret go before those of the node: check the pod's too"})
		},
	},
	cause.AuthTokenService: {
		title:  "the token service fails",
		noun:   "token service error",
		detail: tokenService,
		fix: func(o observation) []Note {
			return o.change(
				look("see where the registry sends clients", "curl -sSI "+quote(o.registryAPI())),
				look("ask the token service from this node", "curl -v "+quote(cmp.Or(o.target, o.url)+"/")),
				Note{Text: "mend the token service, or the realm that the registry announces; its certificate is judged by the TLS settings of the registry's own entry"})
		},
	},
	cause.Forbidden: {
		title:  "the registry forbids it",
		noun:   "denial",
		detail: forbidden,
		fix: func(o observation) []Note {
			return []Note{{Text: "give the user the right to pull " + cmp.Or(o.image, "from it") + " at " + o.host()},
				look("see what it says", "curl -v "+quote(o.api()))}
		},
	},
	cause.RateLimited: {
		title:  "too many requests",
		noun:   "rate limit",
		detail: says("the limit of how often it may be asked is reached"),
		fix: func(o observation) []Note {
			return o.change(o.credentials("log in, which raises the limit at most registries"),
				Note{Text: "or wait, or pull through a mirror of your own"})
		},
	},
	cause.NotFound: {
		title:  "the image is not there",
		noun:   "404",
		detail: notFound,
		fix: func(o observation) []Note {
			return []Note{{Text: fmt.Sprintf("bring the image into %s, or correct its name or tag: %s", cmp.Or(o.host(), "the registry"), o.image)},
				look("ask for it by hand", "curl -sSI "+quote(o.manifest()))}
		},
	},
	cause.ServerError:  {title: "the registry fails", noun: "internal error", detail: answered("it answers with an internal error"), fix: atTheServer},
	cause.GatewayError: {title: "the gateway in front of the registry fails", noun: "gateway error", detail: answered("a gateway or load balancer answers that it cannot reach the registry behind it"), fix: atTheServer},
	cause.NotARegistry: {
		title:  "something answers that is no registry",
		noun:   "strange answer",
		detail: says("what answers is no registry: a web site, a login page, a portal, or the wrong path"),
		fix: func(o observation) []Note {
			return o.change(look("see what it answers", "curl -sSi "+quote(o.api())),
				o.mendEndpoint("name the registry's own host and path", ""))
		},
	},
	cause.UnexpectedMediaType: {
		title:  "an answer that is no manifest",
		noun:   "strange manifest",
		detail: says("it answers 200 with no manifest: a login page, a portal, or the wrong path"),
		fix: func(o observation) []Note {
			return o.change(look("see what it answers", "curl -sSi "+quote(o.manifest())),
				o.mendEndpoint("name the registry's own host and path", ""))
		},
	},
}

func atTheServer(o observation) []Note {
	return []Note{look("see what it says", "curl -v "+quote(o.api())),
		{Text: "read the log of the registry at " + o.dialled() + ", and mend it there: this node asks rightly"}}
}

// credentials says where the endpoint's credentials are given on this node.
func (o observation) credentials(why string) Note {
	o.target = "" // credentials belong to the registry, not to its token service
	if rendered(o.node) {
		return o.configure(why, "{auth: {username: USER, password: PASSWORD}}", "")
	}
	file := "/etc/containerd/config.toml"
	text := fmt.Sprintf(`[plugins."io.containerd.grpc.v1.cri".registry.configs."%s".auth], then systemctl restart containerd`,
		credentialsKey(o.host()))
	if why != "" {
		text = why + ": " + text
	}
	return Note{Text: text, File: file}
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
	if o.meant != nil {
		return "it wants credentials, and " + o.overlooked()
	}
	return "it wants credentials for this image, and none are configured for " + credentialsKey(o.endpointHost())
}

func authRejected(o observation) string {
	if o.meant != nil {
		return "it wants other credentials, and " + o.overlooked()
	}
	if o.endpoint != nil && o.endpoint.Auth.From != "" {
		return "it refuses the credentials that are configured for " + o.endpoint.Auth.From
	}
	return "it refuses the credentials that were sent, or they do not cover this image"
}

func tokenService(o observation) string {
	if o.target == "" {
		return "it sends containerd to a token service, and that fails"
	}
	return "this is the registry's token service, and it fails"
}

func forbidden(o observation) string {
	if o.meant != nil {
		return "it refuses to serve this without credentials, and " + o.overlooked()
	}
	if o.endpoint != nil && anonymous(*o.endpoint) {
		return "it refuses: nobody may pull this without credentials, or a policy, firewall or quota forbids it"
	}
	return "it knows who asks and refuses: the user may not pull this, or a policy, firewall or quota forbids it"
}

func notFound(o observation) string {
	if o.probe == nil || o.endpoint == nil || o.probe.Image.Name == "" {
		return "it answers, and does not have the repository or tag"
	}
	return "it answers, and does not have " + o.endpoint.Repository + ":" + o.probe.Image.Identifier()
}

// answered is a rule's detail with the status, where that is known.
func answered(sentence string) func(observation) string {
	return func(o observation) string {
		if o.attempt == nil || o.attempt.StatusCode == 0 {
			return sentence
		}
		return fmt.Sprintf("%s: %d", sentence, o.attempt.StatusCode)
	}
}
