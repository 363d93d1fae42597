package differential

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"slices"
	"strings"
	"testing"
)

// A tree is a certs.d, and the image hosts that are asked for.
type tree struct {
	files map[string]string // text by path; a path with a slash at its end is a directory
	links map[string]string // target by path
	asked []string
}

var imageHosts = []string{
	"docker.io", "registry.example.com", "registry.example.com:5000", "registry.example.com:443", "Upper.example.com", "10.1.2.3:5000",
	"localhost", "localhost:80", "localhost:443", "localhost:5000", "127.0.0.1", "127.0.0.1:5000", "[::1]", "[::1]:5000", "[fd00::10]:5000",
	"registry-1.docker.io",
}

// tree makes directories for some image hosts.
func (p pki) tree(r *rand.Rand) tree {
	t := tree{files: map[string]string{}, links: map[string]string{}, asked: []string{"docker.io", "unlisted.example.com:5000"}}
	for range 1 + r.IntN(3) {
		name := pick(r, imageHosts...)
		t.asked = append(t.asked, name)
		dir := name
		if host, port, ok := cutPort(name); ok && oneIn(r, 2) {
			dir = host + "_" + port + "_"
		}
		p.fill(r, t, dir)
	}
	if oneIn(r, 3) {
		p.fill(r, t, "_default")
	}
	return t
}

func cutPort(name string) (host, port string, ok bool) {
	i := strings.LastIndex(name, ":")
	if i <= 0 {
		return "", "", false
	}
	return name[:i], name[i+1:], true
}

// fill gives a directory what an administrator, Docker or an accident may leave there.
func (p pki) fill(r *rand.Rand, t tree, dir string) {
	if _, there := t.files[dir+"/"]; there || t.files[dir] != "" || t.links[dir] != "" {
		return
	}
	switch r.IntN(30) {
	case 0:
		t.files[dir] = "a file, no directory\n"
		return
	case 1:
		t.links[dir] = "absent"
		return
	case 2:
		t.links[dir] = "elsewhere"
		dir = "elsewhere"
	}
	t.files[dir+"/"] = ""
	if oneIn(r, 4) {
		p.dockerStyle(r, t, dir)
	}
	hosts := dir + "/hosts.toml"
	switch r.IntN(20) {
	case 0, 1:
	case 2:
		t.files[hosts] = ""
	case 3:
		t.files[hosts+"/"] = ""
	case 4:
		t.links[hosts] = pick(r, "absent", "../absent", "hosts.toml")
	default:
		t.files[hosts] = p.hostsTOML(r)
	}
}

// dockerStyle lays certificates out as Docker does, not always well.
func (p pki) dockerStyle(r *rand.Rand, t tree, dir string) {
	for range 1 + r.IntN(4) {
		name := dir + "/" + pick(r, "ca", "client", "b", "", "a.b")
		switch r.IntN(8) {
		case 0, 1, 2:
			t.files[name+".crt"] = p.texts[pick(r, "one.crt", "two.crt", "chain.crt", "one.key", "der", "empty")]
		case 3, 4:
			t.files[name+".cert"] = p.texts[pick(r, "one.crt", "one.both")]
			if oneIn(r, 2) {
				t.files[name+".key"] = p.texts[pick(r, "one.key", "one.key", "two.key")]
			}
		case 5:
			t.files[name+pick(r, ".crt", ".cert", ".key", ".CRT")+"/"] = ""
		case 6:
			t.links[name+pick(r, ".crt", ".cert", ".key")] = pick(r, p.dir+"/one.both", p.dir+"/folder", "absent")
		default:
			t.files[name+pick(r, ".pem", ".crt.bak", ".key")] = p.texts["one.crt"]
		}
	}
}

// write puts the tree below a directory, which it returns.
func (t tree) write(test *testing.T, dir string) string {
	test.Helper()
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		abs := path.Join(dir, name)
		if strings.HasSuffix(name, "/") {
			_ = os.MkdirAll(abs, 0o755) // unless a file stands there
		} else if info, err := os.Stat(abs); err != nil || !info.IsDir() {
			write(test, abs, t.files[name])
		}
	}
	for name, target := range t.links {
		_ = os.MkdirAll(path.Dir(path.Join(dir, name)), 0o755)
		if err := os.Symlink(target, path.Join(dir, name)); err != nil && !errors.Is(err, os.ErrExist) {
			test.Fatal(err)
		}
	}
	return dir
}

func (t tree) String() string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(t.files)) {
		text := t.files[name]
		if !strings.HasSuffix(name, "hosts.toml") && len(text) > 40 {
			text = text[:40] + "…"
		}
		fmt.Fprintf(&b, "-- %s --\n%s\n", name, text)
	}
	for _, name := range slices.Sorted(maps.Keys(t.links)) {
		fmt.Fprintf(&b, "-- %s -> %s\n", name, t.links[name])
	}
	return b.String()
}
