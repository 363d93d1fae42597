package diagnose

import (
	"cmp"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/logparse"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// bring says how the image comes where it is looked for, or is looked for where it is.
func bring(o observation) []Note {
	see := look("ask for it by hand", o.curl("-sSI", o.manifest()))
	switch {
	case o.peersAlone():
		return o.change(Note{Text: "list an endpoint for " + cmp.Or(o.own().Host, "the registry") + " under mirrors, or let the default endpoint be asked", File: o.settings()},
			Note{Text: "or bring the image to one node, from which the others get it: " + o.concerned(), Command: o.ctr("images import FILE.tar")})
	case o.strange(), o.otherPath() != "":
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
	case o.otherPath() != "":
		return fmt.Sprintf("it does not have %s there, but at %s", o.asked(), o.otherPath())
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
