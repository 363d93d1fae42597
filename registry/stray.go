package registry

import (
	"bytes"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// A stray is a table of config.toml with settings of registries that containerd does not read,
// for what it stands under is no plugin's name: one without its quotes, or misspelt.
type stray struct {
	name string // as it is written in TOML; "" for none
	at   Position
}

// strayTable is the name of such a table of plugins, "" where there is none.
func strayTable(plugins table) string {
	for _, key := range slices.Sorted(maps.Keys(plugins)) {
		if t := sub(plugins, key); t != nil && !slices.Contains([]string{pluginV1, pluginV2, pluginV3}, key) {
			if name := strayIn(t, key); strings.Contains(name, ".cri") { // a snapshotter may have one, too
				return "plugins." + name
			}
		}
	}
	return ""
}

func strayIn(t table, key string) string {
	written := key
	if strings.Trim(key, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_") != "" {
		written = strconv.Quote(key)
	}
	if key == "registry" || strings.HasSuffix(key, ".registry") {
		_, path := t["config_path"].(string)
		if path || sub(t, "mirrors") != nil || sub(t, "configs") != nil {
			return written
		}
	}
	for _, inner := range slices.Sorted(maps.Keys(t)) {
		if below := sub(t, inner); below != nil {
			if name := strayIn(below, inner); name != "" {
				return written + "." + name
			}
		}
	}
	return ""
}

// findStray is the first such table of a file.
func findStray(abs string, text []byte, root table) stray {
	s := stray{name: strayTable(sub(root, "plugins")), at: Position{File: abs}}
	if s.name == "" {
		return s
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if strings.HasPrefix(strings.ReplaceAll(strings.TrimSpace(string(line)), "'", `"`), "["+s.name) {
			s.at.Line, s.at.Column = i+1, 1
			break
		}
	}
	return s
}
