package logparse

import (
	"bufio"
	"bytes"
	"io"
	"strings"

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
	beginning := bufio.NewReaderSize(file, maxPaste+1)
	if r.blocks.in, err = plain(beginning); r.blocks.in == beginning {
		r.parts = newParts(file)
	}
	return err
}

// plain is the text of in: decompressed, in UTF-8, lines whole, and events as they stand in
// JSON.
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
	return whole(in), nil
}

// whole is in, with its lines put together where it is short enough for a paste.
func whole(in *bufio.Reader) io.Reader {
	text, err := in.Peek(maxPaste + 1)
	switch {
	case err == nil || len(text) == 0 || bytes.IndexByte(text, 0) >= 0:
		return in
	case err != io.EOF:
		return io.MultiReader(bytes.NewReader(text), broken{err})
	}
	return strings.NewReader(unwrapped(string(text)))
}

// broken is what cannot be read on.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
