package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/probe"
)

// pulls writes what the log says of each image, the newest failure in full and as it was
// logged.
func (r *Report) pulls(p *printer) {
	if len(r.Pulls) > 0 {
		p.title("Pulls")
	}
	for _, pull := range r.Pulls {
		p.field(pull.Status, named([]string{pull.Image})+history(pull))
		if pull.ReportedError != "" {
			p.field("reported", pull.ReportedError)
		}
		for _, a := range pull.Attempts {
			text := string(a.Cause) + ": " + a.Error
			if a.Endpoint != "" {
				text = a.Endpoint + ": " + text
			}
			p.field(a.Source, at(a.Time)+withPlace(diagnose.Note{Text: text, File: a.File, Line: a.Line}))
		}
	}
}

// history is how often a pull failed, and when, as far as that is known.
func history(pull diagnose.Pull) string {
	first, last := strings.TrimSuffix(at(pull.FirstFailure), " "), strings.TrimSuffix(at(pull.LastFailure), " ")
	text := ", failed once"
	switch {
	case pull.Failures == 0:
		return ""
	case pull.Failures > 1:
		text = fmt.Sprintf(", failed %d times", pull.Failures)
	}
	switch {
	case last == "":
		return text
	case pull.Failures == 1 || first == "":
		return text + ": " + last
	}
	return text + ": " + first + " to " + last
}

// at is a time before a text, "" where none is known.
func at(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000Z") + " "
}

// steps writes how the walk to an endpoint went, and the certificate that it presented.
func steps(p *printer, e diagnose.Endpoint) {
	for _, s := range e.Steps {
		p.field("", strings.ReplaceAll(outcome(s), " ", noBreak)+stepDetails(s))
		for _, c := range s.Counterfactuals {
			p.field("", tried(c))
		}
	}
	if c := e.Certificate; c != nil {
		p.field("", "certificate "+c.String())
	}
}

// outcome is a step's name, status and time in columns.
func outcome(s probe.Step) string {
	if s.Status == probe.Skipped {
		return fmt.Sprintf("%-9s%s", s.Name, s.Status)
	}
	text := fmt.Sprintf("%-9s%-8s%5d ms", s.Name, s.Status, s.DurationMS)
	if stepDetails(s) != "" {
		text += "  "
	}
	return text
}

// tried tells of what was asked beside containerd's own request.
func tried(c probe.Counterfactual) string {
	if c.Holds {
		return fmt.Sprintf("tried %s, which works: %s", c.Name, c.Detail)
	}
	return fmt.Sprintf("tried %s, which does not work: %s", c.Name, c.Detail)
}

func stepDetails(s probe.Step) string {
	var parts []string
	add := func(text string) {
		if text != "" {
			parts = append(parts, text)
		}
	}
	add(s.Host)
	add(strings.Join(s.Addresses, ", "))
	for _, n := range s.Nameservers {
		add(fmt.Sprintf("%s says %s", n.Server, cmp.Or(n.Error, strings.Join(n.Addresses, " "))))
	}
	for _, u := range s.Unreached {
		add(fmt.Sprintf("%s unreached (%s)", u.Address, u.Cause))
	}
	add(s.TLSVersion)
	add(s.URL)
	if s.StatusCode != 0 {
		add(fmt.Sprint(s.StatusCode))
	}
	add(s.Challenge)
	add(s.Realm)
	add(s.Scope)
	if s.AuthFrom != "" {
		add(fmt.Sprintf("credentials of %q", s.AuthFrom))
	}
	add(s.MediaType)
	add(s.Digest)
	add(strings.Join(s.Platforms, " "))
	add(s.RateLimit)
	if s.RetryAfter != "" {
		add("retry after " + s.RetryAfter)
	}
	if s.ClockSkewMS != 0 {
		add(fmt.Sprintf("its clock is %s off", time.Duration(s.ClockSkewMS)*time.Millisecond))
	}
	add(s.Error)
	return strings.Join(parts, ", ")
}
