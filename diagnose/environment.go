package diagnose

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/pullwhy/pullwhy/probe"
)

// direct keeps containerd from using the proxy for the endpoint, where that was seen to answer
// without; nil otherwise.
func (o observation) direct() []Note {
	if o.would(probe.WithoutProxy) == nil {
		return nil
	}
	return o.inEnvironment(o.exempt())
}

// longList is how many bytes of a list people read.
const longList = 40

// exempt is the setting that exempts the endpoint from the proxy.
func (o observation) exempt() string {
	listed := cmp.Or(o.node.Env["NO_PROXY"], o.node.Env["no_proxy"])
	file := o.environment()
	switch {
	case len(listed) > longList:
		return "append ," + o.name() + " to NO_PROXY"
	case listed != "":
		listed += ","
	}
	if ofUnit(file) {
		return fmt.Sprintf("below [Service]: Environment=NO_PROXY=%s%s", listed, o.name())
	}
	return "NO_PROXY=" + listed + o.name()
}

// inEnvironment is a change of the unit's environment, with what lets it take effect.
func (o observation) inEnvironment(text string, looks ...Note) []Note {
	n := Note{Text: text, File: o.environment()}
	if n.File != "" {
		n.Text += " in " + n.File
	}
	restart := o.apply()
	if !rendered(o.node) && o.node.Unit != "" {
		restart = []Note{{Text: "make it take effect", Command: "systemctl restart " + o.node.Unit}}
	}
	if ofUnit(n.File) && len(restart) == 1 && restart[0].Command != "" {
		restart[0].Command = "systemctl daemon-reload && " + restart[0].Command
	}
	return slices.Concat([]Note{n}, restart, looks)
}

// ofUnit reports whether a file is one of systemd's, and no list of variables.
func ofUnit(file string) bool {
	return strings.HasSuffix(file, ".conf") || strings.HasSuffix(file, ".service")
}

// environment is the file in which the unit's environment is set on this node: where it is
// now, else where that is usual.
func (o observation) environment() string {
	switch unit := o.node.Unit; {
	case o.node.EnvFile != "":
		return o.node.EnvFile
	case unit == "":
		return ""
	case strings.HasPrefix(unit, "rke2"):
		return "/etc/default/" + unit
	case !rendered(o.node):
		return "/etc/systemd/system/" + unit + ".service.d/http-proxy.conf"
	default:
		return "/etc/systemd/system/" + unit + ".service.env"
	}
}

// proxy is the one through which the endpoint is asked, without its credentials; "" where none is
// known.
func (o observation) proxy() string {
	proxy, _ := o.through(o.url)
	return proxy
}

// through is the proxy for a URL of what failed: the probe's, else the environment's; and whether it
// is sent credentials.
func (o observation) through(url string) (proxy string, credentials bool) {
	proxy, credentials = probe.ProxyOf(o.node.Env, url)
	if o.probe != nil && o.target == "" {
		proxy = cmp.Or(o.probe.Proxy, proxy)
	}
	return proxy, credentials
}
