package registry

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pullwhy/pullwhy/cause/lazyregexp"
)

// A yamlReader reads a tree of yaml.v3 as gopkg.in/yaml.v2 2.4.0 decodes it without
// strictness (decode.go there): a repeated key replaces, merges happen where they stand,
// unknown keys are nothing, and a value of the wrong type voids the file though reading
// goes on.
type yamlReader struct {
	errors                   []yamlError // of type; each voids the file
	fatal                    *yamlError  // ended the reading
	decoded, aliased, inside int
	open                     map[*yaml.Node]bool // aliases being followed
}

func (r *yamlReader) fail(n *yaml.Node, message string) {
	if r.fatal == nil {
		r.fatal = &yamlError{Line: n.Line, Column: n.Column, Message: message}
	}
}

func (r *yamlReader) mismatch(n *yaml.Node, wanted string) {
	r.errors = append(r.errors, yamlError{
		Line: n.Line, Column: n.Column,
		Message: fmt.Sprintf("cannot unmarshal %s into %s", tagOf(n), wanted),
		Fix:     typeFix(n, wanted), raw: retyped(n, wanted),
	})
}

// follow counts n as decoded and gives read what n stands for.
func (r *yamlReader) follow(n *yaml.Node, read func(*yaml.Node) bool) bool {
	r.count(n)
	if r.fatal != nil {
		return false
	}
	if n.Kind != yaml.AliasNode {
		return read(n)
	}
	if r.open[n] {
		r.fail(n, "anchor's value contains itself")
		return false
	}
	if r.open == nil {
		r.open = map[*yaml.Node]bool{}
	}
	r.open[n] = true
	r.inside++
	ok := r.follow(n.Alias, read)
	r.inside--
	delete(r.open, n)
	return ok
}

// count refuses documents that consist of aliases, by the measure of yaml.v2: 99 % of up
// to 400,000 nodes, falling to 10 % of 4,000,000.
func (r *yamlReader) count(n *yaml.Node) {
	r.decoded++
	if r.inside > 0 {
		r.aliased++
	}
	if r.aliased <= 100 || r.decoded <= 1000 {
		return
	}
	const low, high = 400_000, 4_000_000
	allowed := 0.99 - 0.89*float64(min(max(r.decoded, low), high)-low)/(high-low)
	if float64(r.aliased)/float64(r.decoded) > allowed {
		r.fail(n, "document contains excessive aliasing")
	}
}

// entries calls each for the pairs of a mapping, those merged into it included, with keys
// as text.
func (r *yamlReader) entries(n *yaml.Node, each func(key string, keyNode, value *yaml.Node)) {
	for i := 0; i+1 < len(n.Content) && r.fatal == nil; i += 2 {
		keyNode, value := n.Content[i], n.Content[i+1]
		if isMerge(keyNode) {
			r.merge(value, each)
			continue
		}
		var key string
		if r.text(keyNode, &key) {
			each(key, keyNode, value)
		}
	}
}

func isMerge(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Value == "<<" && (isPlain(n) || n.Tag == "!!merge")
}

func (r *yamlReader) merge(value *yaml.Node, each func(string, *yaml.Node, *yaml.Node)) {
	from := []*yaml.Node{value}
	if value.Kind == yaml.SequenceNode {
		from = slices.Clone(value.Content)
		slices.Reverse(from) // earlier ones win
	}
	for _, n := range from {
		target := n
		if n.Kind == yaml.AliasNode {
			target = n.Alias
		}
		if target.Kind != yaml.MappingNode {
			r.fail(value, "map merge requires map or sequence of maps as the value")
			return
		}
		r.follow(n, func(n *yaml.Node) bool { r.entries(n, each); return true })
	}
}

// text reads a scalar as a string; a null is the empty one.
func (r *yamlReader) text(n *yaml.Node, into *string) bool {
	return r.follow(n, func(n *yaml.Node) bool {
		if n.Kind != yaml.ScalarNode {
			r.mismatch(n, "string")
			return false
		}
		switch r.tag(n) {
		case "!!null":
			*into = ""
		case "!!binary":
			data, err := base64.StdEncoding.DecodeString(n.Value)
			if err != nil {
				r.fail(n, "!!binary value contains invalid base64 data")
				return false
			}
			*into = string(data)
		default:
			*into = n.Value
		}
		return r.fatal == nil
	})
}

// flag reads a scalar as a boolean.
func (r *yamlReader) flag(n *yaml.Node, into *bool) bool {
	return r.follow(n, func(n *yaml.Node) bool {
		tag := ""
		if n.Kind == yaml.ScalarNode {
			tag = r.tag(n)
		}
		switch tag {
		case "!!null":
			*into = false
		case "!!bool":
			*into = slices.Contains(trueWords, n.Value)
		default:
			r.mismatch(n, "bool")
			return false
		}
		return r.fatal == nil
	})
}

// list reads a sequence of strings; items of another type are left out.
func (r *yamlReader) list(n *yaml.Node, into *[]field) bool {
	return r.follow(n, func(n *yaml.Node) bool {
		switch {
		case n.Kind == yaml.SequenceNode:
			*into = nil
			for _, item := range n.Content {
				var text string
				if r.text(item, &text) {
					*into = append(*into, field{value: text, node: item})
				}
			}
			return true
		case r.isNull(n):
			*into = nil
			return true
		}
		r.mismatch(n, "[]string")
		return false
	})
}

// mapping calls each for the entries of a mapping, or clear for a null.
func (r *yamlReader) mapping(n *yaml.Node, kind string, clear func(), each func(key string, keyNode, value *yaml.Node)) bool {
	return r.follow(n, func(n *yaml.Node) bool {
		switch {
		case n.Kind == yaml.MappingNode:
			r.entries(n, each)
			return true
		case r.isNull(n):
			clear()
			return true
		}
		r.mismatch(n, kind)
		return false
	})
}

func (r *yamlReader) isNull(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && r.tag(n) == "!!null"
}

func isPlain(n *yaml.Node) bool { return n.Style == 0 }

var (
	nullWords  = []string{"", "~", "null", "Null", "NULL"}
	trueWords  = []string{"y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"}
	falseWords = []string{"n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"}
	floatWord  = lazyregexp.New(`^([-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN))$`)
)

// tag is the type that yaml.v2 sees in a scalar (resolve.go there). An explicit tag that
// the text does not bear out ends the reading.
func (r *yamlReader) tag(n *yaml.Node) string {
	if n.Style&yaml.TaggedStyle == 0 {
		return tagOf(n)
	}
	found := implicitTag(n.Value)
	switch n.Tag {
	case found, "!!str", "!!binary":
		return n.Tag
	case "!!float":
		if found == "!!int" {
			return n.Tag
		}
	case "!!timestamp":
		if isTimestamp(n.Value) {
			return n.Tag
		}
	case "!!bool", "!!int", "!!null":
	default:
		return n.Tag // a type of somebody else's, a string to everybody
	}
	r.fail(n, "cannot decode "+found+" as a "+n.Tag)
	return n.Tag
}

// tagOf is the type of a node by its looks.
func tagOf(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.SequenceNode && n.Style&yaml.TaggedStyle == 0:
		return "!!seq"
	case n.Kind == yaml.MappingNode && n.Style&yaml.TaggedStyle == 0:
		return "!!map"
	case n.Style&yaml.TaggedStyle != 0:
		return n.Tag
	case !isPlain(n):
		return "!!str"
	case isTimestamp(n.Value):
		return "!!timestamp"
	}
	return implicitTag(n.Value)
}

func implicitTag(text string) string {
	number := strings.ReplaceAll(text, "_", "")
	switch {
	case slices.Contains(nullWords, text):
		return "!!null"
	case slices.Contains(trueWords, text), slices.Contains(falseWords, text):
		return "!!bool"
	case text == "<<":
		return "!!merge"
	case !strings.ContainsAny(text[:1], "+-.0123456789"):
		return "!!str"
	case text[0] != '.' && isInteger(number):
		return "!!int"
	case floatWord().MatchString(number):
		return "!!float"
	}
	return "!!str"
}

func isInteger(text string) bool {
	if binary := strings.Replace(text, "0b", "", 1); strings.HasPrefix(text, "0b") || strings.HasPrefix(text, "-0b") {
		_, err := strconv.ParseInt(binary, 2, 64)
		return err == nil
	}
	if _, err := strconv.ParseInt(text, 0, 64); err == nil {
		return true
	}
	_, err := strconv.ParseUint(text, 0, 64)
	return err == nil
}

// isTimestamp reports whether yaml.v2 takes text for a point in time.
func isTimestamp(text string) bool {
	if len(text) < 5 || text[4] != '-' || strings.Trim(text[:4], "0123456789") != "" {
		return false
	}
	for _, layout := range []string{"2006-1-2T15:4:5.999999999Z07:00", "2006-1-2t15:4:5.999999999Z07:00", "2006-1-2 15:4:5.999999999", "2006-1-2"} {
		if _, err := time.Parse(layout, text); err == nil {
			return true
		}
	}
	return false
}
