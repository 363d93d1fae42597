package diagnose

import (
	"path"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// copyCommand brings an image from its own registry into the first mirror that is asked for
// it, under the name by which it is asked for there. "" where there is no mirror, or where it
// has no such name.
func copyCommand(image string, route Route) string {
	ref, err := registry.ParseReference(image)
	if err != nil {
		return ""
	}
	for _, ep := range route.Endpoints {
		repository, ok := pushName(ep)
		if ep.Default || ep.Embedded || ep.Host == ref.Host || !ok {
			continue
		}
		command := "crane copy "
		if ep.Scheme == "http" {
			command += "--insecure "
		}
		return command + quote(ref.Name) + " " + quote(ep.Host+"/"+repository+identifier(ref))
	}
	return ""
}

// pushName is the repository by which clients push what containerd asks the endpoint for:
// with what its path has beyond the API's root. Below any other root nobody can push.
func pushName(ep registry.Endpoint) (repository string, ok bool) {
	prefix, ok := strings.CutPrefix(ep.Path+"/", "/v2/")
	return path.Join(prefix, ep.Repository), ok && ep.Repository != ""
}

func identifier(ref registry.Reference) string {
	if ref.Digest != "" {
		return "@" + ref.Digest
	}
	return ":" + ref.Tag
}
