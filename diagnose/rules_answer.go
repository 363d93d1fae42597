package diagnose

import (
	"cmp"
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
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

// bring says how the image comes where it is looked for, or is looked for where it is.
func bring(o observation) []Note {
	see := look("ask for it by hand", o.curl("-sSI", o.manifest()))
	switch {
	case o.peersAlone():
		return o.change(Note{Text: "list an endpoint for " + cmp.Or(o.own().Host, "the registry") + " under mirrors, or let the default endpoint be asked", File: o.settings()},
			Note{Text: "or bring the image to one node, from which the others get it: " + o.concerned(), Command: o.ctr("images import FILE.tar")})
	case o.strange():
		return nameRegistry(o)
	case o.misled():
		return o.change(o.mendRewrite("take the rewrite out, or let it pass "+o.own().Repository+" by"), see)
	case o.would(probe.UnderLibrary) != nil && o.rewritten():
		return o.change(o.mendRewrite(fmt.Sprintf("let the rewrite make %s of %s", underLibrary(o.repository()), o.own().Repository)), see)
	case o.would(probe.UnderLibrary) != nil:
		return []Note{{Text: fmt.Sprintf("ask for %s/%s%s in the pod", o.own().Host, underLibrary(o.own().Repository), identifier(o.own()))}, see}
	case o.would(probe.WithoutNamespace) != nil:
		return []Note{{Text: fmt.Sprintf("let %s serve %s, which containerd names by ?ns=: without that it has the image", o.host(), o.endpoint.Namespace)}, see}
	case o.nowhere() && !o.asDefault():
		return []Note{{Text: "correct the name or tag: its own registry does not have it either: " + o.concerned()}, see}
	case o.endpoint != nil && !o.endpoint.Default && o.repository() != "":
		return o.orMendRewrite(append(o.copies(), Note{Text: "or correct the name or tag, if it is wrong: " + o.concerned()}, see))
	}
	notes := []Note{{Text: fmt.Sprintf("correct the name or tag, or push it to %s: %s", cmp.Or(o.host(), "the registry"), o.concerned())}, see}
	if o.endpoint == nil && o.attempt != nil && !o.attempt.Default && o.host() != "" {
		elsewhere := Note{Text: "or, if " + o.host() + " has it under another name, such as in a project of Harbor, give the mirror a rewrite or a path"}
		return slices.Insert(notes, 1, elsewhere)
	}
	return o.orMendRewrite(notes)
}

// own is the image as it was asked for.
func (o observation) own() registry.Reference {
	ref, _ := registry.ParseReference(o.image)
	return ref
}

// rewritten reports whether the endpoint is asked for another name than the image's own.
func (o observation) rewritten() bool {
	return o.endpoint != nil && o.endpoint.Rewritten != registry.Position{}
}

// misled reports whether the image is there under the very name that a rewrite replaces.
func (o observation) misled() bool {
	return o.would(probe.WithoutRewrite) != nil ||
		o.rewritten() && o.would(probe.UnderLibrary) != nil && underLibrary(o.repository()) == o.own().Repository
}

func (o observation) mendRewrite(text string) Note {
	at := o.endpoint.Rewritten
	return Note{Text: text, File: at.File, Line: at.Line}
}

// orMendRewrite names the rewrite after the first step, where one decided what was asked for.
func (o observation) orMendRewrite(notes []Note) []Note {
	if !o.rewritten() {
		return notes
	}
	return slices.Insert(notes, 1, o.mendRewrite("or correct the rewrite, if "+o.repository()+" is not meant"+o.thenRestart()))
}

// underLibrary is a repository, or one with its tag, as Docker Hub names those without a user.
func underLibrary(repository string) string {
	i := strings.LastIndex(repository, "/") + 1
	return repository[:i] + "library/" + repository[i:]
}

// nowhere reports whether the image's own registry was asked after the mirrors, and lacks it
// too: then there is nothing to copy.
func (o observation) nowhere() bool {
	return o.gone || o.pull != nil && slices.ContainsFunc(o.pull.Attempts, func(a logparse.Attempt) bool {
		return a.Default && a.Cause == cause.NotFound
	})
}

// copies is the command that brings the image into the endpoint.
func (o observation) copies() []Note {
	bring := Note{Text: fmt.Sprintf("bring it into %s: %s", o.host(), o.concerned())}
	if ref, err := registry.ParseReference(o.image); err == nil {
		bring.Command = copyCommand(ref, *o.endpoint)
	}
	return []Note{bring}
}

// repository is what the endpoint is asked for, "" where no image is known.
func (o observation) repository() string {
	if o.endpoint == nil {
		return ""
	}
	return o.endpoint.Repository
}

func (o observation) manifest() string {
	if o.probe != nil && o.endpoint != nil && o.probe.Image.Name != "" {
		return o.endpoint.ManifestURL(o.probe.Image.Identifier())
	}
	if o.endpoint == nil && o.attempt != nil && o.attempt.URL != "" {
		return o.attempt.URL
	}
	return o.api()
}

// logged is the repository with tag or digest that the log says was asked for, "" where it does
// not: a mirror may have been asked for another name than the image's.
func (o observation) logged() string {
	if o.attempt == nil {
		return ""
	}
	request, _ := cause.ParseRequest(o.attempt.URL)
	repository, identifier, ok := request.Content()
	switch {
	case !ok:
		return ""
	case strings.Contains(identifier, ":"):
		return repository + "@" + identifier
	}
	return repository + ":" + identifier
}

// strange reports whether the probe found no registry where the log only shows a 404.
func (o observation) strange() bool {
	return o.cause == cause.NotFound && o.probe != nil && o.probe.Cause == cause.NotARegistry
}

// peersAlone reports whether only the nodes of the cluster were asked, by the embedded registry.
func (o observation) peersAlone() bool {
	return o.cause == cause.NotFound && o.url == "" && o.pull != nil && len(o.pull.Attempts) > 0
}

func notFound(o observation) string {
	switch {
	case o.peersAlone():
		return "no node of the cluster holds the image, and nothing but the embedded registry is asked for it"
	case o.strange():
		return noRegistry(o)
	case o.misled():
		return fmt.Sprintf("it has %s, but %s", o.own().Repository, o.asRewritten())
	case o.would(probe.UnderLibrary) != nil:
		return fmt.Sprintf("it does not have %s, but %s", o.asked(), underLibrary(o.asked()))
	case o.would(probe.WithoutNamespace) != nil:
		return fmt.Sprintf("it has %s, but not for ?ns=%s, which containerd adds", o.asked(), o.endpoint.Namespace)
	case o.asked() == "" && o.logged() != "":
		return "it answers, and does not have " + o.logged()
	case o.asked() == "":
		return "it answers, and does not have the repository or tag"
	case o.rewritten():
		return "it answers, and does not have " + o.asked() + o.others() + ": " + o.asRewritten()
	}
	return "it answers, and does not have " + o.asked() + o.others()
}

// asRewritten says what the rewrite makes of the image's name, and where it stands.
func (o observation) asRewritten() string {
	at := o.endpoint.Rewritten
	rule := "a rewrite"
	if at.Line > 0 {
		rule = fmt.Sprintf("the rewrite in line %d of %s", at.Line, path.Base(at.File))
	}
	return fmt.Sprintf("%s asks for %s in place of %s", rule, o.repository(), o.own().Repository)
}

// others are the images that fail in the same way, by their number.
func (o observation) others() string {
	if len(o.images) < 2 {
		return ""
	}
	return fmt.Sprintf(" and %d more", len(o.images)-1)
}

// asked is the repository with tag or digest that the endpoint is asked for, "" where none is.
func (o observation) asked() string {
	ref, err := registry.ParseReference(o.image)
	if err != nil || o.repository() == "" {
		return ""
	}
	return o.repository() + identifier(ref)
}

func nameRegistry(o observation) []Note {
	see := look("see what it answers", o.curl("-sSi", o.manifest()))
	switch {
	case o.would(probe.AtRoot) != nil:
		root := o.origin()
		return o.change(o.mendEndpoint(fmt.Sprintf("write %q, or %q for a project or proxy of it", root, root+"/v2/PROJECT")), see)
	case o.endpoint != nil && o.endpoint.Default && o.image != "":
		return []Note{{Text: "correct the registry in the image's name, or what answers in its place: " + o.concerned()}, see}
	}
	return o.change(o.mendEndpoint("name the registry's own host and path"), see)
}

// origin is the endpoint without its path.
func (o observation) origin() string { return o.endpoint.Scheme + "://" + o.endpoint.Host }

func noRegistry(o observation) string {
	switch {
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
