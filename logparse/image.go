package logparse

import (
	"strings"

	"github.com/distribution/reference"
)

// An imageRef is a normalised image reference in the parts that log lines show. The zero
// value is no reference.
type imageRef struct {
	host       string // port included: docker.io
	repository string // library/nginx
	identifier string // digest, else tag
}

// maxReference is more than a name (255 bytes), a tag (128) and a digest together can have.
const maxReference = 1 << 10

// normalised is the name under which an image is counted: its reference as CRI normalises
// it (distribution/reference ParseDockerRef), else the text as written.
func normalised(image string) (string, imageRef) {
	if len(image) > maxReference {
		return image, imageRef{}
	}
	named, err := reference.ParseDockerRef(image)
	if err != nil {
		return image, imageRef{}
	}
	var ref imageRef
	ref.host, ref.repository, _ = strings.Cut(named.Name(), "/")
	switch n := named.(type) {
	case reference.Digested:
		ref.identifier = n.Digest().String()
	case reference.Tagged:
		ref.identifier = n.Tag()
	}
	return named.String(), ref
}
