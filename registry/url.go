package registry

import (
	"net/url"
	"path"
)

// URL is the API root: scheme, host and path, such as https://mirror.example.com:5000/v2.
func (e Endpoint) URL() string { return e.Scheme + "://" + e.Host + e.Path }

// Spelling is how an endpoint is written everywhere in reports: without the path, unless
// override_path makes that part of its name.
func (e Endpoint) Spelling() string {
	if e.OverridePath {
		return e.URL()
	}
	return e.Scheme + "://" + e.Host
}

// ManifestURL is where the manifest of the endpoint's Repository is asked for by tag or
// digest, with ?ns= where containerd sends it.
func (e Endpoint) ManifestURL(identifier string) string { return e.request("manifests", identifier) }

// BlobURL is where a blob of the endpoint's Repository is asked for.
func (e Endpoint) BlobURL(digest string) string { return e.request("blobs", digest) }

// PingURL is the API root with a slash at its end, which every registry answers.
func (e Endpoint) PingURL() string { return e.URL() + "/" }

// request joins and cleans the parts as containerd does.
// (core/remotes/docker/resolver.go, request)
func (e Endpoint) request(kind, object string) string {
	u := e.Scheme + "://" + e.Host + path.Join("/", e.Path, e.Repository, kind, object)
	if e.Namespace != "" {
		u += "?ns=" + url.QueryEscape(e.Namespace)
	}
	return u
}
