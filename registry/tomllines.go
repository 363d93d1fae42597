package registry

import (
	"bytes"

	"github.com/pelletier/go-toml/v2/unstable"
)

// registryLines are the lines at which the parts of a registry table of config.toml begin:
// "" is the table itself.
func registryLines(text []byte) map[string]int {
	all := map[string]int{}
	p := unstable.Parser{}
	p.Reset(text)
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
		line := 1 + bytes.Count(text[:offset], []byte("\n"))
		for i, part := range whole {
			if part != "registry" {
				continue
			}
			for _, name := range append([]string{""}, whole[i+1:min(i+2, len(whole))]...) {
				if _, known := all[name]; !known {
					all[name] = line
				}
			}
		}
	}
	return all
}
