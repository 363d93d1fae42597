package logparse

import (
	"bufio"
	"bytes"
	"compress/bzip2"
	"errors"
	"io"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
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
	_, r.paste = r.blocks.in.(pasteReader)
	return err
}

// zstdWindow bounds what a decoder keeps: zstd --long takes twice as much, its level 22 no more.
const zstdWindow = 64 << 20

// unreadables are formats that others must undo, by how their files begin. (The .xz File
// Format, 2.1.1.1; APPNOTE.TXT, 4.3.7; systemd.io/JOURNAL_FILE_FORMAT)
var unreadables = []struct{ magic, undone string }{
	{"\xfd7zXZ\x00", "compressed by xz: xz -dc FILE | pullwhy logs -"},
	{"PK\x03\x04", "a zip archive: unzip -p FILE | pullwhy logs -"},
	{"LPKSHHRH", "a journal's own file: journalctl --file FILE -o json | pullwhy logs -"},
}

// plain is the text of in: decompressed, in UTF-8, lines whole, and events as they stand in
// JSON.
func plain(in *bufio.Reader) (io.Reader, error) {
	beginning, err := in.Peek(16)
	if err != nil && err != io.EOF {
		return nil, err
	}
	begins := func(magic string) bool { return bytes.HasPrefix(beginning, []byte(magic)) }
	for _, u := range unreadables {
		if begins(u.magic) {
			return nil, errors.New(u.undone)
		}
	}
	switch {
	case begins("\x1f\x8b"):
		return gzip.NewReader(in)
	case begins("\x28\xb5\x2f\xfd"):
		return zstd.NewReader(in, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdWindow))
	case begins("BZh"):
		return bzip2.NewReader(in), nil
	case begins("\xff\xfe"), begins("\xfe\xff"): // as PowerShell writes it
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
	return pasteReader{strings.NewReader(unwrapped(strings.ReplaceAll(string(text), "\u00a0", " ")))}
}

// A pasteReader reads a text that is short enough for a paste.
type pasteReader struct{ io.Reader }

// broken is what cannot be read on.
type broken struct{ err error }

func (b broken) Read([]byte) (int, error) { return 0, b.err }
