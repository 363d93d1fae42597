package logparse

import (
	"cmp"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// decodeJSON reads the objects that text begins with: an entry of journalctl -o json, a line
// of containerd's JSON format, one that a log shipper wrapped, a Kubernetes event or a list of
// them, or any object that has such a one inside, as a pod has the states of its containers.
// False where it does not decode.
func (c clock) decodeJSON(text string, outer time.Time, depth int, yield func(message)) bool {
	var object map[string]json.RawMessage
	in := json.NewDecoder(strings.NewReader(text))
	if in.Decode(&object) != nil {
		return false
	}
	ok := c.decodeObject(object, outer, depth, yield)
	if rest := strings.TrimSpace(text[in.InputOffset():]); depth < maxNesting && strings.HasPrefix(rest, "{") {
		return c.decodeJSON(rest, outer, depth+1, yield) && ok
	}
	return ok
}

func (c clock) decodeObject(object map[string]json.RawMessage, outer time.Time, depth int, yield func(message)) bool {
	if outer.IsZero() {
		outer = c.outer(object)
	}
	if inner := journalMessage(object["MESSAGE"]); inner != "" {
		return c.decodeAt(inner, outer, depth+1, yield)
	}
	if object["msg"] != nil {
		m := message{time: finer(outer, c.outer(object))}
		for key, value := range object {
			m.set(key, jsonText(value))
		}
		yield(m)
		return true
	}
	ok := true
	if m := c.event(object); m.text != "" {
		yield(m)
	} else if inner := wrapped(object); inner != "" {
		ok = c.decodeAt(inner, outer, depth+1, yield)
	}
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if value := object[key]; value[0] != '"' {
			ok = c.decodeInside(value, outer, depth+1, yield) && ok
		}
	}
	return ok
}

// wrapped is the line that a log shipper made an object of, "" for none. Some say it twice.
func wrapped(object map[string]json.RawMessage) string {
	line := cmp.Or(jsonString(object["log"]), jsonString(object["line"]), jsonString(object["message"]))
	for _, key := range slices.Sorted(maps.Keys(object)) {
		if line == "" && object[key][0] == '"' && hasMark(object[key]) {
			line = jsonString(object[key])
		}
	}
	return line
}

// decodeInside reads an object that is a value of another one, or a list of such or of lines.
// Most have nothing to do with pulls.
func (c clock) decodeInside(value json.RawMessage, outer time.Time, depth int, yield func(message)) bool {
	if depth > maxNesting || len(value) == 0 || !hasMark(value) {
		return true
	}
	ok := true
	switch value[0] {
	case '{':
		var object map[string]json.RawMessage
		_ = json.Unmarshal(value, &object) // it was decoded with the whole
		return c.decodeObject(object, outer, depth, yield)
	case '"':
		return c.decodeAt(jsonString(value), outer, depth+1, yield)
	case '[':
		var list []json.RawMessage
		_ = json.Unmarshal(value, &list)
		for _, item := range list {
			ok = c.decodeInside(item, outer, depth+1, yield) && ok
		}
	}
	return ok
}

// outer is the time that the object itself states.
func (c clock) outer(object map[string]json.RawMessage) time.Time {
	for _, key := range []string{"__REALTIME_TIMESTAMP", "_SOURCE_REALTIME_TIMESTAMP"} {
		if micros, err := strconv.ParseInt(jsonText(object[key]), 10, 64); err == nil {
			return c.read(time.UnixMicro(micros))
		}
	}
	var seconds float64 // the kubelet's JSON: seconds or, later, milliseconds
	if json.Unmarshal(object["ts"], &seconds) == nil {
		if seconds > 1e11 {
			seconds /= 1000
		}
		return c.read(time.UnixMicro(int64(seconds * 1e6)))
	}
	for _, key := range []string{"time", "ts", "timestamp", "@timestamp"} {
		if t := c.full(jsonText(object[key])); !t.IsZero() {
			return t
		}
	}
	return time.Time{}
}

// event reads a Kubernetes event, of core/v1 or events.k8s.io/v1, or another object that has a
// reason and a message; without a text where it is none.
func (c clock) event(object map[string]json.RawMessage) message {
	if object["reason"] == nil && object["involvedObject"] == nil && object["regarding"] == nil {
		return message{}
	}
	get := func(keys ...string) json.RawMessage {
		for _, key := range keys {
			if value := object[key]; value != nil && string(value) != "null" {
				return value
			}
		}
		return nil
	}
	m := message{text: jsonText(get("message", "note"))}
	_ = json.Unmarshal(get("count", "deprecatedCount"), &m.count) // absent: once
	m.time = c.full(jsonText(get("lastTimestamp", "deprecatedLastTimestamp", "eventTime")))
	m.first = c.full(jsonText(get("firstTimestamp", "deprecatedFirstTimestamp")))
	var series struct {
		Count            int
		LastObservedTime string
	}
	if json.Unmarshal(object["series"], &series) == nil && series.Count > 0 {
		m.count, m.first = series.Count, m.time
		m.time = c.full(series.LastObservedTime)
	}
	return m
}

// journalMessage is the MESSAGE of a journal entry, which is an array of bytes where it is
// not valid UTF-8, and null where it is too long.
func journalMessage(value json.RawMessage) string {
	if text := jsonText(value); text != "" {
		return text
	}
	var numbers []uint16
	if json.Unmarshal(value, &numbers) != nil {
		return ""
	}
	text := make([]byte, len(numbers))
	for i, n := range numbers {
		text[i] = byte(n)
	}
	return string(text)
}

// jsonString is the string that value holds, "" where it is none.
func jsonString(value json.RawMessage) (text string) {
	_ = json.Unmarshal(value, &text)
	return text
}

// jsonText is the string that value holds, or that it is an object for: an error with
// fields of its own. "" where it is none.
func jsonText(value json.RawMessage) string {
	if text := jsonString(value); text != "" {
		return text
	}
	var object map[string]any
	if json.Unmarshal(value, &object) != nil {
		return ""
	}
	for _, key := range []string{"message", "msg", "error", "err"} {
		if text, ok := object[key].(string); ok {
			return text
		}
	}
	return ""
}

// An eventBlock gathers the fields of a Kubernetes event that is printed on many lines, as
// kubectl get events -o json does. Its message comes after its count and times.
type eventBlock struct{ count, first, last, time string }

// line takes one line; false where it is not one member of such an object. The journal's
// entries come so, too (journalctl -o json-pretty).
func (b *eventBlock) line(c clock, line string, yield func(message)) bool {
	key, value, ok := jsonMember(line)
	if !ok {
		return false
	}
	switch key {
	case "count", "deprecatedCount":
		b.count = value
	case "firstTimestamp", "deprecatedFirstTimestamp":
		b.first = value
	case "lastTimestamp", "deprecatedLastTimestamp":
		b.last = value
	case "eventTime":
		b.time = value
	case "message", "note":
		m := message{text: value, first: c.full(b.first), time: c.full(cmp.Or(b.last, b.time))}
		m.count, _ = strconv.Atoi(b.count)
		yield(m)
		*b = eventBlock{}
	case "MESSAGE":
		return c.decode(value, yield)
	}
	return true
}

// jsonMember reads a line that holds one member of an object and nothing else.
func jsonMember(line string) (key, value string, ok bool) {
	line = strings.TrimRight(strings.TrimSpace(line), ",")
	if len(line) == 0 || line[0] != '"' {
		return "", "", false
	}
	var member map[string]any
	if json.Unmarshal([]byte("{"+line+"}"), &member) != nil || len(member) != 1 {
		return "", "", false
	}
	for k, v := range member {
		switch v := v.(type) {
		case string:
			return k, v, true
		case float64:
			return k, strconv.Itoa(int(v)), true
		}
		key = k
	}
	return key, "", true
}
