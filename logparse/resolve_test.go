package logparse

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pullwhy/pullwhy/cause"
)

// A resolveCase is what containerd's resolver logged and returned when the hosts answered
// as they did, in the releases named. The texts were produced by running it.
type resolveCase struct {
	Name, Image string
	Hosts       []struct {
		Host, Reply string
		Cause       cause.Cause // what the reply is called; "" where the host was not asked
	}
	Logs []struct {
		Containerd []string
		Lines      []string // from level= on
		FinalError string   `json:"final_error"`
	}
}

func TestResolve(t *testing.T) {
	data, err := os.ReadFile("testdata/resolve.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []resolveCase
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	for _, c := range cases {
		for _, log := range c.Logs {
			t.Run(c.Name+"/"+log.Containerd[0], func(t *testing.T) {
				p := onePull(t, c.log(log.Lines, log.FinalError))
				want := c.attempts(strings.Join(log.Lines, "\n") + strings.ReplaceAll(log.FinalError, c.Image, ""))
				if diff := cmp.Diff(want, inBrief(p.Attempts)); diff != "" {
					t.Errorf("attempts (-want +got)\n%s", diff)
				}
				if got := rootCause(p); got != c.root(want) {
					t.Errorf("root cause %s, want %s", got, c.root(want))
				}
			})
		}
	}
}

// log is the whole log of the pull.
func (c resolveCase) log(lines []string, final string) string {
	text := fmt.Sprintf("failed to pull and unpack image %q: failed to resolve reference %q: %s", c.Image, c.Image, final)
	all := slices.Concat(
		[]string{"level=info msg=" + strconv.Quote(fmt.Sprintf("PullImage %q", c.Image))}, lines,
		[]string{"level=error msg=" + strconv.Quote(fmt.Sprintf("PullImage %q failed", c.Image)) + " error=" + strconv.Quote(text)},
	)
	for i := range all {
		all[i] = fmt.Sprintf(`time="2026-11-23T08:00:0%d.000000001Z" %s`, i, all[i])
	}
	return strings.Join(all, "\n")
}

// attempts are those of the hosts whose failure stands in text at all: 1.x logs nothing
// for a status other than 404.
func (c resolveCase) attempts(text string) []string {
	var all []string
	for i, h := range c.Hosts {
		told := strings.Contains(text, `host="`+h.Host) || strings.Contains(text, "host="+h.Host) || strings.Contains(text, "/"+h.Host+"/v2/")
		if h.Cause != "" && told {
			isDefault := ""
			if i == len(c.Hosts)-1 && h.Host == hub {
				isDefault = " default"
			}
			all = append(all, h.Host+isDefault+" "+string(h.Cause))
		}
	}
	return all
}

// root is the first fault of a mirror, else its miss, else what the default endpoint said.
func (c resolveCase) root(attempts []string) string {
	for _, a := range attempts {
		if !strings.Contains(a, "default") && !strings.HasSuffix(a, " not_found") {
			return a
		}
	}
	return attempts[0]
}

func inBrief(attempts []Attempt) []string {
	var all []string
	for _, a := range attempts {
		all = append(all, briefly(a))
	}
	return all
}

func briefly(a Attempt) string {
	_, host, ok := strings.Cut(a.Endpoint, "://")
	if !ok {
		host = a.Endpoint
	}
	if a.Default {
		host += " default"
	}
	return host + " " + string(a.Cause)
}

// rootCause is what a log alone says must be mended, of a pull that failed to resolve.
func rootCause(p Pull) string {
	var fault, miss, last string
	for _, a := range p.Attempts {
		switch {
		case a.Default:
			last = briefly(a)
		case a.Cause.Fault() && fault == "":
			fault = briefly(a)
		case !a.Cause.Fault() && miss == "":
			miss = briefly(a)
		}
	}
	for _, root := range []string{fault, miss, last} {
		if root != "" {
			return root
		}
	}
	return "none"
}

func onePull(t *testing.T, log string) Pull {
	t.Helper()
	pulls := scan(t, "test.log", []byte(log)).Pulls()
	if len(pulls) != 1 {
		t.Fatalf("%d pulls in\n%s", len(pulls), log)
	}
	return pulls[0]
}
