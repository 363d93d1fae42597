package registry

import "gopkg.in/yaml.v3"

// A Position is a place in one of the node's files. The zero value is no place.
type Position struct {
	File   string // absolute on the node; as named for a file named on the command line
	Line   int    // 1-based; 0: the whole file
	Column int    // 1-based, in runes; 0: unknown
}

// at is the place of n in file, the zero Position for no node.
func at(file string, n *yaml.Node) Position {
	if n == nil {
		return Position{}
	}
	return Position{File: file, Line: n.Line, Column: n.Column}
}
