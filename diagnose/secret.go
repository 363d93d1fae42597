package diagnose

import (
	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
)

// lacked is the pull secret without which the kubelet asked, where credentials are the matter.
func (o observation) lacked() logparse.PullSecret {
	switch o.cause {
	case cause.AuthMissing, cause.AuthRejected, cause.Forbidden:
		if o.pull != nil {
			return o.pull.Secret
		}
	}
	return logparse.PullSecret{}
}

func (o observation) secretLacked() Note {
	s := o.lacked()
	if s.Name == "" {
		return Note{}
	}
	return Note{Text: "the kubelet could not read the pull secret " + s.Name + ", and asked without it", File: s.File, Line: s.Line}
}

func (o observation) secretWanted() []Note {
	s := o.lacked()
	if s.Name == "" {
		return nil
	}
	return []Note{
		{Text: "create the pull secret " + s.Name + " in the pod's own namespace, or correct its name in the pod"},
		look("see whether it is there", "kubectl -n NAMESPACE get secret "+quote(s.Name)),
	}
}
