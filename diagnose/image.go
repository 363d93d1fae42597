package diagnose

import (
	"cmp"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// An Image is one that was asked for by name: could this node pull it now?
type Image struct {
	Image     string             `json:"image"`
	Status    string             `json:"status"`   // Available, Unavailable or ImageUnknown
	Endpoint  string             `json:"endpoint"` // the one that would serve it; "" for none
	Cause     cause.Cause        `json:"cause"`
	Attempts  []logparse.Attempt `json:"attempts"`  // endpoints that would fail before, in order
	Platforms []string           `json:"platforms"` // of the index that was found first: os/architecture[/variant]; empty for an image of one platform
	Copy      string             `json:"copy"`      // command that brings it where it is missing; "" where none is known

	root *logparse.Attempt // where it fails; nil where it does not
}

// Whether an image could be pulled.
const (
	Available    = "available"
	Unavailable  = "unavailable"
	ImageUnknown = "unknown"
)

func (j *joined) images() []Image {
	images := make([]Image, 0, len(j.Images))
	for _, name := range j.Images {
		images = append(images, j.image(name))
	}
	return images
}

func (j *joined) image(name string) Image {
	img := Image{Image: name, Status: ImageUnknown, Attempts: []logparse.Attempt{}}
	route := j.routes[name]
	if route.Err != nil {
		img.Status, img.Cause = Unavailable, refusal(route.Err)
		return img
	}
	complete := len(route.Endpoints) > 0
	for _, ep := range route.Endpoints {
		p := j.probed(ep, name)
		if p != nil && len(img.Platforms) == 0 {
			img.Platforms = platforms(*p)
		}
		switch {
		case p == nil:
			complete = false
		case p.Status == probe.Skipped && p.Cause == cause.None: // containerd does not ask there
		case p.Status == probe.Skipped:
			complete, img.Cause = false, p.Cause
		case p.Status == probe.OK:
			img.Status, img.Endpoint, img.Cause = Available, ep.Spelling(), cause.None
			return img
		default:
			img.Attempts = append(img.Attempts, attemptOf(*p))
		}
	}
	if complete {
		j.missing(&img, route)
	}
	return img
}

// platforms are those of the index that a probe found.
func platforms(p probe.Result) []string {
	for _, s := range p.Steps {
		if len(s.Platforms) > 0 {
			return s.Platforms
		}
	}
	return nil
}

// missing says why an image is not available whose endpoints were all asked.
func (j *joined) missing(img *Image, route Route) {
	img.Status, img.Cause = Unavailable, cause.NotFound // by "no resolve hosts", where none is asked
	if j.unread(img.Image) != nil {                     // what the endpoints said is a consequence
		img.Cause = cause.ConfigInvalid
		return
	}
	if img.root = rootAttempt(img.Attempts, route.Endpoints); img.root == nil && len(img.Attempts) > 0 {
		img.root = &img.Attempts[0]
	}
	if img.root != nil {
		img.Cause = cmp.Or(img.root.Cause, cause.Unknown)
	}
	if img.Cause == cause.NotFound && !j.elsewhere(img) {
		img.Copy = copyToMirror(img.Image, route)
	}
}

// elsewhere reports whether a copy would be of no help: a mistake in the configuration is behind the
// failure, the endpoint has the image, but not as it is asked for it, or the image's own registry
// lacks it too.
func (j *joined) elsewhere(img *Image) bool {
	if img.root == nil {
		return false
	}
	o := j.observe(img.Image, img.root)
	mistaken := o.endpoint != nil && o.target == "" && j.tieIssue(o).behind != nil
	return mistaken || o.gone || o.misled() || o.otherPath() != "" || o.would(probe.UnderLibrary) != nil || o.would(probe.WithoutNamespace) != nil
}

// refusal names why containerd would send no request.
func refusal(err *registry.RouteError) cause.Cause {
	switch err.Stage {
	case registry.StageReference:
		return cause.InvalidReference
	case registry.StageHostList:
		return cause.ConfigFileUnreadable
	}
	return cause.ConfigInvalid
}
