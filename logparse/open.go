package logparse

import (
	"bufio"
	"io"

	"github.com/klauspost/compress/gzip"
	"golang.org/x/text/encoding/unicode"
	"golang.org/x/text/transform"
)

// opened opens a log and undoes what its content shows was done to it.
func opened(open func() (io.ReadCloser, error)) (io.Reader, io.Closer, error) {
	file, err := open()
	if err != nil {
		return nil, nil, err
	}
	in, err := plain(bufio.NewReaderSize(file, 64<<10))
	return in, file, err
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
