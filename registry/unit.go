package registry

import (
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// unitDirs are where systemd looks for units, first first. (systemd.unit(5))
var unitDirs = []string{
	"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
}

// A unit is a systemd service with its drop-ins.
type unit struct {
	name     string
	args     []string // of ExecStart, without the program, variables expanded
	file     string   // that has ExecStart
	env      map[string]string
	from     map[string]string // the file that each variable came from last
	command  []string          // ExecStart as written
	envFiles []string          // EnvironmentFile

	proxyFrom string // the file that gave a variable of proxyEnvironment last
}

func (f *files) hasUnit(name string) bool {
	for _, dir := range unitDirs {
		if f.exists(dir + "/" + name + ".service") {
			return true
		}
	}
	return false
}

// readUnit reads a unit's file, its drop-ins and environment files.
func (f *files) readUnit(name string) unit {
	u := unit{name: name}
	u.forget()
	for _, file := range f.unitFiles(name) {
		for _, line := range f.linesOf(file, KindUnit) {
			u.setting(line, file)
		}
	}
	if len(u.envFiles) == 0 {
		u.envFiles = []string{"/etc/default/" + name, "/etc/sysconfig/" + name, "/etc/systemd/system/" + name + ".service.env"}
	}
	for _, file := range u.envFiles {
		for _, line := range f.linesOf(file, KindEnvironment) {
			u.set([]string{strings.Join(shellWords(strings.TrimPrefix(line, "export ")), " ")}, file)
		}
	}
	if len(u.command) > 0 {
		u.args = u.expand(u.command[1:])
	}
	return u
}

// linesOf are the logical lines of a file that may be absent.
func (f *files) linesOf(file, kind string) []string {
	text, err := f.readAny(file, kind, maxConfigSize)
	if err != nil {
		return nil
	}
	return logicalLines(string(text))
}

// setting takes one line of a unit's file into account. What is set to nothing takes back
// what was said before. (systemd.exec(5), systemd.service(5))
func (u *unit) setting(line, file string) {
	key, value, _ := strings.Cut(line, "=")
	words := shellWords(value)
	switch strings.TrimSpace(key) {
	case "ExecStart":
		u.command, u.file = words, file
	case "Environment":
		if len(words) == 0 {
			u.forget()
		}
		u.set(words, file)
	case "EnvironmentFile":
		path := strings.TrimPrefix(strings.TrimSpace(value), "-")
		if path == "" {
			u.envFiles = nil
			return
		}
		u.envFiles = append(u.envFiles, strings.NewReplacer("%N", u.name, "%n", u.name+".service", "%p", u.name).Replace(path))
	}
}

var variable = lazyregexp.New(`\$\{(\w+)\}`)

// expand replaces variables as systemd does: $NAME alone becomes words, ${NAME} a part of
// one. (systemd.service(5), Command lines)
func (u *unit) expand(words []string) []string {
	var all []string
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "$"); ok && !strings.HasPrefix(name, "{") {
			all = append(all, shellWords(u.env[name])...)
			continue
		}
		all = append(all, variable().ReplaceAllStringFunc(word, func(v string) string { return u.env[v[2:len(v)-1]] }))
	}
	return all
}

// unitFiles are the unit's file and its drop-ins in the order in which they apply: by their
// names, whatever their folder, of which the first hides those of the same name in others.
// (systemd.unit(5))
func (f *files) unitFiles(name string) []string {
	var all []string
	for _, dir := range unitDirs {
		if file := dir + "/" + name + ".service"; f.exists(file) {
			all = append(all, file)
			break
		}
	}
	dropIns := map[string]string{} // by name
	for _, dir := range slices.Backward(unitDirs) {
		for _, file := range f.glob(dir + "/" + name + ".service.d/*.conf") {
			dropIns[path.Base(file)] = file
		}
	}
	for _, base := range slices.Sorted(maps.Keys(dropIns)) {
		all = append(all, dropIns[base])
	}
	return all
}

// forget takes all variables back.
func (u *unit) forget() {
	u.env, u.from, u.proxyFrom = map[string]string{}, map[string]string{}, ""
}

func (u *unit) set(assignments []string, file string) {
	for _, text := range assignments {
		if key, value, ok := strings.Cut(text, "="); ok {
			key = strings.TrimSpace(key)
			u.env[key], u.from[key] = value, file
			if proxyEnvironment[strings.TrimPrefix(key, containerdPrefix)] {
				u.proxyFrom = file
			}
		}
	}
}

// logicalLines joins lines that end in a backslash and drops comments and blank lines.
func logicalLines(text string) []string {
	var all []string
	for _, line := range strings.Split(strings.ReplaceAll(text, "\\\n", " "), "\n") {
		line = strings.TrimSpace(line)
		if line != "" && line[0] != '#' && line[0] != ';' {
			all = append(all, line)
		}
	}
	return all
}

// shellWords splits a line into words; quotation marks and backslashes keep blanks.
func shellWords(line string) []string {
	var words []string
	var word strings.Builder
	var quote byte
	open := false // a word has begun
	for i := 0; i < len(line); i++ {
		c := line[i]
		switch {
		case quote != 0 && c == quote:
			quote = 0
		case quote == 0 && (c == '"' || c == '\''):
			quote, open = c, true
		case c == '\\' && quote != '\'' && i+1 < len(line):
			i++
			word.WriteByte(line[i])
			open = true
		case quote == 0 && (c == ' ' || c == '\t' || c == '\r'):
			if open {
				words = append(words, word.String())
			}
			word.Reset()
			open = false
		default:
			word.WriteByte(c)
			open = true
		}
	}
	if open {
		words = append(words, word.String())
	}
	return words
}
