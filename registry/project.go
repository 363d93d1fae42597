package registry

import "strings"

const apiRoot = "/v2"

// BelowV2 is the path at which the registry has what the endpoint's path names if that is meant
// for a project, as Harbor has it; "" where the path says so already, or names nothing.
func (e Endpoint) BelowV2() string {
	project := strings.TrimSuffix(e.Path, apiRoot)
	switch {
	case strings.HasPrefix(project, apiRoot+"/") && project != e.Path: // containerd appended the other one
		return project
	case project == "" || strings.Contains(project+"/", apiRoot+"/"):
		return ""
	}
	return apiRoot + project
}

// AboveV2 is the same for a repository with an API of its own, as Nexus and Artifactory have it.
func (e Endpoint) AboveV2() string {
	if e.Path == "" || strings.Contains(e.Path+"/", apiRoot+"/") {
		return ""
	}
	return e.Path + apiRoot
}
