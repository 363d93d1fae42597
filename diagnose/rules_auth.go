package diagnose

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// authRules judge how a registry or its token service takes the credentials.
var authRules = map[cause.Cause]rule{
	cause.AuthMissing: {
		title:  "credentials are needed and none are sent",
		noun:   "demand for credentials",
		detail: authMissing,
		fix: func(o observation) []Note {
			secret := o.pullSecret()
			if o.unsent() {
				return o.change(append(o.credentials("correct the credentials"), secret)...)
			}
			if h, _ := o.habit(); h != nil && o.denied() { // most of what is there is for everybody
				return append([]Note{{Text: "check the name: " + o.concerned()}}, o.change(append(o.credentials("if it is private"), secret)...)...)
			}
			if steps := o.issued(); steps != nil {
				return append(steps, secret)
			}
			secret.Text += "; a registry that hides what it does not have asks for credentials too: check the name " + o.named()
			return o.change(append(o.credentials(""), secret)...)
		},
		doc: doc{
			meaning: "The registry wants credentials, and containerd has none for exactly this host and port: not in the pull secret, nor in the configuration. A registry that hides what it does not have asks for credentials too, Docker Hub among them.",
			shows:   "`pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials`, or `… server message: insufficient_scope: authorization failed`, or `failed to fetch anonymous token`." + shownConnecting,
			confirm: "pullwhy route IMAGE\ncurl -sSi https://HOST:PORT/v2/ | grep -i ^www-authenticate\ncurl -sS -o /dev/null -w '%{http_code}\\n' -u USER 'REALM?service=SERVICE'   # of Bearer; of Basic: https://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Give the pod a pull secret, or the node credentials. " + credentialed("HOST:PORT") + " Docker Hub's key is registry-1.docker.io.",
		},
	},
	cause.AuthRejected: {
		title:  "the credentials are refused",
		noun:   "refusal of the credentials",
		detail: authRejected,
		fix: func(o observation) []Note {
			byHand := o.logIn()
			if o.undecided() {
				return append([]Note{{Text: "check the name, and the pod's imagePullSecret: " + o.concerned()}}, o.change(append(o.credentials("or let the node have credentials"), byHand)...)...)
			}
			if o.notTheNodes() {
				return []Note{{Text: "correct the pod's imagePullSecret: its credentials go before those of the node, even where they are wrong"},
					look("see which one the pod names", "kubectl get pod POD -o jsonpath='{.spec.imagePullSecrets}'")}
			}
			if o.endpoint != nil && o.endpoint.Auth.Request {
				return []Note{{Text: "correct the pull secret, or leave it out where the node has credentials of its own: " + o.endpoint.Auth.From}, byHand}
			}
			secret := Note{Text: "credentials of a pull secret go before those of the node: check the pod's too"}
			if h, _ := o.habit(); h != nil {
				return o.habitual([]Note{byHand, secret})
			}
			return o.change(append(o.credentials("correct the credentials"), byHand, secret)...)
		},
		doc: doc{
			meaning: "Credentials were sent and not accepted: wrong, expired, or without the right to pull this repository. Those of a pull secret go before those of the node, even where they do not fit.",
			shows:   "`unexpected status … 401 Unauthorized`, after six requests with a wrong password, or `failed to fetch oauth token: … 401 Unauthorized`." + shownStatus,
			confirm: "curl -sSi https://HOST:PORT/v2/ | grep -i ^www-authenticate\ncurl -sS -o /dev/null -w '%{http_code}\\n' -u USER 'REALM?service=SERVICE'   # of Bearer; of Basic: https://HOST:PORT/v2/\npullwhy route IMAGE\nkubectl get secret NAME -o jsonpath='{.data.\\.dockerconfigjson}' | base64 -d\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Correct the pull secret, or the node's credentials. " + credentialed("HOST:PORT"),
		},
	},
	cause.AuthTokenService: {
		title:  "the token service fails",
		noun:   "token service error",
		detail: tokenService,
		fix: func(o observation) []Note {
			mend := []Note{{Text: "mend the token service, or the realm that the registry announces"}}
			if strings.Contains(o.reason(), "unknown authority") {
				mend = o.trustTarget("the token service's")
			}
			if o.target != "" {
				mend = append(mend, look("ask the token service from this node", o.curl("-v", o.api())))
			}
			return append(mend, look("see where the registry sends clients", o.curl("-sSI", o.registryAPI())))
		},
		doc: doc{
			meaning: "The registry answers 401 and names a token service (realm). That service cannot be reached, is not trusted, fails, or gives no token. containerd asks it with the TLS settings and the proxy of the registry's own entry.",
			shows:   "`failed to authorize: failed to fetch anonymous token: …`, or `failed to fetch oauth token`, with the token service's URL; the line's host field names the registry." + shownConnecting,
			confirm: "curl -sSi https://HOST:PORT/v2/ | grep -i ^www-authenticate\ncurl -v 'REALM?service=SERVICE&scope=repository:REPOSITORY:pull'\nopenssl s_client -connect TOKENHOST:443 -servername TOKENHOST </dev/null",
			fix:     "Mend the service, or the realm in the registry's configuration. Where its certificate is not trusted, name its CA. " + applied(`ca_file under configs: "HOST:PORT" of the registry, which counts for its token service`, `ca in the registry's table`),
		},
	},
	cause.Forbidden: {
		title:  "the registry forbids it",
		noun:   "denial",
		detail: forbidden,
		fix: func(o observation) []Note {
			allow := Note{Text: "give the user the right to pull " + cmp.Or(o.image, "from it") + " at " + o.host()}
			see := look("see what it says", o.curl("-v", o.api()))
			if o.endpoint != nil && anonymous(*o.endpoint) {
				return o.change(append(o.credentials("give credentials that may pull it"), allow, see)...)
			}
			return o.habitual([]Note{allow, see})
		},
		doc: doc{
			meaning: "The registry knows who asks, or that nobody does, and refuses: no right to pull this repository, a policy, a quota, or a firewall for web applications in front of it.",
			shows:   "`403 Forbidden`." + shownStatus + " 2.3.3 and later ask once more with GET to get the reason.",
			confirm: "curl -v -u USER https://HOST:PORT/v2/REPOSITORY/manifests/TAG\npullwhy route IMAGE\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Give the user the right at the registry, or the node other credentials. " + credentialed("HOST:PORT"),
		},
	},
	cause.RateLimited: {
		title:  "too many requests",
		noun:   "rate limit",
		detail: rateLimited,
		fix: func(o observation) []Note {
			if o.endpoint != nil && !anonymous(*o.endpoint) {
				return []Note{{Text: "wait, raise the limit of " + o.endpoint.Auth.Username + ", or pull through a mirror of your own"}}
			}
			return o.change(append(o.credentials("log in, which raises the limit at most registries"),
				Note{Text: "or wait, or pull through a mirror of your own"})...)
		},
		doc: doc{
			meaning: "The registry counts requests, or pulls, of this address or user and the limit is reached. All nodes behind one address count together. containerd asks up to six times at once (five from 2.3.2 on), and the kubelet again and again.",
			shows:   "`429 Too Many Requests`, or `toomanyrequests: You have reached your pull rate limit`." + shownStatus,
			confirm: "curl -sSI -u USER https://HOST:PORT/v2/REPOSITORY/manifests/TAG | grep -i -e ratelimit -e retry-after\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Wait, or log in. " + credentialed("registry-1.docker.io") + " Better: a mirror of your own that caches.",
		},
	},
}

// pullSecret gives the credentials to the pod. The kubelet looks for those of the image's own
// registry, so that there is no saying what a mirror would be sent.
func (o observation) pullSecret() Note {
	n := Note{Text: "or put them into an imagePullSecret of the pod"}
	if host := o.own().Host; host != "" && (o.endpoint == nil || o.endpoint.Default) {
		if host == "docker.io" {
			host = "https://index.docker.io/v1/"
		}
		n.Command = fmt.Sprintf("kubectl create secret docker-registry NAME --docker-server=%s --docker-username=USER --docker-password=PASSWORD", quote(host))
	}
	return n
}

// trustTarget gives the registry the CA of the host that failed on its behalf, whose
// certificate is verified by the registry's own settings.
func (o observation) trustTarget(whose string) []Note {
	if file := o.ownCAFile(); file != "" {
		return []Note{{Text: fmt.Sprintf("add %s CA to %s, the registry's: it counts for both", whose, file), File: file}}
	}
	return o.change(o.configure("name "+whose+" CA in the registry's own entry", aCA)...)
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

func authMissing(o observation) string {
	switch {
	case o.meant != nil:
		return o.overlooked()
	case o.denied() && o.endpoint != nil:
		return "no such image, or private and no credentials set"
	case o.denied():
		return saysBoth
	case o.endpoint == nil:
		return "it wants credentials for this image, and none were sent"
	case o.endpoint != nil && o.endpoint.Auth.Type == registry.AuthError:
		return "it wants credentials, and those under " + o.endpoint.Auth.From + " cannot be decoded: " + o.endpoint.Auth.Problem
	case o.unsent():
		return "none were sent when it failed; now it refuses the credentials of " + o.credentialsPlace()
	}
	return "it wants credentials, and none are configured"
}

func authRejected(o observation) string {
	switch {
	case o.meant != nil:
		return o.overlooked()
	case o.undecided():
		return "it answers 401: there is no such image, or it is private and a pull secret's credentials were refused; this node has none"
	case o.notTheNodes() && anonymous(*o.endpoint):
		return "it refused credentials, and this node has none: a pull secret's were sent"
	case o.notTheNodes():
		return "it refused the credentials that were sent, and accepts this node's: a pull secret's, or earlier ones"
	case o.endpoint != nil && o.endpoint.Auth.Request:
		return "it refuses the credentials of the pull secret, those of " + o.endpoint.Auth.From
	case o.endpoint != nil && o.endpoint.Auth.From != "":
		return "it refuses the credentials that are configured for " + o.endpoint.Auth.From
	}
	return cmp.Or(o.habitualWords(), "it refuses the credentials that were sent, or they do not cover this image")
}

// undecided reports whether a bare 401 is all that is known, of a registry for which this
// node has no credentials: it is how some hide what they do not have.
func (o observation) undecided() bool {
	return o.notTheNodes() && anonymous(*o.endpoint) && o.attempt.StatusCode == 401 && (o.probe == nil || o.probe.Status != probe.OK)
}

// notTheNodes reports whether the credentials that were refused cannot be those which this
// node's configuration gives for the endpoint.
func (o observation) notTheNodes() bool {
	if o.pull == nil || o.endpoint == nil || o.attempt == nil || o.attempt.Source != logparse.SourceLog {
		return false
	}
	return anonymous(*o.endpoint) || o.probe != nil && o.probe.Status == probe.OK
}

func tokenService(o observation) string {
	why, registry := cmp.Or(o.brief(), "it fails"), cmp.Or(o.endpointHost(), "the registry")
	switch other := o.would(probe.OtherCA); {
	case o.target == "":
		return "its token service: " + why
	case other != nil:
		return fmt.Sprintf("%s, which is not the ca_file of %s, verifies its certificate", other.File, registry)
	}
	return fmt.Sprintf("%s gets its tokens there: %s", registry, why)
}

func forbidden(o observation) string {
	switch words := o.words(); {
	case o.meant != nil:
		return o.overlooked()
	case words != "":
		return "it refuses, and says: " + words
	case o.habitualWords() != "":
		return o.habitualWords()
	case o.endpoint != nil && anonymous(*o.endpoint):
		return "it refuses: nobody may pull this without credentials, or a policy forbids it"
	}
	return "it refuses: the user may not pull this, or a policy, firewall or quota forbids it"
}

func rateLimited(o observation) string {
	text := "the limit of requests is reached"
	if o.seenAlike() && o.probe.RateLimit != "" {
		text += "; left: " + o.probe.RateLimit
	}
	if o.seenAlike() && o.probe.RetryAfter != "" {
		text += "; Retry-After: " + o.probe.RetryAfter
	}
	return text
}
