package logparse

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"gopkg.in/yaml.v3"
)

// maxMember is how many bytes of a YAML member are read: messages of events are far shorter.
const maxMember = 64 << 10

// isYAML reports whether a text that begins so is what kubectl get -o yaml prints.
func isYAML(beginning []byte) bool {
	text := strings.TrimPrefix(string(beginning), "---\n")
	return strings.HasPrefix(text, "apiVersion: ") || strings.HasPrefix(text, "items:\n") || strings.HasPrefix(text, "kind: ")
}

// A yamlReader reads kubectl's YAML so that the members of an event stand as they do in its
// JSON, each on one line, however many lines its text was folded to. Their number stays, and
// so does every other line.
type yamlReader struct {
	in  *bufio.Reader
	out bytes.Buffer
	err error
}

// Read implements [io.Reader].
func (r *yamlReader) Read(p []byte) (int, error) {
	for r.out.Len() == 0 {
		if r.err != nil {
			return 0, r.err
		}
		r.member()
	}
	return r.out.Read(p)
}

// member reads one line, and those that go on with it where it is an event's member.
func (r *yamlReader) member() {
	var line []byte
	line, r.err = r.in.ReadSlice('\n')
	if r.err == bufio.ErrBufferFull {
		r.err = nil
	}
	key, indent := yamlKey(string(line))
	if !slices.Contains(yamlMembers, key) {
		r.out.Write(line)
		return
	}
	text := strings.Repeat(" ", indent) + string(line[indent:])
	for r.err == nil && len(text) < maxMember && r.goesOn(indent) {
		line, r.err = r.in.ReadSlice('\n')
		text += string(line)
	}
	r.out.WriteString(jsonLine(key, text))
}

// goesOn reports whether the next line belongs to a member that is indented so far.
func (r *yamlReader) goesOn(indent int) bool {
	next, _ := r.in.Peek(indent + 1)
	return strings.TrimLeft(string(next), " ") == "" && len(next) > indent || len(next) > 0 && next[0] == '\n'
}

// yamlMembers are those of an event that tell what happened, and when.
var yamlMembers = []string{
	"count", "firstTimestamp", "lastTimestamp", "eventTime", "message", "note",
	"deprecatedCount", "deprecatedFirstTimestamp", "deprecatedLastTimestamp",
}

// yamlKey is the key that line begins with, and where.
func yamlKey(line string) (key string, indent int) {
	rest := strings.TrimLeft(line, " ")
	rest = strings.TrimPrefix(rest, "- ")
	key, _, _ = strings.Cut(rest, ":")
	return key, len(line) - len(rest)
}

// jsonLine is a member in JSON, and as many line ends as text has; text itself where it
// cannot be read.
func jsonLine(key, text string) string {
	var document yaml.Node
	if yaml.Unmarshal([]byte(text), &document) != nil || len(document.Content) != 1 || len(document.Content[0].Content) != 2 {
		return text
	}
	value := document.Content[0].Content[1]
	quoted, err := json.Marshal(value.Value)
	if value.Tag == "!!int" {
		quoted = []byte(value.Value)
	}
	if err != nil || value.Kind != yaml.ScalarNode || value.Tag == "!!null" {
		return text
	}
	ends := strings.Repeat("\n", strings.Count(text, "\n"))
	if ends != "" && !strings.HasSuffix(text, "\n") {
		ends += " " // the last line counts without its end, too
	}
	return fmt.Sprintf("  %q: %s%s", key, quoted, ends)
}
