package logparse

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/klauspost/compress/gzip"
)

// headSize is how much of its beginning a log is recognised by. A file's name, number and
// even inode change hands; the first lines with their times are those of one file and of
// its copies.
const headSize = 512

// A logFile is one file of a followed log, read to offset.
type logFile struct {
	name    string // as lines are said to be from
	file    *os.File
	info    fs.FileInfo // when it was opened
	stream  io.Reader   // of what a compressed file holds; nil: it is not compressed
	head    []byte      // up to headSize bytes of its beginning, as far as they are there
	offset  int64       // decompressed
	size    int64       // when it was read last
	scratch [headSize]byte

	rotated bool  // it stands beside the live one
	resumed bool  // a copy that is read from where reading the last file ended
	atEnd   bool  // to be read from its end on
	cut     bool  // it was truncated: what followed offset is elsewhere
	broken  bool  // it is compressed, and cannot be read to its end
	fault   error // of the last read, which may pass
}

var errNotRegular = errors.New("not a regular file")

// openLog opens a file and reads its head.
func openLog(path, name string, compressed bool) (*logFile, error) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() { // a pipe would wait for ever
		err = &fs.PathError{Op: "open", Path: path, Err: errNotRegular}
	}
	if err != nil {
		return nil, err
	}
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	l := &logFile{name: name, file: file}
	if l.info, err = file.Stat(); err == nil {
		err = l.readHead(compressed)
	}
	if err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func (l *logFile) readHead(compressed bool) error {
	if !compressed {
		n, err := l.file.ReadAt(l.scratch[:], 0)
		l.head = bytes.Clone(l.scratch[:n])
		return ignoreEnd(err)
	}
	in, err := gzip.NewReader(l.file)
	if err != nil { // it cannot be told from any other, and is left alone
		return nil
	}
	n, _ := io.ReadFull(in, l.scratch[:])
	l.head = bytes.Clone(l.scratch[:n])
	l.stream = io.MultiReader(bytes.NewReader(l.head), in)
	return nil
}

// close also takes the nil file.
func (l *logFile) close() {
	if l != nil {
		l.file.Close()
	}
}

// resumeAt goes on where reading another file ended, of which l is a copy.
func (l *logFile) resumeAt(offset int64) {
	l.offset = offset
	if l.stream != nil {
		_, err := io.CopyN(io.Discard, l.stream, offset)
		l.broken = ignoreEnd(err) != nil
	}
}

// read reads on; 0 at the present end. What was read counts only if the file begins as
// before after it: then it was not truncated in the meantime.
func (l *logFile) read(buf []byte) (int, error) {
	if l.cut || l.broken {
		return 0, nil
	}
	if l.stream != nil {
		return l.readStream(buf)
	}
	n, err := l.file.ReadAt(buf, l.offset)
	if l.fault = ignoreEnd(err); l.fault != nil {
		return 0, l.fault
	}
	info, err := l.file.Stat()
	if err != nil {
		l.fault = err
		return 0, err
	}
	if l.cut = !l.beginsAsBefore(buf[:n]); l.cut {
		return 0, nil
	}
	l.size = info.Size()
	if n == 0 {
		l.offset = min(l.offset, l.size) // shortened, but begun as before: it goes on from there
	}
	l.offset += int64(n)
	return n, nil
}

func (l *logFile) readStream(buf []byte) (int, error) {
	n, err := l.stream.Read(buf)
	l.offset += int64(n)
	if ignoreEnd(err) != nil {
		l.broken = true
	}
	return n, nil
}

// beginsAsBefore compares the head with the file's, and extends it by a chunk that was
// read behind it.
func (l *logFile) beginsAsBefore(chunk []byte) bool {
	head := l.head
	if l.offset == int64(len(head)) && len(head) < headSize {
		head = append(head[:len(head):len(head)], chunk[:min(len(chunk), headSize-len(head))]...)
	}
	n, _ := l.file.ReadAt(l.scratch[:len(head)], 0)
	if !bytes.Equal(l.scratch[:n], head) {
		return false
	}
	l.head = head
	return true
}

// seekEnd reads to the present end without telling, and returns the number of line ends
// there and whether the last line is whole.
func (l *logFile) seekEnd(buf []byte) (lines int, whole bool, err error) {
	for whole = true; ; {
		n, err := l.read(buf)
		if n == 0 {
			return lines, whole, err
		}
		lines += bytes.Count(buf[:n], []byte{'\n'})
		whole = buf[n-1] == '\n'
	}
}

// ended reports whether there may be another file to go on with: this one was truncated, or
// is not the live log at path any more.
func (l *logFile) ended(path string) bool {
	if l.cut || l.broken || l.rotated {
		return true
	}
	live, err := os.Stat(path)
	return err != nil || !os.SameFile(l.info, live)
}

// alike reports whether two heads are of one file, one of which may have been shorter then.
func alike(a, b []byte) bool {
	return len(a) > 0 && len(b) > 0 && (bytes.HasPrefix(a, b) || bytes.HasPrefix(b, a))
}
