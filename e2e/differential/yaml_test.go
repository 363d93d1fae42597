package differential

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// randomRegistries is a registries.yaml: written at random or one of the seeds, as it is or
// with some slips.
func randomRegistries(r *rand.Rand, seeds []string) string {
	w := &yamlWriter{Rand: r, unusual: pick(r, 0, 0, 30, 10, 4)}
	slips := pick(r, 0, 1)
	if w.unusual == 0 {
		slips = pick(r, 0, 1, 1, 2)
	}
	text := pick(r, seeds...)
	if !oneIn(r, 3) {
		w.file()
		text = w.String()
	}
	for range slips {
		if oneIn(r, 2) {
			text = mutate(r, text)
		} else {
			text = mutateYAML(r, text)
		}
	}
	return text
}

// mutateYAML changes what YAML is particular about.
func mutateYAML(r *rand.Rand, text string) string {
	lines := strings.SplitAfter(text, "\n")
	l := r.IntN(len(lines))
	line := lines[l]
	body := strings.TrimLeft(line, " ")
	indent := line[:len(line)-len(body)]
	switch r.IntN(16) {
	case 0:
		lines[l] = pick(r, "", " ", "   ", "\t", indent+"  ", indent+" \t") + body
	case 1:
		lines[l] = strings.Replace(line, ": ", pick(r, ":", " : ", ":\t", ": &a ", ": *a ", ": !!str ", ": !!int ", ": !!binary ", ": !x ", ": |\n"+indent+"  ", ": >-\n"+indent+"  ", ": ? "), 1)
	case 2:
		lines[l] = line + pick(r, "---\n", "...\n", "--- x\n", "%YAML 1.1\n", "%TAG ! tag:x\n", "# comment\n", "#\n", "\n", "--- # c\n", "---\t\n", "... x\n", "---x\n", " ---\n")
	case 3:
		return pick(r, "\ufeff", "---\n", "# c\n", "%YAML 1.1\n---\n", "%YAML 1.2\n---\n", "%YAML 2.0\n---\n", "...\n", "\n\n", "--- \n", " ", "\t", "\r\n", "\x00", "--- !!map\n", "? ", "&a ", "%FOO bar\n---\n") + strings.TrimPrefix(text, "\ufeff") // which two YAML readers tell apart, and nobody writes twice
	case 4:
		return strings.ReplaceAll(text, "\n", pick(r, "\r\n", "\r", "\n\n", "\u0085", "\u2028"))
	case 5:
		lines[l] = strings.TrimRight(line, "\n") + pick(r, " # c\n", "#c\n", " ", "\t\n", "  \n", ":\n", ",\n", " \\\n")
	case 6:
		lines[l] = indent + pick(r, "- ", "? ", "'", "\"", "&a ", "*a ", "!!map ", "<<: *a\n"+indent, "x: &a\n"+indent, "key: ", "{", "[", "| ", "@", "`") + body
	case 7:
		key, value, ok := strings.Cut(body, ":")
		if ok {
			lines[l] = indent + pick(r, `"`+key+`"`, "'"+key+"'", "!!str "+key, "? "+key+"\n"+indent, "&b "+key, strings.ToUpper(key), key+" ") + ":" + value
		}
	case 8:
		key, _, ok := strings.Cut(body, ":")
		if ok {
			lines[l] = indent + key + ": " + scalar(r) + "\n"
		}
	case 9:
		return text + pick(r, "...\n", "---\n", "\x00", "---\n\t\n", "--- *x\n", "...\nmirrors: 1\n", "\nauths: x\n", "\nauths:\n  a:\n    username: [x]\n", " ", "\u00a0")
	case 10:
		n := pick(r, 5, 100, 9_999, 10_001)
		return text + "\ndeep: " + strings.Repeat(pick(r, "[", "{a: "), n) + pick(r, "", strings.Repeat("]", n)) + "\n"
	case 11:
		return text + "\nx-a: &x [1, 2]\nx-b: &y [*x, *x]\nmirrors: {z: {endpoint: " + pick(r, "*x", "*y", "[*x]", "*z") + "}}\n"
	case 12:
		return strings.Replace(text, "mirrors:", pick(r, "mirrors: &m", "Mirrors:", "mirrors :", "? mirrors\n:", "\"mirrors\":", "mirrors: !!map", "mirrors:\nmirrors:", "mirrors:\t", "mirrors: # c", "- mirrors:"), 1)
	case 13:
		return strings.Replace(text, "configs:", pick(r, "configs: &c", "configs: *m", "configs:\n  <<: *m\n ", "configs: {}\nconfigs:", "configs: ~\nx:", "configs:\n\n\n", "configs: !!map"), 1)
	case 14:
		return strings.Replace(text, "\n", pick(r, "\n\n", "\n# c\n", " \n", "\n \n", "\n\t\n", "\n...\n"), 1+r.IntN(3))
	case 15:
		lines[l] = strings.Replace(line, " ", pick(r, "\t", "\u00a0", "  ", "\u200b"), 1)
	}
	return strings.Join(lines, "")
}

// A yamlWriter writes a registries.yaml. One thing in unusual is; 0: none is.
type yamlWriter struct {
	strings.Builder
	*rand.Rand
	unusual int
	anchors int
}

func (w *yamlWriter) chance(n int) bool { return oneIn(w.Rand, n) }

func (w *yamlWriter) odd() bool { return w.unusual > 0 && w.chance(w.unusual) }

func (w *yamlWriter) pick(from ...string) string { return pick(w.Rand, from...) }

func (w *yamlWriter) file() {
	if w.odd() {
		w.WriteString(w.pick("---\n", "# comment\n", "\ufeff", "%YAML 1.1\n---\n", "\n"))
	}
	sections := []func(){w.mirrors, w.configs, w.mirrors, w.configs, w.auths, w.merges, func() { w.line(0, w.pick("x-own: &own {ca_file: /a}", "other: 1", "Mirrors: {}", "version: v1")) }}
	w.Shuffle(len(sections), func(i, j int) { sections[i], sections[j] = sections[j], sections[i] })
	for _, write := range sections[:1+w.IntN(4)] {
		write()
	}
	if w.odd() {
		w.WriteString(w.pick("...\n", "---\nmirrors: [\n", "--- x\n", "# end", "---\n"))
	}
}

func (w *yamlWriter) line(depth int, text string) {
	end := "\n"
	if w.odd() {
		end = w.pick(" # comment\n", "\n\n", " \n", "\r\n", "\n# comment\n", "\n    # c\n")
	}
	w.WriteString(strings.Repeat("  ", depth) + text + end)
}

func (w *yamlWriter) mirrors() {
	w.line(0, "mirrors:"+w.inline())
	for range w.IntN(4) {
		w.line(1, w.name()+":"+w.inline())
		if w.chance(6) {
			continue
		}
		if !w.chance(6) {
			w.endpoints()
		}
		if w.chance(3) {
			w.line(2, "rewrite:"+w.inline())
			for range w.IntN(3) {
				w.line(3, w.quoted(w.pick("^rancher/(.*)", "(.*)", "a", "x.y"))+": "+w.quoted(w.pick("mirror/$1", "b", "", "$1")))
			}
		}
		if w.odd() {
			w.line(2, w.pick("endpoints: [a]", "insecure: true", "<<: *a1", "endpoint: ~", "endpoint: https://m.example.com", "endpoint: [[a]]", "endpoint: {a: b}", "rewrite: []", "rewrite: x", "endpoint: [~, 1, true, 1.5, 2026-01-02]"))
		}
	}
}

func (w *yamlWriter) endpoints() {
	if w.chance(4) {
		w.line(2, "endpoint: ["+w.quoted(w.url())+", "+w.quoted(w.url())+"]")
		return
	}
	w.line(2, "endpoint:"+w.inline())
	for range w.IntN(3) {
		item := w.quoted(w.url())
		if w.odd() {
			item = scalar(w.Rand)
		}
		w.line(2+w.IntN(2)*0, w.pick("- ", "  - ", "- ")+item)
	}
}

func (w *yamlWriter) configs() {
	w.line(0, "configs:"+w.inline())
	for range w.IntN(4) {
		w.line(1, w.name()+":"+w.inline())
		if w.chance(2) {
			w.line(2, "auth:"+w.inline())
			w.fields("username", "password", "auth", "identity_token", "token", "Password")
		}
		if w.chance(2) {
			w.line(2, "tls:"+w.inline())
			w.fields("ca_file", "cert_file", "key_file", "insecure_skip_verify", "insecureSkipVerify")
		}
		if w.odd() {
			w.line(2, w.pick("auth: ~", "auth: {}", "tls:", "tls: null", "tls: Null", `tls: "null"`, "tls: ~", "tls: 'x'", "auth: []", "<<: *a1", "<<: [*a1, *a2]", "auth: *a1", "tls: !!null ''", "auth: {username: u, password: p}", "tls: {insecure_skip_verify: on}", "tls: NULL", "auth: ''"))
		}
	}
}

func (w *yamlWriter) auths() {
	w.line(0, "auths:"+w.inline())
	for range w.IntN(2) {
		w.line(1, w.name()+":")
		w.line(2, w.pick("username: you", "username: [x]", "auth: 1", "x: y"))
	}
}

// merges are credentials put together from parts.
func (w *yamlWriter) merges() {
	w.line(0, "x-one: &one {username: one, password: first}")
	w.line(0, "x-two: &two {username: two, password: second, identity_token: second}")
	w.line(0, "configs:")
	w.line(1, w.name()+":")
	w.line(2, "auth:")
	w.line(3, w.pick("<<: *one", "<<: [*one, *two]", "<<: [*two, *one]", "<<: {username: own}", "username: own\n      <<: *one", "<<: *one\n      username: own",
		"<<: *one\n      <<: *two", "<<: [*one, {username: own}]", "<<: x", "<<: [x]", "<<: [*one, [*two]]", "<<: []", "<<: ~"))
}

func (w *yamlWriter) fields(names ...string) {
	for range w.IntN(4) {
		name := w.pick(names...)
		value := w.quoted(w.pick("you", "secret", "/etc/ca.crt", "/etc/key.pem"))
		if strings.HasPrefix(name, "insecure") {
			value = w.pick("true", "false", "yes", "no", "on", "Off", "True", "TRUE", "y", "N")
		}
		if w.odd() {
			value = scalar(w.Rand)
		}
		w.line(3, name+": "+value)
	}
}

// inline is what may stand behind the colon of a key whose value follows.
func (w *yamlWriter) inline() string {
	if !w.odd() {
		return ""
	}
	w.anchors++
	return w.pick(fmt.Sprintf(" &a%d", w.anchors), fmt.Sprintf(" &a%d", w.anchors), fmt.Sprintf(" *a%d", w.anchors), " !!map", " {}", " ~", " []", " x", " |", "\t", " # c", " !x", " null", " &a1 !!map")
}

func (w *yamlWriter) name() string {
	return w.quoted(w.pick("docker.io", "registry.example.com", "registry.example.com:5000", "*", "localhost:5000", "10.1.2.3:5000", "registry-1.docker.io", "m.example.com", "https://m.example.com", "a/b", "", "1.5", "yes", "~", "5000", "<<"))
}

func (w *yamlWriter) url() string {
	return w.pick("https://m.example.com", "http://m.example.com:5000", "m.example.com", "https://m.example.com/v2/", "https://you:word@m.example.com", "https://m.example.com/a/v2", "127.0.0.1:5000", "docker.io", "https://m.example.com", "https://%zz", "")
}

// quoted is text as a scalar.
func (w *yamlWriter) quoted(text string) string {
	plain := text != "" && !strings.ContainsAny(text[:1], "*<~") && !strings.Contains(text, ": ")
	switch {
	case w.odd():
		return w.pick(text, `"`+text, text+"'", "!!str "+text, "&q "+text, "! "+text)
	case plain && !w.chance(3):
		return text
	case w.chance(2):
		return "'" + text + "'"
	}
	return `"` + text + `"`
}

// scalar is a value that YAML readers disagree about.
func scalar(r *rand.Rand) string {
	return pick(r, "0123", "0o17", "0x1F", "0b101", "1_000", "1e3", "1.5", ".5", "+1", "-0", ".inf", "-.INF", ".nan", "~", "null", "Null", "NULL", "nil", "", "yes", "No", "on", "OFF", "y", "n", "true", "True", "tRue",
		"2026-01-02", "2026-01-02T03:04:05Z", "2026-1-2", "12:30:45", "190:20:30", "!!binary aGVsbG8=", "!!binary not base64", "!!binary ''", "!!str 5", "!!int 5", "!!int x", "!!float 1", "!!bool yes", "!!bool maybe", "!!null ''", "!!null x",
		"!!timestamp 2026-01-02", "!!timestamp x", "!!str", "!own x", "!!seq x", "!!map {}", "!<tag:yaml.org,2002:str> x", "!<tag:yaml.org,2002:int> 7", "\"a\\tb\"", `"\x41\u00e9"`, `"\q"`, "'it''s'", "a: b", "a #b", "a#b", "[x]", "{a: b}", "[a, b]", "- x", "? x", "&a", "*a1", "& x",
		"|\n        text\n", ">\n        folded\n        text\n", "|+\n        x\n\n", "|2\n          x\n", "@x", "`x`", "%x", "=", "<<", "18446744073709551615", "18446744073709551616", "-9223372036854775809", "0.1e400", "1__0", "0_", "_1", "+.inf", "é", "\u00a0", "\"\\uD800\"", "a\tb", "\"multi\n     line\"", "plain\n        continued", "0b2", "-0b101", "0777", "09", "1.", "1e", "x: y: z")
}
