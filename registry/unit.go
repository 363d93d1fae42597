package registry

import (
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
)

// unitDirs are where systemd looks for units, first first. (systemd.unit(5))
var unitDirs = []string{
	"/etc/systemd/system", "/run/systemd/system", "/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system",
}

// A unit is a systemd service with its drop-ins.
type unit struct {
	name string
	args []string // of ExecStart, without the program, variables expanded
	file string   // that has ExecStart
	env  map[string]string
	from map[string]string // the file that each variable came from last

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
	var envFiles, command []string
	for _, file := range f.unitFiles(name) {
		text, err := f.readAny(file, KindUnit, maxConfigSize)
		if err != nil {
			continue
		}
		for _, line := range logicalLines(string(text)) {
			key, value, _ := strings.Cut(line, "=")
			switch strings.TrimSpace(key) {
			case "ExecStart":
				command, u.file = shellWords(value), file
			case "Environment":
				words := shellWords(value)
				if len(words) == 0 { // takes back what was said before
					u.forget()
				}
				u.set(words, file)
			case "EnvironmentFile":
				file := strings.TrimPrefix(strings.TrimSpace(value), "-")
				if file == "" {
					envFiles = nil
					continue
				}
				envFiles = append(envFiles, strings.NewReplacer("%N", name, "%n", name+".service", "%p", name).Replace(file))
			}
		}
	}
	if len(envFiles) == 0 {
		envFiles = []string{"/etc/default/" + name, "/etc/sysconfig/" + name, "/etc/systemd/system/" + name + ".service.env"}
	}
	for _, file := range envFiles {
		text, err := f.readAny(file, KindEnvironment, maxConfigSize)
		if err != nil {
			continue
		}
		for _, line := range logicalLines(string(text)) {
			u.set([]string{strings.Join(shellWords(strings.TrimPrefix(line, "export ")), " ")}, file)
		}
	}
	if len(command) > 0 {
		u.args = u.expand(command[1:])
	}
	return u
}

var variable = regexp.MustCompile(`\$\{(\w+)\}`)

// expand replaces variables as systemd does: $NAME alone becomes words, ${NAME} a part of
// one. (systemd.service(5), Command lines)
func (u *unit) expand(words []string) []string {
	var all []string
	for _, word := range words {
		if name, ok := strings.CutPrefix(word, "$"); ok && !strings.HasPrefix(name, "{") {
			all = append(all, shellWords(u.env[name])...)
			continue
		}
		all = append(all, variable.ReplaceAllStringFunc(word, func(v string) string { return u.env[v[2:len(v)-1]] }))
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

// forget is what an empty Environment= does. (systemd.exec(5))
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
