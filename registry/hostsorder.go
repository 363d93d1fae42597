package registry

import (
	"bytes"
	"sync"

	"github.com/pelletier/go-toml/v2/unstable"
)

// hostsScan is what decoding a hosts.toml loses: the order of its tables, and lines.
type hostsScan struct {
	order []string
	lines map[string]entryLines
	root  entryLines
}

// tomlParsers keep their memory from one file to the next.
var tomlParsers = sync.Pool{New: func() any { return &unstable.Parser{} }}

// scanHosts lists the [host."…"] tables in the order of the file, as containerd does: a
// table that is returned to after another stands there twice.
// (core/remotes/docker/config/hosts.go, getSortedHosts)
func scanHosts(text []byte) hostsScan {
	s := hostsScan{lines: map[string]entryLines{}}
	line, offset := 1, 0
	lineAt := func(to int) int {
		line += bytes.Count(text[offset:to], []byte("\n"))
		offset = to
		return line
	}
	p := tomlParsers.Get().(*unstable.Parser)
	defer tomlParsers.Put(p)
	p.Reset(text)
	var current string
	here := &s.root // where keys belong to; nil: nowhere
	var table entryLines
	for p.NextExpression() {
		e := p.Expression()
		parts, at := keyOf(e)
		if len(parts) == 0 {
			continue
		}
		n := lineAt(max(at, offset))
		switch {
		case e.Kind == unstable.KeyValue && here != nil:
			here.set(parts[0], n)
			if here == &table {
				s.lines[current] = table
			}
		case e.Kind == unstable.Table && len(parts) >= 2 && parts[0] == "host":
			if parts[1] != current {
				current = parts[1]
				s.order = append(s.order, current)
			}
			here = nil
			if len(parts) == 2 {
				table = entryLines{entry: n}
				s.lines[current], here = table, &table
			} else if whole, known := s.lines[current]; known { // [host."…".header]
				whole.set(parts[2], n)
				s.lines[current] = whole
			}
		case e.Kind == unstable.Table, e.Kind == unstable.ArrayTable:
			here = nil
		}
	}
	return s
}

func (l *entryLines) set(key string, line int) {
	if key == "server" {
		l.entry = line
	}
	if l.keys == nil {
		l.keys = map[string]int{}
	}
	l.keys[key] = line
}

// keyOf is the dotted key of an expression, and its offset in the text.
func keyOf(e *unstable.Node) (parts []string, offset int) {
	if e.Kind != unstable.KeyValue && e.Kind != unstable.Table && e.Kind != unstable.ArrayTable {
		return nil, 0
	}
	for it := e.Key(); it.Next(); {
		if len(parts) == 0 {
			offset = int(it.Node().Raw.Offset)
		}
		parts = append(parts, string(it.Node().Data))
	}
	return parts, offset
}
