package report

import (
	"testing"
	"time"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/logparse"
)

// TestHeadline: what fails, of several images those that fail still, and how what is over ended.
func TestHeadline(t *testing.T) {
	at := time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)
	later := at.Add(time.Minute)
	pull := func(image, status string, success *time.Time) diagnose.Pull {
		return diagnose.Pull{Pull: logparse.Pull{Image: image, LastFailure: &at, LastSuccess: success}, Status: status}
	}
	r := &Report{Pulls: []diagnose.Pull{
		pull("a", diagnose.Recovered, &later), pull("b", diagnose.Recovered, nil), pull("c", diagnose.Failing, nil),
		pull("d", diagnose.Recovered, new(time.Time)), pull("", diagnose.Failing, nil), pull("e", diagnose.Failing, nil), pull("f", diagnose.Failing, nil),
	}, Images: []diagnose.Image{{Image: "e", Status: diagnose.Available}, {Image: "f", Status: diagnose.Available}}}
	for i := range r.Pulls {
		r.Pulls[i].Stage = logparse.StageResolve
	}
	r.Pulls[len(r.Pulls)-1].Stage = logparse.StageUnpack
	for want, f := range map[string]diagnose.Finding{
		"a could not be pulled, and has been since":             {Severity: diagnose.Info, Images: []string{"a"}},
		"b could not be pulled; the request passes now":         {Severity: diagnose.Info, Images: []string{"b"}},
		"d could not be pulled; the request passes now":         {Severity: diagnose.Info, Images: []string{"d"}},
		"c cannot be pulled":                                    {Images: []string{"a", "c"}},
		"e could not be pulled; available now":                  {Images: []string{"e"}},
		"f cannot be pulled":                                    {Images: []string{"f"}},
		"a and 1 more cannot be pulled":                         {Images: []string{"a", "b"}},
		"an image that the text does not name cannot be pulled": {Images: []string{""}},
		"https://mirror.example.com fails too, for c":           {Images: []string{"c"}, Endpoint: "https://mirror.example.com", ID: "x"},
		"https://mirror.example.com: the name does not exist":   {Endpoint: "https://mirror.example.com", Title: "the name does not exist"},
		"standard input:3: two keys of one name":                {File: "-", Line: 3, Title: "two keys of one name"},
		"registries.yaml:3: two keys of one name":               {File: "/etc/rancher/k3s/registries.yaml", Line: 3, Title: "two keys of one name"},
		"journal:k3s: the agent does not start":                 {File: "journal:k3s", Line: 3, Title: "the agent does not start"},
		"the agent does not start":                              {Title: "the agent does not start"},
	} {
		if got := r.headline(f); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
