package registry

import (
	"bytes"
	"fmt"

	"github.com/pelletier/go-toml/v2"
)

// maxTOMLKeys bounds the keys and tables of a file: go-toml looks for each among all those
// beside it, which takes half a minute for the 100,000 that maxConfigSize has room for.
const maxTOMLKeys = 10_000

// unmarshalTOML decodes a file with go-toml's second version.
func unmarshalTOML(text []byte, into any) *tomlError {
	if bytes.Count(text, []byte("="))+bytes.Count(text, []byte("[")) > maxTOMLKeys {
		return &tomlError{line: 1, message: fmt.Sprintf("the file has more than %d keys and tables", maxTOMLKeys)}
	}
	if err := toml.Unmarshal(text, into); err != nil {
		return newTOMLError(err)
	}
	return nil
}
