package logparse

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const (
	readsFile = `time="2026-03-01T08:00:%02d+00:00" level=info msg="Using private registry config file at /etc/rancher/k3s/registries.yaml"`
	complains = `time="2026-03-01T08:00:%02d+00:00" level=info msg="Waiting to retrieve agent configuration; server is not ready: yaml: line 4: mapping values are not allowed in this context"`
)

// journalEntry is a line of journalctl -o json, so many milliseconds after the hour.
func journalEntry(ms int, message string) string {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC).Add(time.Duration(ms) * time.Millisecond)
	return fmt.Sprintf(`{"_SYSTEMD_UNIT":"k3s.service","__REALTIME_TIMESTAMP":"%d","MESSAGE":%q}`, at.UnixMicro(), message)
}

func inSecond(format string, second int) string { return fmt.Sprintf(format, second) }

// TestAgent reads K3s' complaints about registries.yaml, oldest and newest first.
func TestAgent(t *testing.T) {
	refused := []string{
		journalEntry(5100, inSecond(readsFile, 5)), journalEntry(5110, inSecond(complains, 5)),
		journalEntry(15100, inSecond(readsFile, 15)), journalEntry(15110, inSecond(complains, 15)),
	}
	mended := append(slices.Clone(refused), journalEntry(25100, inSecond(readsFile, 25)))
	server := journalEntry(5110, `time="2026-03-01T08:00:05Z" level=info msg="Waiting to retrieve agent configuration; server is not ready: Get \"https://127.0.0.1:6444/cacerts\": dial tcp 127.0.0.1:6444: connect: connection refused"`)
	for name, c := range map[string]struct {
		lines []string
		times int
		over  bool
	}{
		"refused":              {refused, 2, false},
		"read once more":       {mended, 2, true},
		"containerd started":   {append(slices.Clone(refused), journalEntry(30000, `time="2026-03-01T08:00:30.000000001Z" level=info msg="starting containerd" version=v2.1.5-k3s1`)), 2, true},
		"one complaint":        {refused[:2], 1, false},
		"the server not ready": {[]string{server}, 0, false},
	} {
		for _, backwards := range []bool{false, true} {
			lines := slices.Clone(c.lines)
			if backwards {
				slices.Reverse(lines)
			}
			got := scan(t, "journal", []byte(strings.Join(lines, "\n"))).Agent()
			if got.Times != c.times || got.Over != c.over {
				t.Errorf("%s, backwards %t: %+v", name, backwards, got)
			}
			if c.times > 0 && (!strings.Contains(got.Refused.Error, "yaml: line 4: ") || got.Path != "/etc/rancher/k3s/registries.yaml") {
				t.Errorf("%s, backwards %t: %+v", name, backwards, got)
			}
		}
	}
}

// TestContainerdAndKubelet reads the same three pulls in containerd's log and then in the
// kubelet's, where each has several lines: they are three, and containerd's word counts.
func TestContainerdAndKubelet(t *testing.T) {
	const told = `failed to pull and unpack image \"docker.io/team/app:1\": failed to resolve reference \"docker.io/team/app:1\": docker.io/team/app:1: not found`
	var runtime, kubelet []string
	for _, minute := range []int{1, 2, 5} {
		runtime = append(runtime,
			fmt.Sprintf(`time="2026-03-01T08:%02d:00.1Z" level=info msg="PullImage \"docker.io/team/app:1\""`, minute),
			fmt.Sprintf(`time="2026-03-01T08:%02d:00.2Z" level=info msg="trying next host" error="failed to do request: Head \"https://mirror.example.com/v2/team/app/manifests/1?ns=docker.io\": dial tcp 192.0.2.1:443: connect: connection refused" host=mirror.example.com`, minute),
			fmt.Sprintf(`time="2026-03-01T08:%02d:00.3Z" level=info msg="fetch failed after status: 404 Not Found" host=registry-1.docker.io`, minute),
			fmt.Sprintf(`time="2026-03-01T08:%02d:00.4Z" level=error msg="PullImage \"docker.io/team/app:1\" failed" error="rpc error: code = NotFound desc = %s"`, minute, told))
		kubelet = append(kubelet,
			fmt.Sprintf(`E0301 08:%02d:00.410000     222 log.go:32] "PullImage from image service failed" err="rpc error: code = NotFound desc = %s" image="docker.io/team/app:1"`, minute, told),
			fmt.Sprintf(`E0301 08:%02d:00.420000     222 kuberuntime_image.go:55] "Failed to pull image" err="rpc error: code = NotFound desc = %s" image="docker.io/team/app:1"`, minute, told),
			fmt.Sprintf(`E0301 08:%02d:00.430000     222 pod_workers.go:1301] "Error syncing pod, skipping" err="failed to \"StartContainer\" for \"app\" with ErrImagePull: \"rpc error: code = NotFound desc = %s\"" pod="default/app"`, minute, strings.ReplaceAll(told, `\"`, `\\\"`)))
	}
	only := func(logs ...[]string) Pull {
		t.Helper()
		s := &Scanner{Now: time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)}
		for _, lines := range logs {
			if _, err := s.Scan("log", strings.NewReader(strings.Join(lines, "\n"))); err != nil {
				t.Fatal(err)
			}
		}
		pulls := s.Pulls()
		if len(pulls) != 1 {
			t.Fatalf("%d pulls: %+v", len(pulls), pulls)
		}
		return pulls[0]
	}
	both, reverse, one := only(runtime, kubelet), only(kubelet, runtime), only(runtime)
	for name, p := range map[string]Pull{"containerd first": both, "kubelet first": reverse} {
		if p.Failures != 3 || len(p.Attempts) != 2 || !p.LastFailure.Equal(*one.LastFailure) || !p.FirstFailure.Equal(*one.FirstFailure) {
			t.Errorf("%s: %+v", name, p)
		}
	}
	if p := only(kubelet); p.Failures != 3 || len(p.Attempts) > 1 {
		t.Errorf("the kubelet alone: %+v", p)
	}
	if p := only(runtime[:4], kubelet); p.Failures != 1 || p.LastFailure.Minute() != 5 {
		t.Errorf("the kubelet alone saw the last ones: %+v", p)
	}
}
