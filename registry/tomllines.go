package registry

import (
	"bytes"
	"strings"

	"github.com/pelletier/go-toml/v2/unstable"
)

// A lineCounter tells the lines of offsets that grow, and counts each line once.
type lineCounter struct {
	text          []byte
	offset, ended int // how far it has counted, and the lines that end before
}

// at is the 1-based line of an offset; of one before the last, that of the last.
func (c *lineCounter) at(offset int) int {
	if offset > c.offset {
		c.ended += bytes.Count(c.text[c.offset:offset], []byte("\n"))
		c.offset = offset
	}
	return c.ended + 1
}

// registryLines are the lines at which the parts of a registry table of config.toml begin:
// "" is the table itself, and "configs HOST" a host's part of configs.
func registryLines(text []byte) map[string]int {
	all := map[string]int{}
	p := unstable.Parser{}
	p.Reset(text)
	lines := lineCounter{text: text}
	var table []string
	for p.NextExpression() {
		e := p.Expression()
		key, offset := keyOf(e)
		if len(key) == 0 {
			continue
		}
		whole := key
		if e.Kind == unstable.KeyValue {
			whole = append(table[:len(table):len(table)], key...)
		} else {
			table = key
		}
		line := lines.at(offset)
		for i, part := range whole {
			if part != "registry" {
				continue
			}
			below := whole[i+1 : min(i+3, len(whole))]
			for depth := range len(below) + 1 {
				if name := strings.Join(below[:depth], " "); all[name] == 0 {
					all[name] = line
				}
			}
		}
	}
	return all
}
