package report

import (
	"fmt"
	"strings"

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
	}
	if c := e.Certificate; c != nil {
		p.field("", fmt.Sprintf("certificate of %q, issued by %q, for %s, valid from %s to %s, chain of %d, verified %t",
			c.Subject, c.Issuer, strings.Join(c.DNSNames, ", "), c.NotBefore.Format("2006-01-02"), c.NotAfter.Format("2006-01-02"),
			len(c.Chain), c.Verified))
	}
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
	add(s.TLSVersion)
	add(s.URL)
	if s.StatusCode != 0 {
		add(fmt.Sprint(s.StatusCode))
	}
	add(s.Challenge)
	add(s.Realm)
	add(s.Scope)
	add(s.MediaType)
	add(s.Digest)
	add(s.Error)
	return strings.Join(parts, ", ")
}
