package logparse

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// open opens the log and undoes what its content shows was done to it.
func (r *reading) open() error {
	file, err := r.log.Open()
	if err != nil {
		return err
	}
	r.file = file
	beginning := bufio.NewReaderSize(file, 64<<10)
	if r.blocks.in, err = plain(beginning); r.blocks.in == beginning {
		r.parts = newParts(file)
	}
	return err
}

// plain is the text of in: decompressed, in UTF-8, and events as they stand in JSON.
func plain(in *bufio.Reader) (io.Reader, error) {
	beginning, err := in.Peek(16)
	if err != nil && err != io.EOF {
		return nil, err
	}
	switch magic := string(beginning[:min(2, len(beginning))]); {
	case magic == "\x1f\x8b":
		return gzip.NewReader(in)
	case magic == "\xff\xfe", magic == "\xfe\xff": // as PowerShell writes it
		return transform.NewReader(in, unicode.BOMOverride(transform.Nop)), nil
	case isYAML(beginning):
		return &yamlReader{in: in}, nil
	}
	return in, nil
}
