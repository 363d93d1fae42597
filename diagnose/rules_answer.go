package diagnose

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/probe"
)

// answerRules judge what a registry answers.
var answerRules = map[cause.Cause]rule{
	cause.NotFound: {
		title:  "the image is not there",
		noun:   "404",
		detail: notFound,
		fix:    bring,
		doc: doc{
			meaning: "The endpoint answers as a registry and has no such repository, tag or digest; a registry that hides private repositories says the same. A mirror is asked with ?ns=REGISTRY and may serve that registry or not.",
			shows: "`REFERENCE: not found`, without the name of an endpoint. containerd 1.6 and 1.7 log `trying next host - response was http.StatusNotFound` and report a 404 only where every endpoint answered so." +
				" 2.0 to 2.4 log `trying next host after status: 404 Not Found`, at the last endpoint `fetch failed after status`, and report a 404 rather than any failed connection or refused credentials: it may hide a broken mirror. K3s' and RKE2's builds do the same as the release that they are made from.",
			confirm: "pullwhy route IMAGE\ncurl -sSI -u USER 'https://HOST:PORT/v2/REPOSITORY/manifests/TAG?ns=REGISTRY'\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Correct the name or tag in the pod, or bring the image into the mirror: crane copy IMAGE HOST:PORT/REPOSITORY:TAG. Where the mirror has it under another name, that must be asked for. " + applied("a rewrite under mirrors", "no rewrites; the endpoint with a path and override_path = true"),
		},
	},
	cause.ServerError:  {title: "the registry fails", noun: "internal error", detail: answered("it answers with an internal error"), fix: atTheServer, doc: serverDoc},
	cause.GatewayError: {title: "the gateway in front of the registry fails", noun: "gateway error", detail: answered("a gateway answers in place of the registry"), fix: atTheServer, doc: gatewayDoc},
	cause.NotARegistry: {
		title:  "something answers that is no registry",
		noun:   "strange answer",
		detail: noRegistry,
		fix:    nameRegistry,
		doc: doc{
			meaning: "Something answers at the endpoint, and not as a registry: a web site, a login page, a portal, or the wrong path below a registry. Only pullwhy's own request can tell; containerd takes the answer for what it looks like.",
			shows:   "In containerd 1.6 to 2.4, K3s' and RKE2's builds included, as a 404, a 403, a manifest of an unknown media type, or a schema 1 manifest.",
			confirm: "curl -sSi https://HOST:PORT/v2/   # a registry answers 200 or 401 and Docker-Distribution-Api-Version\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     applied("correct host, port or path of the endpoint under mirrors", "correct it") + " Harbor wants https://HOST/v2/PROJECT for a proxy project, Nexus a port of its own or a path.",
		},
	},
	cause.UnexpectedMediaType: {
		title:  "an answer that is no manifest",
		noun:   "strange manifest",
		detail: says("it answers 200 with no manifest: a login page, a portal, or the wrong path"),
		fix:    nameRegistry,
		doc: doc{
			meaning: "The endpoint answers 200 to the request for the manifest, with something that is none: HTML of a login page or portal, or of a wrong API path.",
			shows:   "`unexpected media type text/html for sha256:…: not found`, in containerd 1.6 to 2.4 and in K3s' and RKE2's builds. The search for a further endpoint ends there: the tag counts as resolved.",
			confirm: "curl -sSi https://HOST:PORT/v2/REPOSITORY/manifests/TAG | head -20\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     applied("correct host, port or path of the endpoint under mirrors", "correct it"),
		},
	},
}

var serverDoc = doc{
	meaning: "The registry, or what stands in front of it, fails by itself: a full disk, a database that is down, a mistake in its configuration. The embedded registry of K3s and RKE2 answers 500 for an image that no node holds, which is as it should be.",
	shows:   "`500 Internal Server Error`, or another 5xx but 502 to 504." + shownStatus + " 2.1 and later ask the last endpoint once more.",
	confirm: "curl -v https://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null",
	fix:     "Read the registry's log and mend it there; the node asks rightly." + everywhere,
}

var gatewayDoc = doc{
	meaning: "A gateway, ingress or load balancer answers in place of the registry: that is down, starting, or slower than the gateway waits.",
	shows:   "`502 Bad Gateway`, `503 Service Unavailable`, or `504 Gateway Timeout`." + shownStatus + " 2.1 and later ask the last endpoint once more for a 503 or 504.",
	confirm: "curl -v https://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null",
	fix:     "Start the registry behind the gateway, or mend the way from the one to the other; the node asks rightly." + everywhere,
}

func atTheServer(o observation) []Note {
	return []Note{{Text: "read the log of the registry at " + o.dialled() + ", and mend it there: this node asks rightly"},
		look("see what it says", o.curl("-v", o.api()))}
}

func nameRegistry(o observation) []Note {
	see := look("see what it answers", o.curl("-sSi", o.manifest()))
	switch {
	case o.otherPath() != "":
		return o.change(o.writePath(), see)
	case o.would(probe.AtRoot) != nil:
		root, project := o.origin(), "/v2/PROJECT"
		if o.image == "" && o.endpoint.OverridePath { // else it was tried
			project = cmp.Or(o.endpoint.BelowV2(), project)
		}
		return o.change(o.mendEndpoint(fmt.Sprintf("write %q, or %q for a project or proxy of it", root, root+project)), see)
	case o.endpoint != nil && o.endpoint.Default && o.image != "":
		return []Note{{Text: "correct the registry in the image's name, or what answers in its place: " + o.concerned()}, see}
	}
	return o.change(o.mendEndpoint("name the registry's own host and path"), see)
}

// origin is the endpoint without its path.
func (o observation) origin() string { return o.endpoint.Scheme + "://" + o.endpoint.Host }

func noRegistry(o observation) string {
	switch {
	case o.otherPath() != "":
		return "what answers below its path is no registry; the image is at " + o.otherPath()
	case o.would(probe.AtRoot) != nil:
		return fmt.Sprintf("what answers below its path is no registry; one answers at %s/v2", o.origin())
	case !o.seenAlike() && !o.strange() || o.probe.Error == "":
		return "what answers is no registry: a web site, a login page, a portal, or the wrong path"
	}
	return "what answers is no registry: " + o.probe.Error
}

// answered is a rule's detail with the status, and with what the server says, where they are
// known.
func answered(sentence string) func(observation) string {
	return func(o observation) string {
		text := sentence
		if o.attempt != nil && o.attempt.StatusCode != 0 {
			text = fmt.Sprintf("%s: %d", sentence, o.attempt.StatusCode)
		}
		switch words := o.words(); {
		case strings.HasPrefix(words, "a web page"): // the probe's own words
			text += " with " + words
		case words != "":
			text += ", and says: " + words
		}
		return text
	}
}

// status is how an error begins that is an answer.
var status = lazyregexp.New(`^unexpected status \d+( [A-Z][A-Za-z ]+)?(: )?`)

// words are what the server says beside its status, "" where it says nothing.
func (o observation) words() string {
	if !o.seenAlike() || !status().MatchString(o.probe.Error) {
		return ""
	}
	words := status().ReplaceAllString(o.probe.Error, "")
	if strings.EqualFold(words, http.StatusText(o.probe.StatusCode)) {
		return ""
	}
	return words
}
