package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/registry"
)

const (
	lookEvery   = 2 * time.Second // at the files that were read, whether they changed
	rereadEvery = time.Minute     // whatever they look like: there may be new ones
)

// A watchedNode is the node and its configuration, read anew when its files change.
type watchedNode struct {
	node        *registry.Node
	config      *registry.Config
	fingerprint string // of the configuration

	read, looked time.Time
	stamps       map[string]stamp // of the files that were read or looked for
}

// A stamp tells that a file was changed or replaced.
type stamp struct {
	size     int64
	modified time.Time
	missing  bool
}

// refresh reads the node's files where they may have changed, or where the log says that
// another containerd was started; true where they were read. version is what the log says, ""
// for nothing. An error is that of a named registries.yaml that cannot be read; what was read
// before stays.
func (w *watchedNode) refresh(d *diagnosis, now time.Time, version string) (bool, error) {
	if w.config != nil && now.Sub(w.looked) < lookEvery {
		return false, nil
	}
	w.looked = now
	if w.config != nil && now.Sub(w.read) < rereadEvery && !w.changed() && (version == "" || version == w.node.ContainerdVersion) {
		return false, nil
	}
	w.read = now
	node := registry.ReadNode(hostRoot(d.hostRoot)) // without Root: who reads of it is not where the node is mounted
	if w.node != nil && version == "" {
		version = w.node.ContainerdVersion // its line was rotated away
	}
	node.ContainerdVersion = cmp.Or(version, node.ContainerdVersion)
	config, err := d.config.load(d.env, node)
	if err != nil {
		return false, err
	}
	w.node, w.config = node, config
	w.stamps = w.stampAll()
	w.fingerprint = fingerprint(config)
	return true, nil
}

// changed reports whether a file is another one than when it was read.
func (w *watchedNode) changed() bool {
	for file, old := range w.stamps {
		if w.stampOf(file) != old {
			return true
		}
	}
	return false
}

func (w *watchedNode) stampAll() map[string]stamp {
	stamps := map[string]stamp{}
	for _, sources := range [][]registry.Source{w.node.Sources, w.config.Sources} {
		for _, s := range sources {
			for _, file := range stamped(s) {
				stamps[file] = w.stampOf(file)
			}
		}
	}
	return stamps
}

// stamped are a source and the folders that change where another such file comes or goes.
func stamped(s registry.Source) []string {
	folder := path.Dir(s.Path)
	switch s.Kind {
	case registry.KindHostsTOML:
		return []string{s.Path, folder, path.Dir(folder)}
	case registry.KindConfigTOML:
		return []string{s.Path, folder, path.Join(folder, "certs.d")}
	}
	return []string{s.Path}
}

func (w *watchedNode) stampOf(file string) stamp {
	info, err := fs.Stat(w.node.FS, strings.TrimPrefix(file, "/"))
	if err != nil {
		return stamp{missing: true}
	}
	return stamp{size: info.Size(), modified: info.ModTime()}
}

// fingerprint is the same on nodes whose images are asked for at the same places in the
// same way. No secret goes into it.
func fingerprint(c *registry.Config) string {
	type place struct {
		Registry, URL, User, From string
		CAFiles                   []string
		SkipVerify, Default       bool
	}
	var places []place
	for _, r := range c.Registries() {
		for _, ep := range r.Endpoints {
			places = append(places, place{r.Name, ep.Spelling(), ep.Auth.Username, ep.Auth.From, ep.CAFiles, ep.SkipVerify, ep.Default})
		}
	}
	text, _ := json.Marshal([]any{places, c.Rendered()}) // rewrites are in what K3s renders, credentials are not
	return fmt.Sprintf("%x", sha256.Sum256(text))[:12]
}
