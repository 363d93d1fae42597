package registry

import (
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"
)

// An EnvChange is a variable that one of the unit's files sets otherwise than the running containerd
// has it, and that was changed since.
type EnvChange struct {
	Variable string // in upper case, without the prefix by which it is containerd's alone
	Value    string // may hold a password
	At       Position
}

// NextEnv is Env as a restart would make it.
func (n *Node) NextEnv() map[string]string {
	next := maps.Clone(n.Env)
	for _, c := range n.EnvChanges {
		delete(next, strings.ToLower(c.Variable))
		next[c.Variable] = c.Value
	}
	return next
}

// compareEnvironment finds what of the proxy's variables was changed in the unit's files since the
// process began that was started with them. That a file is newer is not enough, nor that the values
// differ: variables come from elsewhere too, for which one that is set no more is not told.
func (r *nodeReader) compareEnvironment() {
	n := &r.node
	began := n.unitStarted()
	if began.IsZero() {
		return
	}
	wanted := pickEnvironment(r.unit.env, n.isK3s())
	for _, variable := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR"} {
		value := effective(wanted, variable)
		if now := effective(n.Env, variable); value == "" || value == now || variable == "NO_PROXY" && holdsAll(now, value) {
			continue
		}
		if file, as := r.setIn(variable); r.files.modified(file).After(began) {
			n.EnvChanges = append(n.EnvChanges, EnvChange{variable, value, r.files.lineOf(file, as)})
		}
	}
}

// unitStarted is when the unit's own process began, the agent's or containerd's.
func (n *Node) unitStarted() time.Time {
	if n.isK3s() {
		return n.Started
	}
	return n.ContainerdStarted
}

// setIn is the file of the unit that sets a variable, and under which name.
func (r *nodeReader) setIn(variable string) (file, as string) {
	for _, as := range []string{containerdPrefix + variable, containerdPrefix + strings.ToLower(variable), variable, strings.ToLower(variable)} {
		if file := r.unit.from[as]; file != "" && (r.node.isK3s() || !strings.HasPrefix(as, containerdPrefix)) {
			return file, as
		}
	}
	return "", ""
}

// effective is the value that counts of a variable that is known in two spellings, of which the
// upper-case one wins. (golang.org/x/net/http/httpproxy, FromEnvironment)
func effective(env map[string]string, variable string) string {
	return cmp.Or(env[strings.ToUpper(variable)], env[strings.ToLower(variable)])
}

// holdsAll reports whether a list of exceptions has all that is wanted: a K3s server adds its own.
// (k3s pkg/cli/server/server.go)
func holdsAll(list, wanted string) bool {
	items := func(r rune) bool { return r == ',' || r == ' ' }
	has := strings.FieldsFunc(list, items)
	return !slices.ContainsFunc(strings.FieldsFunc(wanted, items), func(item string) bool { return !slices.Contains(has, item) })
}

// modified is when a file was changed, zero where that cannot be told.
func (f *files) modified(abs string) time.Time {
	if info, err := fs.Stat(f.fs, name(abs)); abs != "" && err == nil {
		return info.ModTime()
	}
	return time.Time{}
}

// lineOf is the last line of a file that sets a variable, 0 for none.
func (f *files) lineOf(abs, variable string) Position {
	at := Position{File: abs}
	text, _ := readLimited(f.fs, abs, maxConfigSize)
	for i, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), "#") && strings.Contains(line, variable+"=") {
			at.Line, at.Column = i+1, 1
		}
	}
	return at
}

// lintEnvironment tells of changes of the environment that the running process does not have.
func (n *linter) lintEnvironment() {
	byFile := map[string][]EnvChange{}
	for _, c := range n.node.EnvChanges {
		byFile[c.At.File] = append(byFile[c.At.File], c)
	}
	for _, file := range slices.Sorted(maps.Keys(byFile)) {
		changes := byFile[file]
		var names []string
		for _, c := range changes {
			names = append(names, c.Variable)
		}
		program, fix := Containerd, "restart containerd"
		if n.node.isK3s() {
			program, fix = n.node.program(), "restart the agent"
		}
		n.reportChange(changes[0].At, SeverityError, fix, fmt.Sprintf("not in effect: %s of %s, changed after %s began to run (%s)",
			strings.Join(names, ", "), path.Base(file), program, clock(n.node.unitStarted())))
	}
}
