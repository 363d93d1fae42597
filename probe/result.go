package probe

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/registry"
)

// Names of steps, in the order in which they are walked.
const (
	StepDNS      = "dns"
	StepProxy    = "proxy"
	StepTCP      = "tcp"
	StepTLS      = "tls"
	StepPing     = "ping"
	StepAuth     = "auth"
	StepManifest = "manifest"
	StepBlob     = "blob"
)

// Outcomes of a step and of a walk.
const (
	OK      = "ok"
	Failed  = "failed"
	Skipped = "skipped"
)

// An Ask is one thing to find out: whether Endpoint answers as a registry and, where
// Image is set, whether it has that image.
type Ask struct {
	Endpoint registry.Endpoint
	Image    registry.Reference // zero: the walk ends after auth

	// Content asks for the image's content too where that counts against a limit: Docker
	// Hub counts the GETs of manifests. False: there the walk ends at the HEAD.
	Content bool
}

// A Question tells asks apart by what they are about, whatever the credentials.
type Question struct{ Endpoint, Registry, Image string }

// Question is what the ask is about.
func (a Ask) Question() Question {
	return Question{a.Endpoint.Spelling(), a.Endpoint.Registry, a.Image.Name}
}

// A Result is what became of an Ask. A failure is a result, never a Go error.
type Result struct {
	Ask
	Status      string      // OK, Failed or Skipped
	Reachable   bool        // ping passed, and auth passed or was only asked for
	Cause       cause.Cause // of the first step that failed
	Error       string      // of the first step that failed, without secrets and control characters
	StatusCode  int         // HTTP status of the failure; 0 where there was no answer
	Address     string      // ip:port that answered, or was tried last
	Proxy       string      // URL of the proxy that was used, without credentials; "" for none
	Target      string      // scheme://host[:port] that failed on the endpoint's behalf: its token service or a redirect's target; "" for itself
	Steps       []Step
	Certificate *Certificate // as presented; nil without TLS
	Time        time.Time    // when the walk began, UTC

	// Counterfactuals are what was tried beside containerd's request, for the sake of the
	// step that failed; nil where its failure calls for none.
	Counterfactuals []Counterfactual

	ClockSkew  time.Duration // the server's clock minus the node's; 0 where unknown or too small to tell
	RetryAfter string        // when the server wants to be asked again, in its words; "" where it does not say
	RateLimit  string        // how much of a limit is left, such as "76 of 100 left in 6h"; "" where the server does not say
}

// A Step is one step of a walk.
type Step struct {
	Name       string      `json:"name"`
	Status     string      `json:"status"`
	Cause      cause.Cause `json:"cause"`
	Error      string      `json:"error"`
	DurationMS int64       `json:"duration_ms"`

	Addresses   []string     `json:"addresses,omitempty"`   // dns: what the name resolved to
	Nameservers []Nameserver `json:"nameservers,omitempty"` // dns: what each said, where they disagree
	Unreached   []Unreached  `json:"unreached,omitempty"`   // tcp, proxy: addresses at which connecting failed, also where another one answered

	URL        string   `json:"url,omitempty"`         // ping, auth, manifest, blob: what was asked
	StatusCode int      `json:"status_code,omitempty"` // what the server answered
	TLSVersion string   `json:"tls_version,omitempty"`
	Challenge  string   `json:"challenge,omitempty"` // auth: scheme of the challenge, lower case
	Realm      string   `json:"realm,omitempty"`     // auth: token service
	Service    string   `json:"service,omitempty"`
	Scope      string   `json:"scope,omitempty"`
	AuthFrom   string   `json:"auth_from,omitempty"`  // auth: the configs key, or file, that gave the credentials
	Digest     string   `json:"digest,omitempty"`     // manifest, blob
	MediaType  string   `json:"media_type,omitempty"` // manifest, blob
	Platforms  []string `json:"platforms,omitempty"`  // manifest: those of an index; blob: the image's own; os/architecture[/variant]

	ClockSkewMS int64  `json:"clock_skew_ms,omitempty"` // the server's clock minus the node's
	RetryAfter  string `json:"retry_after,omitempty"`
	RateLimit   string `json:"rate_limit,omitempty"`

	Counterfactuals []Counterfactual `json:"counterfactuals,omitempty"` // of a step that failed

	// Host is the host that the step was about, where it is not the endpoint: its token
	// service or a redirect's target. The dns, proxy, tcp and tls steps of such a host stand
	// before the endpoint's own step for whose sake they were walked; a failure of theirs is
	// told by that step, with the cause that it means for the endpoint.
	Host string `json:"host,omitempty"`
}

// A Nameserver is what one of the node's nameservers said of a name.
type Nameserver struct {
	Server    string   `json:"server"`    // ip:port
	Addresses []string `json:"addresses"` // [] where it knows none
	Error     string   `json:"error"`     // "" where it answered with addresses
}

// An Unreached is an address at which connecting failed.
type Unreached struct {
	Address string      `json:"address"` // ip:port
	Cause   cause.Cause `json:"cause"`
	Error   string      `json:"error"`
}

// A Certificate is what a TLS server presented.
type Certificate struct {
	Subject   string    `json:"subject"`
	Issuer    string    `json:"issuer"`
	DNSNames  []string  `json:"dns_names"` // IP addresses included; of very many, the first
	NotBefore time.Time `json:"not_before"`
	NotAfter  time.Time `json:"not_after"`
	Chain     []string  `json:"chain"`    // subjects, the leaf first, as presented; of very many, the first
	Verified  bool      `json:"verified"` // against the node's and the configured CAs, for the endpoint's host

	MissingIssuer       string `json:"missing_issuer"`       // subject of the issuer that is neither presented nor trusted; "" for none
	IntermediateMissing bool   `json:"intermediate_missing"` // the missing issuer is an intermediate that the server left out
}

// String is the certificate in one line, for people.
func (c *Certificate) String() string {
	text := "for " + cmp.Or(strings.Join(c.DNSNames, ", "), "no name")
	if c.Issuer != "" {
		text += fmt.Sprintf(", issued by %q", c.Issuer)
	}
	text += fmt.Sprintf(", valid from %s to %s", c.NotBefore.Format(time.DateOnly), c.NotAfter.Format(time.DateOnly))
	if !c.Verified {
		return text + ", does not verify"
	}
	return text
}
