package registry

import (
	"fmt"
	"strings"

	"github.com/distribution/reference"
)

// A Reference is a normalised image reference, as containerd uses it.
type Reference struct {
	Name       string // whole: docker.io/library/nginx:1.25
	Host       string // image host, port included: docker.io
	Repository string // library/nginx
	Tag        string // 1.25; "" where a digest is pulled
	Digest     string // sha256:…; "" where a tag is pulled
}

// maxReference is more than a name (255 bytes), a tag (128) and a digest together can have;
// the parser takes a quarter of a second for each megabyte.
const maxReference = 1 << 10

// ParseReference normalises text as CRI does (distribution/reference ParseDockerRef):
// Docker Hub's defaults are added, and a tag beside a digest is dropped. The error is a
// [*RouteError].
func ParseReference(text string) (Reference, error) {
	if len(text) > maxReference {
		return Reference{}, &RouteError{Stage: StageReference, Message: fmt.Sprintf("parsing image reference %.40q…: it is %d bytes long", WithoutUserinfo(text), len(text))}
	}
	named, err := reference.ParseDockerRef(text)
	if err != nil {
		return Reference{}, &RouteError{Stage: StageReference, Message: fmt.Sprintf("parsing image reference %q: %v", WithoutUserinfo(text), err)}
	}
	ref := Reference{Name: named.String()}
	// Not Domain and Path: a host with an underscore is none to the parser, but containerd
	// takes what stands before the first slash. (containerd pkg/reference, Parse)
	ref.Host, ref.Repository, _ = strings.Cut(named.Name(), "/")
	if t, ok := named.(reference.Tagged); ok {
		ref.Tag = t.Tag()
	}
	if d, ok := named.(reference.Digested); ok {
		ref.Digest = d.Digest().String()
	}
	return ref, nil
}

// Identifier is what the manifest is asked by: the digest, else the tag.
func (r Reference) Identifier() string {
	if r.Digest != "" {
		return r.Digest
	}
	return r.Tag
}
