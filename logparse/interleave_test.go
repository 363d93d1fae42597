package logparse

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestInterleaved mixes the lines of 50 pulls of different images, as containerd does, and
// takes them apart again: each pull must come out as it does alone.
func TestInterleaved(t *testing.T) {
	seeds := 60
	if testing.Short() {
		seeds = 10
	}
	for _, release := range []string{"1.7", "2.1", "2.4"} {
		t.Run(release, func(t *testing.T) {
			for seed := range seeds {
				interleaved(t, release, uint64(seed))
			}
		})
	}
}

func interleaved(t *testing.T, release string, seed uint64) {
	t.Helper()
	random := rand.New(rand.NewPCG(seed, 1))
	c := newCluster(random)
	var before []string // one pull from each registry, alone, as when a node begins
	var logs [][]string
	want := map[string][]string{}
	for i := range 50 + len(imageHosts) {
		host := imageHosts[i%len(imageHosts)]
		if i >= len(imageHosts) {
			host = imageHosts[random.IntN(len(imageHosts))]
		}
		image, lines := c.pull(release, host, i)
		if i < len(imageHosts) {
			before = append(before, lines...)
		} else {
			logs = append(logs, lines)
		}
		if pulls := scan(t, "alone", []byte(strings.Join(stamped(lines), "\n"))).Pulls(); len(pulls) == 1 {
			want[image] = describeBriefly(pulls[0])
		} else {
			t.Fatalf("%d pulls alone", len(pulls))
		}
	}
	got := map[string][]string{}
	mixed := stamped(append(before, mix(random, logs)...))
	for _, p := range scan(t, "mixed", []byte(strings.Join(mixed, "\n"))).Pulls() {
		got[p.Image] = describeBriefly(p)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("%s, seed %d (-alone +mixed)\n%s", release, seed, diff)
	}
}

func describeBriefly(p Pull) []string {
	return append([]string{fmt.Sprint(p.Failures, p.Succeeded, p.Reported.Cause, p.Reported.Endpoint)}, inBrief(p.Attempts)...)
}

// mix keeps the order of each pull's lines. About ten pulls run at a time.
func mix(random *rand.Rand, logs [][]string) []string {
	var mixed []string
	for len(logs) > 0 {
		i := random.IntN(min(10, len(logs)))
		mixed = append(mixed, logs[i][0])
		if logs[i] = logs[i][1:]; len(logs[i]) == 0 {
			logs = slices.Delete(logs, i, i+1)
		}
	}
	return mixed
}

func stamped(lines []string) []string {
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	all := make([]string, len(lines))
	for i, line := range lines {
		at = at.Add(50 * time.Millisecond)
		all[i] = fmt.Sprintf("time=%q %s", at.Format(time.RFC3339Nano), line)
	}
	return all
}

// A cluster pulls from a few registries, each through its own mirror, or all through one.
type cluster struct {
	random  *rand.Rand
	mirrors map[string]string // by image host
	denies  map[string]bool   // mirrors that want credentials, of everybody
	limits  map[string]bool   // registries that limit the rate, for every image
}

func newCluster(random *rand.Rand) *cluster {
	c := &cluster{random: random, mirrors: map[string]string{}, denies: map[string]bool{}, limits: map[string]bool{}}
	one := random.IntN(2) == 0
	for i, host := range imageHosts {
		c.mirrors[host] = fmt.Sprintf("mirror%d.example.com:5000", i)
		if one {
			c.mirrors[host] = "mirror.example.com"
		}
		c.denies[c.mirrors[host]] = random.IntN(4) == 0
		c.limits[host] = random.IntN(3) == 0
	}
	return c
}

var imageHosts = []string{"docker.io", "quay.io", "ghcr.io", "registry.example.com:5000"}

// pull writes what containerd logs of a pull that asks a mirror and then the registry
// itself, and mostly fails.
func (c *cluster) pull(release, host string, i int) (image string, lines []string) {
	repository := fmt.Sprintf("team/app%d", i%40)
	image = fmt.Sprintf("%s/%s:v%d", host, repository, i)
	registry := host
	if host == "docker.io" {
		registry = hub
	}
	mirrored := hostAsked{release: release, host: c.mirrors[host], image: image, last: false,
		url: fmt.Sprintf("https://%s/v2/%s/manifests/v%d?ns=%s", c.mirrors[host], repository, i, strings.ReplaceAll(host, ":", "%3A"))}
	itself := hostAsked{release: release, host: registry, image: image, last: true,
		url: fmt.Sprintf("https://%s/v2/%s/manifests/v%d", registry, repository, i)}
	lines = append(lines, logged("info", fmt.Sprintf("PullImage %q", image)))
	reply := c.mirrorAnswer(mirrored.host)
	if i < len(imageHosts) {
		reply = "dns" // which tells whose mirror it is
	}
	first := mirrored.answer(reply)
	lines = append(lines, first.lines...)
	if c.random.IntN(5) == 0 {
		return image, append(lines, logged("info", fmt.Sprintf("PullImage %q returns image reference \"sha256:1\"", image)))
	}
	status := "404"
	if c.limits[host] {
		status = "429"
	}
	second := itself.answer([]string{status, "dns", "timeout"}[c.random.IntN(3)])
	lines = append(lines, second.lines...)
	final := furthest(release, image, first, second)
	return image, append(lines, logged("error", fmt.Sprintf("PullImage %q failed", image), "error",
		fmt.Sprintf("failed to pull and unpack image %q: failed to resolve reference %q: %s", image, image, final)))
}

func (c *cluster) mirrorAnswer(mirror string) string {
	if c.denies[mirror] {
		return "denied"
	}
	return []string{"404", "404", "403", "502", "x509", "dns"}[c.random.IntN(6)]
}

type hostAsked struct {
	release, host, url, image string
	last                      bool
}

type hostAnswer struct {
	lines []string
	err   string
	rank  int // how far it got, for 2.x
}

// answer logs as core/remotes/docker/resolver.go of the release does.
func (h hostAsked) answer(reply string) hostAnswer {
	status := map[string]string{"404": "404 Not Found", "403": "403 Forbidden", "502": "502 Bad Gateway", "429": "429 Too Many Requests"}[reply]
	switch {
	case status != "" && h.release == "1.7" && reply == "404":
		return hostAnswer{h.line("trying next host - response was http.StatusNotFound", ""), h.image + ": not found", 1}
	case status != "" && h.release == "1.7":
		return hostAnswer{nil, fmt.Sprintf("unexpected status from HEAD request to %s: %s", h.url, status), 2}
	case reply == "404":
		return hostAnswer{h.line(h.verb()+" after status: "+status, ""), h.image + ": not found", 1}
	case status != "":
		return hostAnswer{h.line(h.verb()+" after status: "+status, ""), fmt.Sprintf("unexpected status from HEAD request to %s: %s", h.url, status), 2}
	case reply == "denied":
		err := "pull access denied, repository does not exist or may require authorization: authorization failed: no basic auth credentials"
		return hostAnswer{h.line(h.verb(), err), err, 0}
	}
	why := map[string]string{
		"dns":     "dial tcp: lookup " + h.host + " on 192.0.2.53:53: no such host",
		"timeout": "dial tcp 192.0.2.99:443: i/o timeout",
		"x509":    "tls: failed to verify certificate: x509: certificate signed by unknown authority",
	}[reply]
	err := fmt.Sprintf("failed to do request: Head %q: %s", h.url, why)
	return hostAnswer{h.line(h.verb(), err), err, 0}
}

func (h hostAsked) verb() string {
	if h.last && h.release != "1.7" {
		return "fetch failed"
	}
	return "trying next host"
}

func (h hostAsked) line(msg, err string) []string {
	var fields []string
	if err != "" {
		fields = append(fields, "error", err)
	}
	fields = append(fields, "host", h.host)
	if h.release == "2.4" {
		fields = append(fields, "method", "HEAD", "url", h.url)
	}
	return []string{logged("info", msg, fields...)}
}

// furthest is the error that the pull returns: of 1.7 the first that is no 404, of 2.x the
// one that got furthest; the first among equals.
func furthest(release, image string, answers ...hostAnswer) string {
	notFound := image + ": not found"
	if release == "1.7" {
		for _, a := range answers {
			if a.err != notFound {
				return a.err
			}
		}
		return notFound
	}
	return slices.MaxFunc(answers, func(a, b hostAnswer) int { return a.rank - b.rank }).err
}

func logged(level, msg string, fields ...string) string {
	line := fmt.Sprintf("level=%s msg=%q", level, msg)
	for i := 0; i < len(fields); i += 2 {
		line += fmt.Sprintf(" %s=%q", fields[i], fields[i+1])
	}
	return line
}
