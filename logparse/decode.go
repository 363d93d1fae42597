package logparse

import (
	"strings"
	"time"
)

// A message is what one line says, whatever format said it.
type message struct {
	time    time.Time // zero: unknown
	text    string    // without the prefixes, and the fields below
	err     string    // error= of containerd, err= of the kubelet
	host    string
	url     string
	image   string
	version string
	kubelet bool      // a structured klog line
	plain   bool      // no log's line: what a client printed, or any text
	count   int       // of a Kubernetes event: how often it happened; 0: once
	first   time.Time // of a Kubernetes event: when it happened first; zero: unknown
}

// decode recognises the format of a line and takes it apart. Formats are nested: a journal
// entry holds a line of containerd, a runtime's JSON a line of the kubelet.
func (c clock) decode(line string, yield func(message)) bool {
	return c.decodeAt(line, time.Time{}, 0, yield)
}

// maxNesting is how deep a line lies in others. The state of a container is seven objects
// down in a list of pods.
const maxNesting = 10

func (c clock) decodeAt(line string, outer time.Time, depth int, yield func(message)) bool {
	line = strings.TrimRight(line, "\r\n")
	if strings.IndexByte(line, 0x1b) >= 0 {
		line = printable(line)
	}
	line = straight(line)
	if outer.IsZero() {
		outer = c.prefix(line)
	}
	logfmt, object := logfmtStart(line), objectStart(line)
	switch {
	case object >= 0 && (logfmt < 0 || object < logfmt && line[logfmt-1] != '}') && depth < maxNesting && jsonStart(line[:object], line[object:]):
		return c.decodeJSON(line[object:], outer, depth, yield) || c.decodeEscaped(line[object:], outer, depth, yield) ||
			c.decodeCut(line[object:], outer, depth, yield)
	case logfmt >= 0:
		m := c.logfmt(line[logfmt:], outer)
		if m.err == "" && depth < maxNesting && isLine(m.text) {
			return c.decodeAt(m.text, m.time, depth+1, yield)
		}
		yield(m)
	default:
		if m, ok := c.klog(line, outer); ok {
			yield(m)
			break
		}
		if c.decodeEscaped(line, outer, depth, yield) {
			break
		}
		if i := strings.LastIndex(line, " ctr: "); i > 0 { // its line end was lost
			c.plainText(line[:i], outer, yield)
			line = line[i+1:]
		}
		c.plainText(line, outer, yield)
	}
	return true
}

// plainText reads what a client printed, or any text.
func (c clock) plainText(line string, outer time.Time, yield func(message)) {
	m, ok := c.terminal(line)
	if !ok {
		m = message{text: line}
	}
	m.time, m.plain = finer(outer, m.time), m.err == ""
	yield(m)
}

// logfmtStart is where containerd's text format begins in line, perhaps without the time, -1
// where it does not. (K3s' has the network's configuration, an object, before its first line.)
func logfmtStart(line string) int {
	if i := strings.Index(line, `time="`); i >= 0 {
		return i
	}
	i := strings.Index(line, "level=")
	if i < 0 || strings.IndexByte(line[:i], '"') >= 0 || !strings.Contains(line[i:], " msg=") {
		return -1
	}
	return i
}

// objectStart is where a JSON object begins in line, -1 for nowhere; older journalctl prints a
// blank first.
func objectStart(line string) int {
	at := strings.Index(line, `{"`)
	if spaced := strings.Index(line, `{ "`); spaced >= 0 && (at < 0 || spaced < at) {
		return spaced
	}
	return at
}

// isLine reports whether a message is a line of another program's, as k0s passes on those of
// containerd and of the kubelet.
func isLine(text string) bool {
	_, _, klog := klogHeader(text)
	return klog || strings.HasPrefix(text, `time="`)
}

// jsonStart reports whether an object after prefix is the line's content, not a value
// inside of it: the prefix is empty or that of a journal, or the object a whole line of
// containerd's, whatever program wrote before it.
func jsonStart(prefix, object string) bool {
	prefix = strings.TrimSpace(prefix)
	return prefix == "" || strings.HasSuffix(prefix, ":") && !strings.Contains(prefix, "=") ||
		!strings.ContainsAny(prefix, `"=`) && strings.Contains(object, `"msg":`) && strings.HasSuffix(object, "}")
}

// finer is a line's own time, or that of its prefix where the line has none, or has whole
// seconds, as K3s' own lines do, and the prefix the very second in parts.
func finer(prefix, own time.Time) time.Time {
	if own.IsZero() || prefix.Truncate(time.Second).Equal(own) {
		return prefix
	}
	return own
}

// logfmt reads containerd's text format. (sirupsen/logrus text_formatter.go)
func (c clock) logfmt(line string, outer time.Time) message {
	m := message{time: outer}
	for key, value := range pairs(line) {
		if key == "time" {
			m.time = finer(outer, c.full(value))
			continue
		}
		m.set(key, value)
	}
	return m
}

func (m *message) set(key, value string) {
	switch key {
	case "msg":
		m.text = value
	case "error", "err":
		m.err = value
	case "host":
		m.host = value
	case "url":
		m.url = value
	case "image":
		m.image = value
	case "version":
		m.version = value
	case "level":
		m.plain = value == "fatal" // a client's last word, which is no service's
	case "message":
		if m.kubelet {
			m.text = value
		}
	}
}

// klog reads a line of the kubelet: "E1008 10:00:44.221020  222 log.go:32] "message"
// err="…" image="…"". A line whose header was cut off is known by its err field.
// (k8s.io/klog/v2 internal/serialize)
func (c clock) klog(line string, outer time.Time) (message, bool) {
	m := message{time: outer, kubelet: true}
	body := line
	if stamp, rest, ok := klogHeader(line); ok {
		body = rest
		if m.time.IsZero() {
			m.time = c.partial("0102 15:04:05.999999999", stamp)
		}
	} else if !strings.HasPrefix(line, `"`) || !strings.Contains(line, ` err="`) {
		return message{}, false
	}
	if !strings.HasPrefix(body, `"`) {
		m.text = body
		return m, true
	}
	text, rest := quoted(body)
	m.text = text
	for key, value := range pairs(strings.TrimSpace(rest)) {
		m.set(key, value)
	}
	return m, true
}

// klogHeader cuts a line after "E1008 10:00:44.221020  222 log.go:32] ".
func klogHeader(line string) (stamp, rest string, ok bool) {
	source := strings.Index(line, ".go:")
	if source < 0 {
		return "", "", false
	}
	after := strings.TrimLeft(line[source+4:], "0123456789")
	rest, ok = strings.CutPrefix(after, "] ")
	if !ok {
		return "", "", false
	}
	head := strings.Fields(line[:source])
	for i := len(head) - 3; i >= 0; i-- {
		h := head[i][strings.LastIndexByte(head[i], ':')+1:] // after the line's number, of grep
		if len(h) == 5 && strings.ContainsRune("IWEF", rune(h[0])) && strings.Trim(h[1:], "0123456789") == "" {
			return h[1:] + " " + head[i+1], rest, true
		}
	}
	return "", rest, true
}

// terminal reads what ctr, nerdctl and crictl print: "INFO[0000] text   error="…" host=…".
// In the brackets are the seconds since they began, or the time.
func (c clock) terminal(line string) (message, bool) {
	open := strings.IndexByte(line, '[')
	if open < 4 {
		return message{}, false
	}
	switch line[open-4 : open] {
	case "INFO", "WARN", "ERRO", "FATA", "DEBU":
	default:
		return message{}, false
	}
	stamp, rest, ok := strings.Cut(line[open+1:], "] ")
	if !ok {
		return message{}, false
	}
	m := message{text: strings.TrimSpace(rest), time: c.full(stamp)}
	text, fields, ok := strings.Cut(rest, "  ")
	if !ok { // it is one blank where the line was broken
		text, fields, ok = strings.Cut(rest, ` error="`)
		fields = `error="` + fields
	}
	if ok && strings.Contains(fields, "=") {
		m.text = text
		for key, value := range pairs(strings.TrimSpace(fields)) {
			m.set(key, value)
		}
	}
	return m, true
}
