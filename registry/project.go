package registry

import "strings"

// APIRoot is the path at which the registry API is to be found unless told otherwise.
const APIRoot = "/v2"

// BelowV2 is the path at which the registry has what the endpoint's path names if that is meant
// for a project, as Harbor has it; "" where the path says so already, or names nothing.
func (e Endpoint) BelowV2() string {
	project := strings.TrimSuffix(e.Path, APIRoot)
	switch {
	case strings.HasPrefix(project, APIRoot+"/") && project != e.Path: // containerd appended the other one
		return project
	case project == "" || strings.Contains(project+"/", APIRoot+"/"):
		return ""
	}
	return APIRoot + project
}

// AboveV2 is the same for a repository with an API of its own, as Nexus and Artifactory have it.
func (e Endpoint) AboveV2() string {
	if e.Path == "" || strings.Contains(e.Path+"/", APIRoot+"/") {
		return ""
	}
	return e.Path + APIRoot
}
