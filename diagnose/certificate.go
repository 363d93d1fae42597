package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
	"github.com/pullwhy/pullwhy/probe"
)

func unknownAuthority(o observation) string {
	if o.meant != nil {
		return o.overlooked()
	}
	c := o.certificate()
	switch {
	case o.would(probe.OtherCA) != nil:
		return fmt.Sprintf("its certificate is signed by an authority of %s, a file that is not configured for it", o.would(probe.OtherCA).File)
	case c != nil && c.IntermediateMissing:
		return fmt.Sprintf("it does not present the intermediate %q that signed its certificate", commonName(c.MissingIssuer))
	case c != nil && c.Issuer != "" && c.Issuer == c.Subject && o.ownCAFile() == "":
		return "its certificate is signed by itself, and this node does not trust it"
	case c != nil && cmp.Or(c.MissingIssuer, c.Issuer) != "":
		return o.distrusted(fmt.Sprintf("%q", commonName(cmp.Or(c.MissingIssuer, c.Issuer))))
	}
	return o.distrusted(unnamedAuthority)
}

// unnamedAuthority stands for an authority whose name is not known.
const unnamedAuthority = "its certificate's authority"

// commonName is what people call a certificate's subject.
func commonName(subject string) string {
	if rest, ok := strings.CutPrefix(subject, "CN="); ok {
		name, _, _ := strings.Cut(rest, ",")
		return name
	}
	return subject
}

// distrusted says what does not trust the authority that signed the certificate: first that it
// is not trusted, for a report's head may cut the files.
func (o observation) distrusted(authority string) string {
	files := ""
	if o.endpoint != nil {
		files = strings.Join(o.endpoint.CAFiles, ", ")
	}
	switch {
	case files != "" && authority == unnamedAuthority:
		return fmt.Sprintf("its CA file does not verify its certificate: neither this node nor %s knows what signed it", files)
	case files != "":
		return fmt.Sprintf("%s is not trusted: neither this node nor %s knows what signed the certificate", authority, files)
	case authority == unnamedAuthority:
		return "this node does not trust its certificate's CA"
	}
	return fmt.Sprintf("this node does not trust %s, which signed its certificate", authority)
}

// validFor are a certificate's names in Go's error. (crypto/x509 verify.go, HostnameError)
var validFor = lazyregexp.New(`certificate is valid for (.+), not [^\s,]+$`)

// certified are the names of the certificate, as far as they are known.
func (o observation) certified() []string {
	if c := o.certificate(); c != nil && len(c.DNSNames) > 0 {
		return c.DNSNames
	}
	if m := validFor().FindStringSubmatch(o.reason()); m != nil {
		return strings.Split(m[1], ", ")
	}
	return nil
}

// names is one of them.
func (o observation) names() string {
	if names := o.certified(); len(names) > 0 {
		return ", such as " + names[0]
	}
	return ""
}

// ingressDefault reports whether the certificate is what an ingress controller presents for hosts
// that it has none for. (kubernetes/ingress-nginx internal/net/ssl/ssl.go, GetFakeSSLCert;
// traefik/traefik pkg/tls/generate/generate.go, DefaultCertificate)
func (o observation) ingressDefault() bool {
	return slices.ContainsFunc(o.certified(), func(name string) bool {
		return name == "ingress.local" || strings.HasSuffix(name, ".traefik.default")
	})
}

func otherNames(o observation) string {
	switch names := strings.Join(o.certified(), ", "); {
	case names == "":
		return "its certificate does not name " + o.name()
	case o.ingressDefault():
		return fmt.Sprintf("its ingress controller has no certificate for %s, and presents its own, for %s", o.name(), names)
	default:
		return fmt.Sprintf("its certificate is for %s, not for %s", names, o.name())
	}
}

func expired(o observation) string {
	switch c := o.certificate(); {
	case c == nil:
		return "its certificate is no longer valid"
	case o.clockAhead():
		return "its certificate is valid until " + moment(c.NotAfter) + o.clock()
	case c.NotAfter.After(o.probe.Time):
		return "a certificate above its own is no longer valid" + o.clock()
	default:
		return "its certificate was valid until " + moment(c.NotAfter) + o.clock()
	}
}

func notYetValid(o observation) string {
	if c := o.certificate(); c != nil {
		return fmt.Sprintf("its certificate is valid from %s on%s", moment(c.NotBefore), cmp.Or(o.clock(), ": usually this node's clock is behind"))
	}
	return "its certificate begins in the future: usually this node's clock is behind"
}

// clockAhead reports whether the certificate is valid by the server's own clock.
func (o observation) clockAhead() bool {
	c := o.certificate()
	return c != nil && o.probe.ClockSkew < 0 && o.probe.Time.Add(o.probe.ClockSkew).Before(c.NotAfter) && !c.NotAfter.After(o.probe.Time)
}

// clock says how far this node's clock is off, where the server's tells.
func (o observation) clock() string {
	switch {
	case o.probe == nil || o.probe.ClockSkew == 0:
		return ""
	case o.probe.ClockSkew > 0:
		return fmt.Sprintf("; this node's clock is %s behind the server's", roughly(o.probe.ClockSkew))
	}
	return fmt.Sprintf("; this node's clock is %s ahead of the server's", roughly(-o.probe.ClockSkew))
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 MST") }

// certificate is what was presented when the TLS step was walked again; nil where it was not.
func (o observation) certificate() *probe.Certificate {
	if !o.seenAlike() || o.target != "" {
		return nil
	}
	return o.probe.Certificate
}
