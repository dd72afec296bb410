package config

import (
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// jsonNumber is a number as documents have it (RFC 8259, section 6).
var jsonNumber = regexp.MustCompile(`^-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?$`)

// literal reads a single value of a document: a text, a number, true, false or null, as YAML tells
// them apart. A quoted "1" is a text, an unquoted 1 a number.
func (v value) literal() (lens.Literal, bool) {
	n := v.node
	if isNull(n) && n.Value == "" {
		v.fail(`there is no value; write null, "" or another one`)
		return lens.Literal{}, false
	}
	if n.Kind != yaml.ScalarNode {
		v.fail("this is %s; write a single value", kindName(n))
		return lens.Literal{}, false
	}
	if n.ShortTag() == "!!str" || n.ShortTag() == "!!timestamp" {
		s, ok := v.raw()
		return lens.Literal{Kind: document.String, Text: s}, ok
	}
	return v.plain()
}

// code is literal for a key of a mapping, in which no variables stand.
func (v value) code() (lens.Literal, bool) {
	if tag := v.node.ShortTag(); tag == "!!str" || tag == "!!timestamp" {
		return lens.Literal{Kind: document.String, Text: v.node.Value}, true
	}
	return v.plain()
}

// plain reads what YAML says isn't a text.
func (v value) plain() (lens.Literal, bool) {
	switch n := v.node; n.ShortTag() {
	case "!!null":
		return lens.Literal{Kind: document.Null}, true
	case "!!bool":
		if strings.EqualFold(n.Value, "true") {
			return lens.Literal{Kind: document.True}, true
		}
		return lens.Literal{Kind: document.False}, true
	default:
		if !jsonNumber.MatchString(n.Value) {
			v.fail("%s is not how JSON writes a number; write %q in quotes if it is a text", n.Value, n.Value)
			return lens.Literal{}, false
		}
		return lens.Literal{Kind: document.Number, Text: n.Value}, true
	}
}

// plainWord reports whether a value is that word, not in quotes.
func (v value) plainWord(word string) bool {
	return v.node.Kind == yaml.ScalarNode && v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) == 0 && v.node.Value == word
}

// literals reads a single value, or a list of them.
func (v value) literals() (all []lens.Literal, ok bool) {
	if v.node.Kind != yaml.SequenceNode {
		one, ok := v.literal()
		return []lens.Literal{one}, ok
	}
	if len(v.node.Content) == 0 {
		v.fail("the list is empty; write one value at least")
		return nil, false
	}
	ok = true
	for _, item := range v.items() {
		one, good := item.literal()
		all, ok = append(all, one), ok && good
	}
	return all, ok
}

// pairs reads a mapping of codes to what they stand for. Turned round it is the service's values
// that are its keys.
func (v value) pairs(to *[]lens.Pair, turned bool) {
	list := []lens.Pair{}
	for key, child := range v.entries() {
		code, ok := key.code()
		stands, good := child.literal()
		switch {
		case !ok || !good:
		case turned:
			list = append(list, lens.Pair{Legacy: stands, Service: code})
		default:
			list = append(list, lens.Pair{Legacy: code, Service: stands})
		}
	}
	if v.node.Kind == yaml.MappingNode && len(v.node.Content) == 0 || isNull(v.node) {
		v.fail("there is nothing in it; write code: value, or remove the key")
	}
	*to = list
}

// sides reads what is said of each side, of which one may be left out.
func (v value) sides(legacy, service func(value)) {
	v.object(fields{"legacy": legacy, "service": service})
	v.notEmpty("legacy or service")
}

// notEmpty reports an object that says nothing.
func (v value) notEmpty(what string) {
	if isNull(v.node) || v.node.Kind == yaml.MappingNode && len(v.node.Content) == 0 {
		v.fail("there is nothing in it; write %s, or remove the key", what)
	}
}
