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

// A named is an image under the name by which it is counted: its reference as CRI normalises
// it (distribution/reference ParseDockerRef), else the text as written.
type named struct {
	image string
	ref   imageRef
}

// maxReference is more than a name (255 bytes), a tag (128) and a digest together can have.
const maxReference = 1 << 10

func normalised(image string) named {
	if len(image) > maxReference {
		return named{image: image}
	}
	parsed, err := reference.ParseDockerRef(image)
	if err != nil {
		return named{image: image}
	}
	n := named{image: parsed.String()}
	n.ref.host, n.ref.repository, _ = strings.Cut(parsed.Name(), "/")
	switch p := parsed.(type) {
	case reference.Digested:
		n.ref.identifier = p.Digest().String()
	case reference.Tagged:
		n.ref.identifier = p.Tag()
	}
	return n
}
