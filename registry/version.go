package registry

import (
	"cmp"
	"debug/buildinfo"
	"io"
	"strconv"
	"strings"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// version is a containerd release. The zero value is unknown.
type version struct {
	major, minor, patch int
	k3s                 bool // built from k3s-io/containerd
}

var releaseText = lazyregexp.New(`^v?(\d+)\.(\d+)\.(\d+)`)

func parseVersion(text string) version {
	m := releaseText().FindStringSubmatch(text)
	if m == nil {
		return version{k3s: strings.Contains(text, "-k3s")}
	}
	v := version{k3s: strings.Contains(text, "-k3s")}
	v.major, _ = strconv.Atoi(m[1])
	v.minor, _ = strconv.Atoi(m[2])
	v.patch, _ = strconv.Atoi(m[3])
	return v
}

func (v version) known() bool { return v.major > 0 }

// before reports whether v is known and older than the release named.
func (v version) before(major, minor, patch int) bool {
	return v.known() && cmp.Or(cmp.Compare(v.major, major), cmp.Compare(v.minor, minor), cmp.Compare(v.patch, patch)) < 0
}

// since reports whether v is known and at least the release named.
func (v version) since(major, minor, patch int) bool {
	return v.known() && !v.before(major, minor, patch)
}

var startLine = lazyregexp.New(`starting containerd.*?version"?[=:]\s*"?([^\s",}]+)`)

// versionOfLog reads the first line of containerd's live log, which after a start names
// the release.
func (f *files) versionOfLog(abs string) string {
	file, _, err := openRegular(f.fs, abs)
	if err != nil {
		return ""
	}
	defer file.Close()
	head, _ := io.ReadAll(io.LimitReader(file, 4<<10))
	line, _, _ := strings.Cut(string(head), "\n")
	if m := startLine().FindStringSubmatch(line); m != nil {
		return m[1]
	}
	return ""
}

// versionOfBinary reads the release of containerd from the Go build information of the
// first of the programs that has it: the multi-call binary of K3s, or containerd itself.
func (f *files) versionOfBinary(programs ...string) string {
	for _, abs := range programs {
		if v := f.buildVersion(abs); v != "" {
			return v
		}
	}
	return ""
}

func (f *files) buildVersion(abs string) string {
	file, _, err := openRegular(f.fs, abs)
	if err != nil {
		return ""
	}
	defer file.Close()
	at, ok := file.(io.ReaderAt)
	if !ok {
		return ""
	}
	info, err := buildinfo.Read(at)
	if err != nil {
		return ""
	}
	for _, dep := range info.Deps {
		if dep.Path != "github.com/containerd/containerd" && dep.Path != "github.com/containerd/containerd/v2" {
			continue
		}
		if dep.Replace != nil {
			return dep.Replace.Version
		}
		return dep.Version
	}
	if strings.HasPrefix(info.Main.Path, "github.com/containerd/containerd") && releaseText().MatchString(info.Main.Version) {
		return info.Main.Version
	}
	return ""
}
