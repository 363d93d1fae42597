package registry

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	toml1 "github.com/pelletier/go-toml"
	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// hostFile are the keys that containerd reads at the root and in each [host] table.
type hostFile struct {
	Capabilities []string       `toml:"capabilities"`
	CA           any            `toml:"ca"`
	Client       any            `toml:"client"`
	SkipVerify   *bool          `toml:"skip_verify"`
	Header       map[string]any `toml:"header"`
	OverridePath bool           `toml:"override_path"`
	DialTimeout  any            `toml:"dial_timeout"`
	Rewrite      any            `toml:"rewrite"`
}

// HostFile is hostFile by a name that go-toml looks into where it is embedded.
type HostFile = hostFile

// hostsFile is a whole hosts.toml.
type hostsFile struct {
	HostFile
	Server *string             `toml:"server"`
	Hosts  map[string]hostFile `toml:"host"`
	order  []string            // of the [host."…"] tables
}

// maxTOML1 is how much the first version of go-toml is given to read: some texts take it a
// time that grows with the square of their size, 0.2 s for this.
const maxTOML1 = 64 << 10

// decode reads hosts.toml with the parser that the release has: go-toml's first version up
// to 1.7, which refuses and accepts other things than the second. order is that of the
// tables in the text.
func (d dialect) decode(text []byte, order []string) (hostsFile, *tomlError) {
	if d.version.before(2, 0, 0) && len(text) <= maxTOML1 && !readAlike(text) {
		return d.decode1(text)
	}
	file := hostsFile{order: order}
	return file, unmarshalTOML(text, &file)
}

// readAlike reports whether text is such that both versions of go-toml read it alike, as
// they do what K3s renders: host tables, each there once with its own behind it, keys in
// lower case, and values that are words, switches and lists of words. The first version
// takes six times as long.
func readAlike(text []byte) bool {
	p := unstable.Parser{}
	p.Reset(text)
	current, seen := "", map[string]bool{}
	for p.NextExpression() {
		e := p.Expression()
		parts, _ := keyOf(e)
		table := strings.Join(parts, "\n")
		switch {
		case e.Kind == unstable.KeyValue && len(parts) == 1 && parts[0] == strings.ToLower(parts[0]) && plainValue(e.Value()):
		case e.Kind != unstable.Table || seen[table] || parts[0] != "host" || strings.ContainsAny(table, "[]"),
			len(parts) == 1 && len(seen) > 0,
			len(parts) == 2 && parts[1] == "",
			len(parts) > 2 && parts[1] != current:
			return false
		default:
			if seen[table] = true; len(parts) > 1 {
				current = parts[1]
			}
		}
	}
	return len(seen) > 0 && p.Error() == nil && bytes.IndexByte(text, '\\') < 0
}

func plainValue(v *unstable.Node) bool {
	if v.Kind != unstable.Array {
		return v.Kind == unstable.String || v.Kind == unstable.Bool
	}
	kind := unstable.Invalid
	for it := v.Children(); it.Next(); {
		item := it.Node()
		if kind != unstable.Invalid && item.Kind != kind || !plainValue(item) {
			return false
		}
		kind = item.Kind
	}
	return true
}

func (d dialect) decode1(text []byte) (hostsFile, *tomlError) {
	file, tree, err := unmarshal1(text)
	if err != nil {
		return file, newTOML1Error(text, err)
	}
	if !tree.Has("server") {
		file.Server = nil // in upper case it is decoded, but does not count
	}
	hosts, _ := tree.Get("host").(*toml1.Tree)
	if hosts == nil && d.needsHostTable() {
		return file, &tomlError{message: "invalid `host` tree: there is no [host] table"}
	}
	lines := map[string]int{}
	for key := range file.Hosts {
		lines[key] = hosts.GetPositionPath([]string{key}).Line
	}
	file.order = slices.SortedFunc(maps.Keys(lines), func(a, b string) int {
		return cmp.Or(cmp.Compare(lines[a], lines[b]), cmp.Compare(a, b))
	})
	return file, nil
}

func unmarshal1(text []byte) (file hostsFile, tree *toml1.Tree, err error) {
	defer func() {
		if r := recover(); r != nil { // it recovers its own errors only
			err = fmt.Errorf("decoding: %v", r)
		}
	}()
	if tree, err = toml1.LoadBytes(text); err == nil {
		err = tree.Unmarshal(&file)
	}
	return file, tree, err
}

// needsHostTable reports whether the release refuses a file without any [host] table.
func (d dialect) needsHostTable() bool {
	if d.fork {
		return d.version.before(1, 7, 15)
	}
	return d.version.before(1, 7, 34)
}

func newTOMLError(err error) *tomlError {
	e := &tomlError{message: err.Error()}
	if d, ok := errors.AsType[*toml.DecodeError](err); ok {
		e.line, e.column = d.Position()
	}
	return e
}

var toml1Position = lazyregexp.New(`^\((\d+), (\d+)\): `)

// newTOML1Error words the error of the first version as the second does, which quotes no
// values; where that has none, only the place is known.
func newTOML1Error(text []byte, err error) *tomlError {
	var file hostsFile
	if e := unmarshalTOML(text, &file); e != nil {
		return e
	}
	e := &tomlError{message: "the TOML parser of this containerd does not take it, though newer ones do"}
	if m := toml1Position().FindStringSubmatch(err.Error()); m != nil {
		e.line, _ = strconv.Atoi(m[1])
		e.column, _ = strconv.Atoi(m[2])
	}
	return e
}
