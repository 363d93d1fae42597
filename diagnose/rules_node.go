package diagnose

import (
	"fmt"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
)

// nodeRules judge what fails on the node itself, before or beside any request.
var nodeRules = map[cause.Cause]rule{
	cause.InvalidReference: {
		title:  "the image name does not parse",
		noun:   "invalid name",
		detail: says("no request was made: the name is not a valid image reference"),
		fix: func(o observation) []Note {
			return []Note{{Text: fmt.Sprintf("correct the image name in the pod's specification: %q", o.image)}}
		},
	},
	cause.ImageNeverPull: {
		title:  "the image is absent and may not be pulled",
		noun:   "pull policy",
		detail: says("the pod says imagePullPolicy: Never, and the image is not on this node"),
		fix: func(o observation) []Note {
			return []Note{{Text: "set imagePullPolicy: IfNotPresent, or import the image on this node: " + o.image, Command: "ctr -n k8s.io images import FILE.tar"}}
		},
	},
	cause.ConfigInvalid: {
		title:  "containerd's registry configuration is wrong or ignored",
		noun:   "configuration error",
		detail: ignored,
		fix:    observation.mend,
	},
	cause.ConfigFileUnreadable: {
		title:  "a configured certificate or key file cannot be used",
		noun:   "unreadable file",
		detail: says("no request was made: a CA, certificate or key file that the configuration names is missing or unusable, which fails every pull of that registry"),
		fix:    observation.mend,
	},
	cause.Cancelled: {
		title:  "the pull was cancelled",
		noun:   "cancellation",
		detail: says("the text does not say why; the kubelet or containerd was restarted, or the pod was deleted meanwhile"),
		fix: func(o observation) []Note {
			return []Note{look("pull it by hand", "crictl pull "+quote(o.image))}
		},
	},
	cause.Unknown: {
		title:  "the reason is not in the text",
		noun:   "error",
		detail: says("containerd's text does not decide what failed"),
		fix: func(o observation) []Note {
			return []Note{look("pull it by hand", "crictl pull "+quote(o.image)),
				{Text: "let pullwhy ask each endpoint for it", Command: "pullwhy diagnose " + quote(o.image)}}
		},
	},
}

func ignored(o observation) string {
	if o.told.Cause != "" {
		return "containerd could not decode a hosts.toml and ignored it: its mirrors and settings are lost, the built-in default endpoint is asked without them"
	}
	return "containerd refuses or ignores a part of its configuration"
}

// mend says what to do about a mistake in a file.
func (o observation) mend() []Note {
	switch {
	case o.issue != nil:
		return o.mendIssue()
	case o.refused != nil && o.refused.File != "":
		return o.change(Note{Text: fmt.Sprintf("correct %s: %s", o.refused.File, o.refused.Message), File: o.refused.File, Line: o.refused.Line})
	case o.told.Error != "":
		return o.change(Note{Text: "correct or remove the file that containerd could not decode: " + o.told.Error})
	}
	return o.change(Note{Text: "correct what containerd names: " + o.reported()})
}

func (o observation) mendIssue() []Note {
	fix := Note{Text: o.issue.Fix, File: o.issue.File, Line: o.issue.Line}
	if fix.Text == "" {
		fix.Text = fmt.Sprintf("correct line %d of %s: %s", o.issue.Line, o.issue.File, o.issue.Detail)
	}
	if strings.HasSuffix(o.issue.File, "hosts.toml") {
		return []Note{fix} // read at every pull
	}
	return o.change(fix)
}

func (o observation) reported() string {
	if o.pull == nil {
		return "its registry configuration"
	}
	return strings.TrimSpace(o.pull.Reported.Error)
}
