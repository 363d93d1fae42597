package diagnose

import (
	"cmp"
	"fmt"
	"path"
	"slices"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// repeated adds to an observation of the log what the probe says of its images now: whether
// the endpoint, if it is still one, serves them all, or else another one does.
func (j *joined) repeated(o observation) observation {
	if o.pull == nil || o.pull.Stage != logparse.StageResolve || o.attempt == nil || o.attempt.Source != logparse.SourceLog {
		return o
	}
	o.passes = o.endpoint != nil && j.servesAll(o, o.endpoint.Spelling())
	if o.passes || o.pull.Status != Failing {
		return o
	}
	for _, ep := range j.routes[o.image].Endpoints {
		if url := ep.Spelling(); url != o.url && j.servesAll(o, url) {
			o.served = url
			return o
		}
	}
	o.former = j.isFormer(o)
	return o
}

// isFormer reports whether the endpoint of the log is none any more of those that this node asks for
// the image.
func (j *joined) isFormer(o observation) bool {
	asked := j.routes[o.image].Endpoints
	return j.Node.Distribution != registry.Unknown && o.endpoint == nil && o.url != "" && len(asked) > 0 && !slices.ContainsFunc(asked, func(ep registry.Endpoint) bool {
		return sameHost(ep.Spelling(), o.url)
	})
}

// servesAll reports whether the probe got all of the observation's images from an endpoint.
func (j *joined) servesAll(o observation, url string) bool {
	return !slices.ContainsFunc(o.images, func(image string) bool {
		return !slices.ContainsFunc(j.routes[image].Endpoints, func(ep registry.Endpoint) bool {
			p := j.probed(ep, image)
			return ep.Spelling() == url && p != nil && p.Status == probe.OK
		})
	})
}

// allowedNow reports whether the request of the pull, which fails still, was sent with other
// credentials than those which this node has now and which nobody is known to refuse.
func (o observation) allowedNow() bool {
	switch {
	case o.pull == nil || o.pull.Status != Failing:
		return false
	case o.passes:
		return !anonymous(*o.endpoint) || o.cause == cause.Forbidden
	}
	return o.unsent() && (o.probe == nil || o.probe.Cause != cause.AuthRejected)
}

// unsent reports whether the log shows that no credentials were sent, and this node has some.
func (o observation) unsent() bool {
	return o.cause == cause.AuthMissing && o.endpoint != nil && !anonymous(*o.endpoint) && o.endpoint.Auth.Type != registry.AuthError &&
		o.attempt != nil && o.attempt.Source == logparse.SourceLog
}

// asLogged is the observation without what is configured and probed today, which says nothing
// of a failure that is over.
func (o observation) asLogged() observation {
	node := *o.node
	node.Env = nil
	o.node, o.probe = &node, nil
	if o.cause != cause.NotFound || o.rewritten() {
		o.endpoint = nil
	}
	return o
}

// allowed says what has changed since the registry did not take the credentials, or had none.
func (o observation) allowed() string {
	now := "it passes now with the credentials of " + o.credentialsPlace()
	switch {
	case !o.passes:
		return "none were sent when it failed; credentials are configured now: " + o.credentialsPlace()
	case anonymous(*o.endpoint):
		return "it passes now without credentials: a pull secret's user may not pull it, or a policy forbade it"
	case o.cause == cause.AuthMissing:
		return now + "; none were sent when it failed"
	case o.cause == cause.Forbidden:
		return now + "; when it failed others were sent, or a policy forbade it"
	}
	return now + "; those of the log were earlier ones, or a pull secret's"
}

// credentialsPlace is where the endpoint's credentials stand.
func (o observation) credentialsPlace() string {
	if o.config != nil && !o.endpoint.Auth.Request {
		for _, k := range o.config.ConfigsKeys() {
			if k.Name == o.endpoint.Auth.From && k.Auth.Line > 0 {
				return fmt.Sprintf("%s:%d", path.Base(k.Auth.File), k.Auth.Line)
			}
		}
	}
	return cmp.Or(o.endpoint.Auth.From, "this node")
}

// servedElsewhere says which other endpoint has the images now, before what is wrong with this one.
func (o observation) servedElsewhere() string {
	text := "available now from " + o.served
	if !slices.ContainsFunc(o.pull.Attempts, func(a logparse.Attempt) bool { return a.Source == logparse.SourceLog && sameHost(a.Endpoint, o.served) }) {
		text += ", which the log of the failure does not name"
	}
	if o.endpoint == nil {
		return text + ", and this one is not configured: pull again; when it failed: "
	}
	if o.probe == nil || o.probe.Status != probe.Failed {
		return text + ": pull again; when it failed: "
	}
	return text + ": pull again; this one fails still: "
}

// formerly says so, before what was wrong with it.
const formerly = "this node is not configured to ask this endpoint any more: pull again; when it failed: "

// pullAgain is the first step where the images can be had now, or others are asked for them.
func (o observation) pullAgain() Note {
	return look("pull again", o.crictl("pull "+quote(o.image)))
}

// retry is what to do where the credentials of today are taken.
func (o observation) retry() []Note {
	notes := []Note{o.pullAgain()}
	if !anonymous(*o.endpoint) && !o.endpoint.Auth.Request {
		restart := o.apply(Note{File: o.configTOML()})
		restart[0].Text = "if it fails alike, " + restart[0].Text
		notes = append(notes, restart...)
	}
	return append(notes, Note{Text: "if only the pod's pull fails again, correct its imagePullSecret: its credentials go before those of the node"},
		look("see which one the pod names", "kubectl get pod POD -o jsonpath='{.spec.imagePullSecrets}'"))
}

// settled are the steps where the images can be had now, by what the cause's rule would have
// one do. To mend a mirror that another one stands in for stays; the registry itself, after which
// none is asked, only to look at.
func (o observation) settled(notes []Note) []Note {
	all := []Note{o.pullAgain()}
	if o.passes || o.endpoint == nil {
		return all
	}
	for _, n := range notes {
		onlyLooks := n.Command != "" && n.File == ""
		if n.Command != all[0].Command && (onlyLooks || !o.endpoint.Default) {
			all = append(all, n)
		}
	}
	return all
}
