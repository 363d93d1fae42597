package diagnose

import (
	"cmp"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/probe"
	"github.com/pullwhy/pullwhy/registry"
)

// quotedPath is how containerd's errors name files.
var quotedPath = lazyregexp.New(`"(/[^"]+)"|(/\S+/hosts\.toml)`)

// pathIn is the first file that a text names, "" for none.
func pathIn(text string) string {
	m := quotedPath().FindStringSubmatch(text)
	if m == nil {
		return ""
	}
	return cmp.Or(m[1], m[2])
}

// spare reports whether the probe found a certificate to verify without the CA file that the
// text names.
func (j *joined) spare(text string) bool {
	return slices.ContainsFunc(j.Probes, func(p probe.Result) bool {
		return sameFile(p.Error, text) && slices.ContainsFunc(p.Counterfactuals, func(c probe.Counterfactual) bool {
			return c.Name == probe.SystemCAs && c.Holds
		})
	})
}

// sameFile reports whether both texts name one file.
func sameFile(a, b string) bool { return pathIn(a) != "" && pathIn(a) == pathIn(b) }

// issueNamedIn is the mistake whose file, or the file that it speaks of, the text names; nil
// for none.
func (j *joined) issueNamedIn(text string) *registry.Issue {
	for _, m := range quotedPath().FindAllStringSubmatch(text, -1) {
		path := cmp.Or(m[1], m[2])
		for i, issue := range j.Config.Issues {
			if path == issue.File || strings.Contains(issue.Detail, path) {
				return &j.Config.Issues[i]
			}
		}
	}
	return nil
}

// undecodable is the hosts.toml of the image's registry that containerd cannot decode; 1.x
// does not name the file.
func (j *joined) undecodable(image string) *registry.Issue {
	host, _, _ := strings.Cut(image, "/")
	if !slices.ContainsFunc(j.Config.Issues, func(i registry.Issue) bool { return i.Code == codeUndecodable && i.Registry == host }) &&
		!slices.ContainsFunc(j.registries, func(r registry.Registry) bool { return r.Name == host }) {
		host = "*" // whose file counts for it
	}
	for i, issue := range j.Config.Issues {
		if issue.Code == codeUndecodable && issue.Registry == host {
			return &j.Config.Issues[i]
		}
	}
	return nil
}

// unread is what of containerd's configuration for the image it does not take as it is
// written: a hosts.toml, or settings that exclude each other; nil where there is none.
func (j *joined) unread(image string) *registry.Issue {
	if issue := j.undecodable(image); issue != nil {
		return issue
	}
	for i, issue := range j.Config.Issues {
		if issue.Code == codeConflict && issue.Severity == registry.SeverityError {
			return &j.Config.Issues[i]
		}
	}
	return nil
}

// breaking is the rewrite by which K3s makes the hosts.toml of the image's registry
// unreadable, nil for none.
func (j *joined) breaking(image string) *registry.Issue {
	host, _, _ := strings.Cut(image, "/")
	for i, issue := range j.Config.Issues {
		if issue.Code == codeRewriteInvalid && issue.Registry == host && strings.Contains(issue.Detail, "hosts.toml") {
			return &j.Config.Issues[i]
		}
	}
	return nil
}
