package diagnose

import (
	"regexp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// A habit is how a well-known registry words a refusal, where that says less, or more, than
// other registries mean by it.
type habit struct {
	host   func() *regexp.Regexp
	causes []cause.Cause
	says   string              // what the refusal means there
	look   func([]string) Note // what to type, by what host matched; nil for nothing
	user   string              // whose password that prints
	rather string              // what spares that in future
}

// saysBoth is of registries that tell nobody but those who may read it that an image is missing.
const saysBoth = "no such image, or a private one: the registry says the same of both"

var habits = []habit{
	{ // hub.docker.com, quay.io, GitHub Packages, NVIDIA NGC
		host:   lazyregexp.New(`^(registry-1\.docker\.io|quay\.io|ghcr\.io|nvcr\.io)$`),
		causes: []cause.Cause{cause.AuthMissing}, says: saysBoth,
	},
	{ // Amazon ECR user guide, "Private registry authentication"
		host:   lazyregexp.New(`^\d+\.dkr\.ecr(?:-fips)?\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$`),
		causes: []cause.Cause{cause.Forbidden, cause.AuthRejected},
		says:   "the token is older than 12 hours, or may not pull",
		look: func(m []string) Note {
			return look("get a new token for the user AWS", "aws ecr get-login-password --region "+m[1])
		},
		user:   "AWS",
		rather: "better, for a token lasts 12 hours: let the kubelet get one for each pull, by ecr-credential-provider and --image-credential-provider-config",
	},
	{ // GitHub Packages, "Working with the Container registry"
		host:   lazyregexp.New(`^ghcr\.io$`),
		causes: []cause.Cause{cause.Forbidden, cause.AuthRejected},
		says:   "the token lacks read:packages, or this package",
	},
	{ // Artifact Registry, "Configure access control"
		host:   lazyregexp.New(`(^|\.)gcr\.io$|-docker\.pkg\.dev$`),
		causes: []cause.Cause{cause.Forbidden},
		says:   "the user may not pull this, or it does not exist",
	},
}

// habit is that of the registry which refused, nil where it has none that is known.
func (o observation) habit() (*habit, []string) {
	return habitOf(o.endpointHost(), func(h habit) bool { return slices.Contains(h.causes, o.cause) })
}

// habitOf is the first habit of a host that is such, and what of the host matched; nil for none.
func habitOf(host string, such func(habit) bool) (*habit, []string) {
	for i, h := range habits {
		if m := h.host().FindStringSubmatch(host); m != nil && such(h) {
			return &habits[i], m
		}
	}
	return nil, nil
}

// denied reports whether the refusal is also how a missing image is hidden: by the registry's
// habit, or by its words. A mirror that wants credentials wants them for all it has.
func (o observation) denied() bool {
	if o.cause != cause.AuthMissing || o.endpoint != nil && !o.endpoint.Default || o.attempt == nil || strings.Contains(o.attempt.Error, "no basic auth") {
		return false
	}
	h, _ := o.habit()
	return h != nil || strings.Contains(o.attempt.Error, "insufficient_scope") || strings.Contains(o.attempt.Error, "anonymous token")
}

// habitualWords say what a refusal means by the registry's habit, "" for none.
func (o observation) habitualWords() string {
	if h, _ := o.habit(); h != nil {
		return h.says
	}
	return ""
}

// habitual puts before steps what the registry's habit calls for, where the credentials are
// the node's.
func (o observation) habitual(notes []Note) []Note {
	h, m := o.habit()
	if h == nil || h.look == nil || o.endpoint != nil && o.endpoint.Auth.Request {
		return notes
	}
	return append(o.token(h, m), notes...)
}

// issued are the steps by which credentials are got from a registry that issues tokens as
// passwords; nil for another one.
func (o observation) issued() []Note {
	h, m := habitOf(o.settingsHost(), func(h habit) bool { return h.look != nil })
	if h == nil {
		return nil
	}
	return o.token(h, m)
}

// token is how one is got by a registry's habit, and where it is set.
func (o observation) token(h *habit, m []string) []Note {
	token := someCredentials
	token.keys = []string{"username: " + h.user, "password: PASSWORD"}
	o.target = ""
	return slices.Concat([]Note{h.look(m)}, o.change(o.configure("set it as the password", token)...), []Note{{Text: h.rather}})
}
