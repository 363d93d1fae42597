package diagnose

import (
	"path"
	"strings"

	"github.com/pullwhy/pullwhy/registry"
)

// copyToMirror is the command that brings an image from its own registry into the first
// mirror that is asked for it. "" where there is none, or where nobody can push to it.
func copyToMirror(image string, route Route) string {
	ref, err := registry.ParseReference(image)
	if err != nil {
		return ""
	}
	for _, ep := range route.Endpoints {
		if command := copyCommand(ref, ep); command != "" && !ep.Default && ep.Host != ref.Host {
			return command
		}
	}
	return ""
}

// copyCommand brings an image from its own registry to an endpoint, under the name by which
// containerd asks for it there.
func copyCommand(ref registry.Reference, ep registry.Endpoint) string {
	repository, ok := pushName(ep)
	if !ok {
		return ""
	}
	command := "crane copy "
	if ep.Scheme == "http" {
		command += "--insecure "
	}
	return command + quote(ref.Name) + " " + quote(ep.Host+"/"+repository+identifier(ref))
}

// pushName is the repository by which clients push what containerd asks the endpoint for:
// with what its path has beyond the API's root. Below any other root nobody can push, nor to
// what the nodes serve each other.
func pushName(ep registry.Endpoint) (repository string, ok bool) {
	prefix, ok := strings.CutPrefix(ep.Path+"/", "/v2/")
	return path.Join(prefix, ep.Repository), ok && ep.Repository != "" && !ep.Embedded
}

func identifier(ref registry.Reference) string {
	if ref.Digest != "" {
		return "@" + ref.Digest
	}
	return ":" + ref.Tag
}
