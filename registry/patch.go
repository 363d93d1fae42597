package registry

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/aymanbagabas/go-udiff"
	"gopkg.in/yaml.v3"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// Patch is a unified diff, for patch -p1 in the node's root, that makes the edits in
// registries.yaml; "" where there is nothing to change. It shows no line that may hold a
// secret: around such lines it has less context. An error says that an edit does not fit
// the file as it is written, that K3s would not read the result or lose something that
// stood there, or that a line with a secret would have to be shown.
func (c *Config) Patch(edits []Edit) (string, error) {
	f := c.state().registries
	if len(edits) == 0 {
		return "", nil
	}
	edits, err := together(edits)
	if err != nil {
		return "", fmt.Errorf("editing %q: %w", f.path, err)
	}
	edited, err := apply(f.text, edits)
	if err != nil {
		return "", fmt.Errorf("editing %q: %w", f.path, err)
	}
	becomes, err := f.keeping(edited, edits)
	if err != nil {
		return "", fmt.Errorf("editing %q: %w", f.path, err)
	}
	before, after := string(f.text), string(edited)
	hidden := map[string]bool{}
	f.hideLines(hidden)
	becomes.hideLines(hidden)
	name := strings.TrimPrefix(f.path, "/")
	for context := udiff.DefaultContextLines; context >= 0; context-- {
		diff, err := udiff.ToUnified("a/"+name, "b/"+name, before, udiff.Lines(before, after), context)
		if err != nil {
			return "", fmt.Errorf("comparing %q: %w", f.path, err)
		}
		if diff = recounted(diff); !shows(diff, hidden) {
			return diff, nil
		}
	}
	return "", fmt.Errorf("editing %q: %w", f.path, errors.New("a line to change holds a secret"))
}

// maxPatched bounds the search for what goes together, in bytes of registries.yaml that are read.
const maxPatched = 8 << 20

// MaxPatches is how many patches of the file are to be tried: of a large one few, for each of them
// reads it.
func (c *Config) MaxPatches() int {
	return max(1, maxPatched/(len(c.state().registries.text)+1))
}

// PatchAll is a Patch of all the edits that go together, which are those of one mistake in each
// element, the more important first. In a file so large that trying takes long, some are left out.
func (c *Config) PatchAll(mistakes [][]Edit) string {
	var edits []Edit
	patch := ""
	tries := c.MaxPatches()
	var add func(mistakes [][]Edit)
	add = func(mistakes [][]Edit) {
		if len(mistakes) == 0 || tries == 0 {
			return
		}
		tries--
		more := slices.Concat(edits, slices.Concat(mistakes...))
		if p, err := c.Patch(more); err == nil {
			edits, patch = more, p
		} else if half := len(mistakes) / 2; half > 0 {
			add(mistakes[:half])
			add(mistakes[half:])
		}
	}
	add(mistakes)
	return patch
}

var hunkHeader = lazyregexp.New(`^@@ -(\d+)(?:,\d+)? \+(\d+)(?:,\d+)? @@`)

// recounted corrects the headers of hunks that have no line of the old text, or none of the
// new one: these stand behind the line before. (pubs.opengroup.org, diff, unified format)
func recounted(diff string) string {
	lines := strings.SplitAfter(diff, "\n")
	for i, line := range lines {
		m := hunkHeader().FindStringSubmatch(line)
		if m == nil {
			continue
		}
		var of, to int
		for _, body := range lines[i+1:] {
			if hunkHeader().MatchString(body) {
				break
			}
			of += count(strings.HasPrefix(body, " ") || strings.HasPrefix(body, "-"))
			to += count(strings.HasPrefix(body, " ") || strings.HasPrefix(body, "+"))
		}
		lines[i] = fmt.Sprintf("@@ -%s +%s @@\n", span(m[1], of), span(m[2], to))
	}
	return strings.Join(lines, "")
}

// span is a place of a hunk's header: its first line and how many there are.
func span(first string, lines int) string {
	switch lines {
	case 0:
		n, _ := strconv.Atoi(first)
		return fmt.Sprintf("%d,0", n-1)
	case 1:
		return first
	}
	return fmt.Sprintf("%s,%d", first, lines)
}

var errLoses = errors.New("something that stands there would be lost")

// keeping is the edited file. K3s must read of it what it reads of the file as it is, and each
// value that an edit writes.
func (f *registriesFile) keeping(edited []byte, edits []Edit) (*registriesFile, error) {
	after, errs := readRegistries(f.path, edited)
	if len(errs) > 0 {
		return nil, &errs[0]
	}
	least := f.told
	for _, e := range edits {
		switch {
		case e.Remove: // an entry of configs, or a part of it
			least -= 1 + f.configs[e.Path[1]].size()
		case e.At.Line == 0 && !holds(after.root, e.Path, e.Text):
			return nil, errNotHere
		}
	}
	if after.told < least {
		return nil, errLoses
	}
	return after, nil
}

// size is how many things the file tells K3s.
func (f *registriesFile) size() int {
	n := len(f.mirrors) + len(f.configs)
	for _, m := range f.mirrors {
		n += len(m.endpoints) + len(m.rewrites)
	}
	for _, s := range f.configs {
		n += s.size()
	}
	return n
}

func (s settings) size() int {
	n := 0
	if a := s.auth; a != nil {
		n += count(true, a.username != "", !a.password.Empty(), !a.encoded.Empty(), !a.token.Empty())
	}
	if t := s.tls; t != nil {
		n += count(true, t.ca.value != "", t.cert.value != "", t.pkey.value != "", t.skipVerify)
	}
	return n
}

func count(all ...bool) int {
	n := 0
	for _, one := range all {
		if one {
			n++
		}
	}
	return n
}

// holds reports whether a text is the value at a path of keys.
func holds(node *yaml.Node, path []string, text string) bool {
	for _, name := range path {
		if node == nil || node.Kind != yaml.MappingNode {
			return false
		}
		_, node = lookUp(node, name)
	}
	return node != nil && node.Value == text
}

func shows(diff string, hidden map[string]bool) bool {
	for line := range strings.Lines(diff) {
		if hidden[strings.TrimRight(line[1:], "\r\n")] {
			return true
		}
	}
	return false
}

// hideLines adds the lines of the file that may hold a secret: all but those that are known to
// hold none.
func (f *registriesFile) hideLines(hidden map[string]bool) {
	known := map[int]bool{}
	openLines(f.root, nil, known)
	for i, line := range strings.Split(string(f.text), "\n") {
		line = strings.TrimRight(line, "\r")
		if !isBlank(line) && !(known[i+1] && !mayBeSecret(line)) {
			hidden[line] = true
		}
	}
}

// openLines notes the lines of keys and values that hold no secret: true for a line whose
// every scalar is such.
func openLines(n *yaml.Node, path []string, known map[int]bool) {
	if n == nil || n.Kind == yaml.AliasNode {
		return
	}
	for i, child := range n.Content {
		switch {
		case n.Kind == yaml.MappingNode && i%2 == 0:
			note(child, opensKey(path), known)
		case n.Kind == yaml.MappingNode:
			openLines(child, append(path[:len(path):len(path)], n.Content[i-1].Value), known)
		default:
			openLines(child, path, known)
		}
	}
	if n.Kind == yaml.ScalarNode && n.Value != "" {
		note(n, opensValue(path, n.Value), known)
	}
}

func note(n *yaml.Node, open bool, known map[int]bool) {
	before, seen := known[n.Line]
	known[n.Line] = open && (!seen || before) && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0
}

// opensKey reports whether the keys below a path are names that anybody may see.
func opensKey(path []string) bool {
	return len(path) < 3 || ofMirror(path) || path[len(path)-1] == "tls"
}

// opensValue reports the same of a value. People write credentials below mirrors too, which K3s
// ignores there.
func opensValue(path []string, value string) bool {
	switch {
	case len(path) < 2:
		return false
	case path[len(path)-2] == "tls":
		return !speaksOfSecrets(path[len(path)-1])
	}
	return ofMirror(path) || path[0] == "mirrors" && (strings.HasPrefix(value, "https://") || strings.HasPrefix(value, "http://"))
}

// ofMirror reports whether a path leads to a mirror's endpoints or rewrites, or to what was
// meant for them.
func ofMirror(path []string) bool {
	return len(path) > 2 && path[0] == "mirrors" &&
		slices.Contains([]string{"endpoint", "endpoints", "rewrite", "rewrites"}, strings.ToLower(path[2]))
}

// mayBeSecret reports whether a line that is otherwise known to be harmless has user
// information in an address, a key, or a comment where it speaks of credentials.
func mayBeSecret(line string) bool {
	return strings.Contains(line, "@") || strings.Contains(strings.ToLower(line), "private key-----") ||
		strings.Contains(line, "#") && speaksOfSecrets(line)
}

func speaksOfSecrets(text string) bool {
	text = strings.ToLower(text)
	return slices.ContainsFunc([]string{"pass", "token", "secret", "cred", "auth"}, func(word string) bool { return strings.Contains(text, word) })
}
