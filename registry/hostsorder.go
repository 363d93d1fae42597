package registry

import (
	"slices"
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
	s := hostsScanner{hostsScan: hostsScan{lines: map[string]entryLines{}}}
	counter := lineCounter{text: text}
	p := tomlParsers.Get().(*unstable.Parser)
	defer tomlParsers.Put(p)
	p.Reset(text)
	for p.NextExpression() {
		e := p.Expression()
		parts, offset := keyOf(e)
		if len(parts) == 0 {
			continue
		}
		switch line := counter.at(offset); {
		case e.Kind == unstable.KeyValue:
			s.key(parts[0], line)
		case e.Kind == unstable.Table && len(parts) > 1 && parts[0] == "host":
			s.table(parts[1:], line)
		default:
			s.begun, s.open = true, false
			if known := slices.ContainsFunc(s.root.keys, func(k keyLine) bool { return k.key == parts[0] }); !known && parts[0] != "host" {
				s.root.set(parts[0], line)
			}
		}
	}
	return s.hostsScan
}

// A hostsScanner is a scan on its way through a file.
type hostsScanner struct {
	hostsScan
	host  string // of the last [host."…"] table; "" before the first
	begun bool   // a table has, after which no key is one of the root
	open  bool   // the last table is that of host
}

// table begins a table below host: that of a host, or one inside that.
func (s *hostsScanner) table(path []string, line int) {
	if path[0] != s.host {
		s.host = path[0]
		s.order = append(s.order, s.host)
	}
	s.begun, s.open = true, len(path) == 1
	if s.open {
		s.lines[s.host] = entryLines{entry: line}
	} else if _, known := s.lines[s.host]; known { // [host."…".header]
		s.set(path[1], line)
	}
}

func (s *hostsScanner) key(name string, line int) {
	switch {
	case !s.begun:
		s.root.set(name, line)
	case s.open:
		s.set(name, line)
	}
}

// set notes the line of a key of the last host.
func (s *hostsScanner) set(key string, line int) {
	lines := s.lines[s.host]
	lines.set(key, line)
	s.lines[s.host] = lines
}

func (l *entryLines) set(key string, line int) {
	if key == "server" {
		l.entry = line
	}
	l.keys = append(l.keys, keyLine{key, line})
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
