package report

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/diagnose"
	"github.com/pullwhy/pullwhy/probe"
)

// steps writes how the walk to an endpoint went, and the certificate that it presented.
func steps(p *printer, e diagnose.Endpoint) {
	for _, s := range e.Steps {
		text := fmt.Sprintf("%s %s, %d ms", s.Name, s.Status, s.DurationMS)
		if about := stepDetails(s); about != "" {
			text += ": " + about
		}
		p.field("", text)
		for _, c := range s.Counterfactuals {
			p.field("", tried(c))
		}
	}
	if c := e.Certificate; c != nil {
		p.field("", fmt.Sprintf("certificate of %q, issued by %q, for %s, valid from %s to %s, chain of %d, verified %t",
			c.Subject, c.Issuer, strings.Join(c.DNSNames, ", "), c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"),
			len(c.Chain), c.Verified))
	}
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
