package registry

import (
	"net/netip"
	"path"
	"slices"
	"strconv"
	"strings"

	"gopkg.in/yaml.v3"
)

// settingsOf collects what the environment, config.yaml and command lines say, by flag
// name; later values replace earlier ones.
type settingsOf map[string]setting

// A setting is the value of a flag and the file that gave it.
type setting struct{ value, from string }

// valueFlags are the flags read here that take a value; the others are switches.
var valueFlags = map[string]string{
	"data-dir": "data-dir", "d": "data-dir", "config": "config", "c": "config", "private-registry": "private-registry",
	"https-listen-port": "https-listen-port", "supervisor-port": "supervisor-port", "service-cidr": "service-cidr",
}

// shownFlags are those that a source is said to set.
var shownFlags = []string{
	"config", "data-dir", "disable-default-registry-endpoint", "embedded-registry", "https-listen-port", "private-registry", "service-cidr", "supervisor-port",
}

// addArgs reads a command line.
func (s settingsOf) addArgs(args []string, from string) {
	for i := 0; i < len(args); i++ {
		flag, value, given := strings.Cut(strings.TrimLeft(args[i], "-"), "=")
		if !strings.HasPrefix(args[i], "-") {
			continue
		}
		long, takes := valueFlags[flag]
		switch {
		case takes && !given && i+1 < len(args):
			i++
			s[long] = setting{args[i], from}
		case takes:
			s[long] = setting{value, from}
		case given:
			s[flag] = setting{value, from}
		default:
			s[flag] = setting{"true", from}
		}
	}
}

// addYAML reads config.yaml, whose keys are flags without the dashes; one that ends in + adds
// to what earlier files say. It returns why the file cannot be used.
// (k3s pkg/configfilearg/parser.go)
func (s settingsOf) addYAML(text []byte, from string) *yamlError {
	root, err := parseYAML(text)
	if err != nil || root == nil {
		return err
	}
	r := &yamlReader{}
	r.mapping(root, "map", func() {}, func(key string, _, value *yaml.Node) {
		key, adds := strings.CutSuffix(strings.TrimLeft(key, "-"), "+")
		if long, takes := valueFlags[key]; takes {
			key = long
		}
		text, ok := r.scalars(value)
		switch {
		case !ok:
			return
		case adds && s[key].value != "":
			text = s[key].value + "," + text
		}
		s[key] = setting{text, from}
	})
	return r.fatal
}

// scalars reads a scalar, or a list of them joined with commas.
func (r *yamlReader) scalars(n *yaml.Node) (text string, ok bool) {
	r.follow(n, func(n *yaml.Node) bool {
		switch {
		case n.Kind == yaml.SequenceNode:
			var items []field
			ok = r.list(n, &items)
			var all []string
			for _, item := range items {
				all = append(all, item.value)
			}
			text = strings.Join(all, ",")
		case n.Kind == yaml.ScalarNode && r.tag(n) == "!!bool":
			text, ok = strconv.FormatBool(slices.Contains(trueWords, n.Value)), true
		case n.Kind == yaml.ScalarNode:
			text, ok = n.Value, true
		}
		return ok
	})
	return text, ok
}

func (s settingsOf) flags() Flags {
	f := Flags{PrivateRegistry: s["private-registry"].value}
	f.DisableDefaultEndpoint, _ = strconv.ParseBool(s["disable-default-registry-endpoint"].value)
	f.EmbeddedRegistry, _ = strconv.ParseBool(s["embedded-registry"].value)
	for _, port := range []string{"https-listen-port", "supervisor-port"} {
		if n, err := strconv.Atoi(s[port].value); err == nil {
			f.SupervisorPort = n
		}
	}
	f.IPv6Only = onlyIPv6(s["service-cidr"].value)
	return f
}

func onlyIPv6(ranges string) bool {
	if ranges == "" {
		return false
	}
	return !slices.ContainsFunc(strings.Split(ranges, ","), func(text string) bool {
		p, err := netip.ParsePrefix(strings.TrimSpace(text))
		return err != nil || p.Addr().Is4()
	})
}

// readConfigYAML reads config.yaml and the files of config.yaml.d in their order.
func (f *files) readConfigYAML(abs string, s settingsOf) {
	list := []string{abs}
	for _, pattern := range []string{"/*.yaml", "/*.yml"} {
		list = append(list, f.glob(path.Join(abs+".d", pattern))...)
	}
	slices.Sort(list[1:])
	for i, file := range list {
		read := f.readAny
		if i == 0 {
			read = f.read
		}
		text, err := read(file, KindConfigYAML, maxConfigSize)
		if err != nil {
			continue
		}
		if err := s.addYAML(text, file); err != nil {
			f.complain(file, err.Error())
		}
	}
}

// noteFlags adds to each source which of the flags that count it sets.
func (f *files) noteFlags(s settingsOf) {
	for _, flag := range shownFlags {
		for i := range f.sources {
			source := &f.sources[i]
			if s[flag].from == source.Path && source.Status == StatusRead {
				source.Detail = strings.TrimPrefix(source.Detail+", "+flag+"="+s[flag].value, ", ")
			}
		}
	}
}
