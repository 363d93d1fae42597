package main

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"time"
)

// A generator writes what containerd 2.1 of a busy K3s node logs: pods that come and go,
// and now and then a pull.
type generator struct {
	out   *bufio.Writer
	rand  *rand.Rand
	now   time.Time
	ids   []string // of sandboxes, containers and images that stand in several lines
	bytes int
	truth truth
}

// A truth is what was written.
type truth struct {
	lines    int
	hits     int            // lines that hold one of the phrases that ripgrep looks for
	failures map[string]int // failed pulls by image
}

func newGenerator(seed uint64) *generator {
	g := &generator{
		rand:  rand.New(rand.NewPCG(seed, 0)),
		now:   time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC),
		ids:   make([]string, 200),
		truth: truth{failures: map[string]int{}},
	}
	for i := range g.ids {
		g.ids[i] = g.hex(64)
	}
	return g
}

// linesPerPull is how many lines of other things stand between two pulls.
const linesPerPull = 1000

// write writes about size bytes to w, through a buffer of so many bytes. A log goes on where
// it ended.
func (g *generator) write(w io.Writer, size, buffer int) error {
	g.out = bufio.NewWriterSize(w, buffer)
	g.bytes = 0
	for g.bytes < size {
		if g.rand.IntN(linesPerPull) == 0 {
			g.pull()
		} else {
			g.noise()
		}
	}
	return g.out.Flush()
}

func (g *generator) line(level, message, fields string) {
	g.now = g.now.Add(time.Duration(1 + g.rand.IntN(40_000_000)))
	if fields != "" {
		fields = " " + fields
	}
	n, _ := fmt.Fprintf(g.out, "time=%q level=%s msg=%q%s\n", g.now.Format("2006-01-02T15:04:05.000000000Z07:00"), level, message, fields)
	g.bytes += n // an error stays with out until Flush
	g.truth.lines++
	if strings.Contains(message, "PullImage") || strings.Contains(message, "trying next host") {
		g.truth.hits++
	}
}

func (g *generator) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = "0123456789abcdef"[g.rand.IntN(16)]
	}
	return string(b)
}

// id is one that was seen before, mostly.
func (g *generator) id() string {
	i := g.rand.IntN(len(g.ids))
	if g.rand.IntN(6) == 0 {
		g.ids[i] = g.hex(64)
	}
	return g.ids[i]
}

func (g *generator) pod() string {
	name := []string{"coredns-6799fbcd5", "metrics-server-54fd9b65b", "traefik-7d5f6474df", "nightly-report", "node-agent"}[g.rand.IntN(5)]
	return fmt.Sprintf("&PodSandboxMetadata{Name:%s-%s,Uid:%s-%s,Namespace:kube-system,Attempt:%d,}",
		name, g.hex(5), g.hex(8), g.hex(12), g.rand.IntN(3))
}

func (g *generator) noise() {
	id := g.id()
	switch g.rand.IntN(16) {
	case 0:
		g.line("info", "RunPodSandbox for "+g.pod(), "")
	case 1:
		g.line("info", fmt.Sprintf("RunPodSandbox for %s returns sandbox id %q", g.pod(), id), "")
	case 2:
		g.line("info", fmt.Sprintf("CreateContainer within sandbox %q for container &ContainerMetadata{Name:app,Attempt:%d,}", id, g.rand.IntN(9)), "")
	case 3:
		g.line("info", fmt.Sprintf("CreateContainer within sandbox %q for &ContainerMetadata{Name:app,Attempt:0,} returns container id %q", id, g.id()), "")
	case 4:
		g.line("info", fmt.Sprintf("StartContainer for %q", id), "")
	case 5:
		g.line("info", fmt.Sprintf("StartContainer for %q returns successfully", id), "")
	case 6:
		g.line("info", "connecting to shim "+id, fmt.Sprintf(`address="unix:///run/containerd/s/%s" namespace=k8s.io protocol=ttrpc version=3`, g.id()))
	case 7:
		g.line("info", fmt.Sprintf("received container exit event container_id:%q  id:%q  pid:%d  exited_at:{seconds:%d  nanos:%d}",
			id, g.id(), 1000+g.rand.IntN(60000), g.now.Unix(), g.now.Nanosecond()), "")
	case 8:
		g.line("info", "shim disconnected", "id="+id+" namespace=k8s.io")
	case 9:
		g.line("warning", "cleaning up after shim disconnected", "id="+id+" namespace=k8s.io")
	case 10:
		g.line("info", fmt.Sprintf("StopPodSandbox for %q", id), "")
	case 11:
		g.line("info", fmt.Sprintf("TearDown network for sandbox %q successfully", id), "")
	case 12:
		g.line("info", fmt.Sprintf("RemovePodSandbox %q returns successfully", id), "")
	case 13:
		g.line("warning", fmt.Sprintf("container event discarded container=%s type=CONTAINER_STOPPED_EVENT", id), "")
	case 14:
		g.line("error", fmt.Sprintf("ExecSync for %q failed", id),
			fmt.Sprintf(`error="rpc error: code = DeadlineExceeded desc = failed to exec in container: timeout %ds exceeded: context deadline exceeded"`, 1+g.rand.IntN(9)))
	case 15:
		g.line("info", fmt.Sprintf("ImageUpdate event name:\"sha256:%s\" labels:{key:\"io.cri-containerd.image\" value:\"managed\"}", id), "")
	}
}

// pull writes one pull: of the mirror and the registry, either or none has the image.
// Pulls of one image are further apart than the credentials of one pull.
func (g *generator) pull() {
	g.now = g.now.Add(3 * time.Second)
	name := fmt.Sprintf("team/app-%d", g.rand.IntN(30))
	image := "registry.example.com/" + name + ":1.4.2"
	g.line("info", fmt.Sprintf("PullImage %q", image), "")
	mirror := fmt.Sprintf("failed to do request: Head \"https://mirror.example.com:5000/v2/%s/manifests/1.4.2?ns=registry.example.com\": "+
		"dial tcp 192.0.2.10:5000: connect: connection refused", name)
	failed := g.rand.IntN(3) == 0
	if failed || g.rand.IntN(3) == 0 {
		g.line("info", "trying next host", fmt.Sprintf("error=%q host=%q", mirror, "mirror.example.com:5000"))
	}
	g.line("info", "stop pulling image "+image+": active requests=0, bytes read=4096", "")
	if failed {
		g.line("error", fmt.Sprintf("PullImage %q failed", image), fmt.Sprintf(
			`error="rpc error: code = NotFound desc = failed to pull and unpack image \"%s\": failed to resolve reference \"%s\": %s: not found"`,
			image, image, image))
		g.truth.failures[image]++
		return
	}
	id := g.id()
	g.line("info", fmt.Sprintf("ImageCreate event name:%q labels:{key:\"io.cri-containerd.image\" value:\"managed\"}", image), "")
	g.line("info", fmt.Sprintf("Pulled image %q with image id \"sha256:%s\", repo tag %q, repo digest %q, size \"28400123\" in 1.2s",
		image, id, image, strings.TrimSuffix(image, ":1.4.2")+"@sha256:"+id), "")
	g.line("info", fmt.Sprintf("PullImage %q returns image reference \"sha256:%s\"", image, id), "")
}
