package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pullwhy/pullwhy/cause"
	"github.com/pullwhy/pullwhy/probe"
)

// Codes of what the probe sees before anything fails by it.
const (
	codeExpiresSoon = "tls_expires_soon"
	codeClockSkew   = "clock_skew"
	codeSlow        = "endpoint_slow"
)

const (
	// expiresSoon is how long before its end a certificate is worth a warning.
	expiresSoon = 30 * 24 * time.Hour

	// maxSkew is more than what a Date header, which has whole seconds, and a slow answer
	// make of two clocks that agree.
	maxSkew = time.Minute

	// slow is how long a walk to the registry's answer may take, dns to manifest.
	slow = 3 * time.Second
)

// warningRules judge what an endpoint that answers, or whose place another one takes, is
// about to cost.
var warningRules = map[string]rule{
	codeExpiresSoon: {
		title: "the certificate expires soon",
		detail: func(o observation) string {
			c := o.probe.Certificate
			return fmt.Sprintf("its certificate is valid until %s, %s from now", moment(c.NotAfter), roughly(c.NotAfter.Sub(o.probe.Time)))
		},
		seen: func(o observation) string { return "certificate " + o.probe.Certificate.String() },
		fix: func(o observation) []Note {
			if o.embedded() {
				return o.apply() // the agent renews its own certificates as it starts
			}
			return []Note{{Text: "renew the certificate at " + o.dialled()},
				look("see the dates", o.presented("openssl x509 -noout -dates"))}
		},
		doc: doc{
			meaning: "The certificate that the endpoint presents expires within 30 days. Pulls fail from then on.",
			shows:   "Not at all in containerd, 1.6 to 2.4, K3s' and RKE2's builds included, until the day; then as tls_expired.",
			confirm: "openssl s_client -connect HOST:PORT -servername HOST </dev/null | openssl x509 -noout -dates\ncurl -vI https://HOST:PORT/v2/ 2>&1 | grep 'expire date'",
			fix:     "Renew the certificate and restart, or reload, what serves it." + everywhere,
		},
	},
	codeClockSkew: {
		title: "this node's clock and the server's differ",
		detail: func(o observation) string {
			if o.probe.ClockSkew > 0 {
				return fmt.Sprintf("this node's clock is %s behind the server's", roughly(o.probe.ClockSkew))
			}
			return fmt.Sprintf("this node's clock is %s ahead of the server's", roughly(-o.probe.ClockSkew))
		},
		seen: func(o observation) string {
			return fmt.Sprintf("it was asked at %s by this node's clock, and answered at %s by its own", moment(o.probe.Time), moment(o.probe.Time.Add(o.probe.ClockSkew)))
		},
		fix: func(observation) []Note {
			return []Note{look("let the node keep the time, if it is the one that is wrong", "timedatectl set-ntp true"),
				look("compare", "timedatectl")}
		},
		doc: doc{
			meaning: "The Date header of an endpoint's answer and the node's clock differ by more than a minute. Certificates and tokens are judged by the node's clock.",
			shows:   "Not at all at first; later as tls_not_yet_valid, tls_expired, or tokens that are refused as expired or not yet valid, in containerd 1.6 to 2.4 and in K3s' and RKE2's builds.",
			confirm: "date -u\ncurl -sSI https://HOST:PORT/v2/ | grep -i ^date\nopenssl s_client -connect HOST:PORT </dev/null | openssl x509 -noout -dates\ntimedatectl",
			fix:     "timedatectl set-ntp true, with an NTP server that the node can reach; if the server is the one that is wrong, set it there." + everywhere,
		},
	},
	codeSlow: {
		title:  "seconds added to every pull",
		detail: observation.costs,
		seen:   observation.timings,
		fix: func(o observation) []Note {
			return o.change(o.mendEndpoint("mend the endpoint, or take it out of the list"),
				look("measure it", o.curl("-sS -o /dev/null -w '%{time_total}s\\n'", o.api())))
		},
		doc: doc{
			meaning: "The endpoint does not answer, or slowly, and another one serves after it. containerd asks the endpoints in order, at each request anew, for the tag, each manifest and each layer: it waits for this one every time.",
			shows:   "Pulls succeed and take long. In all releases from 1.6 to 2.4, and in K3s' and RKE2's builds, containerd waits 30 s for a connection and 10 s for a TLS handshake; for the answer for ever, from 2.3 on 30 s. `trying next host` names the endpoint; it is no error.",
			confirm: "curl -sS -o /dev/null -w '%{time_connect} %{time_appconnect} %{time_total}\\n' https://HOST:PORT/v2/\nopenssl s_client -connect HOST:PORT </dev/null",
			fix:     "Mend it, put it last, or remove it. " + applied("take it out of mirrors", "take its table out, or give it a dial_timeout (2.0.7, 2.1 and later),"),
		},
	},
}

// costs says what the endpoint adds to a pull, in seconds.
// (Go's net/http as containerd sets it up: core/remotes/docker/config/hosts.go)
func (o observation) costs() string {
	again := "at the tag, and again at each manifest and layer"
	switch o.probe.Cause {
	case cause.ConnectTimeout:
		wait := cmp.Or(o.probe.Endpoint.DialTimeout, 30*time.Second)
		return fmt.Sprintf("it adds at least %g s to every pull: containerd waits that long for a connection, %s", wait.Seconds(), again)
	case cause.TLSHandshakeTimeout:
		return "it adds at least 10 s to every pull: containerd waits that long for TLS, " + again
	case cause.TimeoutDeadline:
		return "it adds at least 30 s to every pull: it accepts connections and does not answer, " + again
	}
	return fmt.Sprintf("it adds %.1f s to every pull: it took that long to answer, %s", walked(*o.probe).Seconds(), again)
}

// timings are how long the endpoint's own steps took.
func (o observation) timings() string {
	var parts []string
	for _, s := range o.probe.Steps {
		if s.Host == "" && s.Status != probe.Skipped {
			parts = append(parts, fmt.Sprintf("%s %s after %d ms", s.Name, s.Status, s.DurationMS))
		}
	}
	return strings.Join(parts, ", ")
}

// walked is how long the endpoint's own steps took.
func walked(p probe.Result) time.Duration {
	total := time.Duration(0)
	for _, s := range p.Steps {
		if s.Host == "" && s.Name != probe.StepBlob {
			total += time.Duration(s.DurationMS) * time.Millisecond
		}
	}
	return total
}

// delays reports whether the endpoint keeps a pull waiting.
func delays(p probe.Result) bool {
	switch p.Cause {
	case cause.ConnectTimeout, cause.TLSHandshakeTimeout:
		return true
	case cause.TimeoutDeadline:
		return len(p.Steps) > 0 // else it was not asked at all
	}
	return p.Status != probe.Skipped && walked(p) >= slow
}

// judgeSoon finds what is about to fail, or costs time, at the endpoints that matter: each once,
// whatever the images, and the clock once for all.
func (j *joined) judgeSoon(d Diagnosis, known []judged) []Finding {
	var all []Finding
	skewed := false
	for _, ep := range d.Endpoints {
		if _, matters := latent(d, ep); !matters {
			continue
		}
		tell := func(code string, shown func(probe.Result) bool) bool {
			i := slices.IndexFunc(j.probes[ep.URL], shown)
			if i >= 0 {
				all = append(all, j.observeProbe(j.probes[ep.URL][i]).warning(code))
			}
			return i >= 0
		}
		tell(codeExpiresSoon, expiring)
		skewed = skewed || tell(codeClockSkew, skews)
		if !fails(known, ep) {
			tell(codeSlow, delays)
		}
	}
	return all
}

func skews(p probe.Result) bool { return p.ClockSkew.Abs() > maxSkew }

// fails reports whether a pull, an image or a registry fails by the endpoint.
func fails(known []judged, ep Endpoint) bool {
	return slices.ContainsFunc(known, func(k judged) bool { return k.severity == Error && k.endpointIs(ep.URL) })
}

// expiring reports whether a certificate that verifies is about to expire.
func expiring(p probe.Result) bool {
	c := p.Certificate
	return c != nil && !strings.HasPrefix(string(p.Cause), "tls_") && c.NotAfter.Sub(p.Time) <= expiresSoon
}

// roughly is a duration in the largest unit that says enough.
func roughly(d time.Duration) string {
	switch {
	case d >= 48*time.Hour:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	case d >= 2*time.Minute:
		return fmt.Sprintf("%d minutes", d/time.Minute)
	}
	return fmt.Sprintf("%d seconds", d/time.Second)
}
