package registry

import (
	"net"
	"strings"
)

// hubHost is where containerd asks for images of docker.io.
// (containerd core/remotes/docker.DefaultHost)
const (
	hub     = "docker.io"
	hubHost = "registry-1.docker.io"
)

func defaultHost(host string) string {
	if host == hub {
		return hubHost
	}
	return host
}

// isLocalhost is containerd's core/remotes/docker.IsLocalhost. [::1] is none without a
// port.
func isLocalhost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	return host == "localhost" || net.ParseIP(host).IsLoopback()
}

// portOf is the port of host[:port], "" for none.
func portOf(host string) string {
	_, port, _ := net.SplitHostPort(host)
	return port
}

// hostDirectories are the directories that containerd looks for below certs.d, first
// first. (core/remotes/docker/config/config_unix.go, hostPaths)
func hostDirectories(host string) []string {
	dirs := []string{host, wildcardDir}
	if i := strings.LastIndex(host, ":"); i > 0 {
		dirs = append([]string{host[:i] + "_" + host[i+1:] + "_"}, dirs...)
	}
	return dirs
}

const (
	wildcard    = "*"
	wildcardDir = "_default"
)

// imageHost is the image host that a directory of certs.d serves.
func imageHost(dir string) string {
	if dir == wildcardDir {
		return wildcard
	}
	name, isPort := strings.CutSuffix(dir, "_")
	i := strings.LastIndex(name, "_")
	if !isPort || i <= 0 || i+1 == len(name) || strings.Trim(name[i+1:], "0123456789") != "" {
		return dir
	}
	return name[:i] + ":" + name[i+1:]
}
