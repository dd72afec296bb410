package config

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/strangler"
)

// value is a node that knows where it stands. Its methods read it into a variable, which they
// leave alone where it can't be read, and report why.
type value struct {
	l    *loader
	src  *source
	node *yaml.Node
	path string
}

// given reports whether there is such a value at all.
func (v value) given() bool { return v.node != nil }

func (v value) pos() Position { return Position{v.src.name, v.node.Line, v.node.Column} }

func (v value) problem(message string) Problem {
	return Problem{File: v.src.name, Line: v.node.Line, Column: v.node.Column, Path: v.path, Message: v.discreet(message)}
}

const (
	maxMessage = 1000 // bytes
	minHidden  = 6    // bytes: of shorter variables the value is shown
)

// discreet returns a message that may go into a log: a variable in the value stands there as
// it is written, whatever the environment says it is, since secrets come from there, and
// sometimes to the wrong place.
func (v value) discreet(message string) string {
	for _, m := range variable.FindAllStringSubmatch(v.node.Value, -1) {
		if text, _ := v.l.env(m[1]); len(text) >= minHidden {
			quoted := strconv.Quote(text)
			message = strings.ReplaceAll(message, quoted[1:len(quoted)-1], m[0])
			message = strings.ReplaceAll(message, text, m[0])
		}
	}
	if len(message) <= maxMessage {
		return message
	}
	return strings.ToValidUTF8(message[:maxMessage/2], "") + " … " + strings.ToValidUTF8(message[len(message)-maxMessage/2:], "")
}

// shown returns a text as messages quote it, unless there may be a password in it.
func shown(s string) string {
	if strings.Contains(s, "@") {
		return "this"
	}
	return strconv.Quote(s)
}

// fail reports an error at the value.
func (v value) fail(format string, args ...any) {
	if v.l.full() {
		v.l.dropped++
		return
	}
	v.l.report(v.problem(fmt.Sprintf(format, args...)))
}

// warn reports a warning at the value.
func (v value) warn(format string, args ...any) {
	v.l.warn(v.problem(fmt.Sprintf(format, args...)))
}

// failAt is fail with the column of the byte at offset in the value's text, where the file has
// that text as it is.
func (v value) failAt(offset int, format string, args ...any) {
	p := v.problem(fmt.Sprintf(format, args...))
	text := v.node.Value
	if p.Line <= len(v.src.lines) && offset <= len(text) {
		line := []rune(v.src.lines[p.Line-1])
		start := p.Column - 1
		if v.node.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
			start++
		}
		if start <= len(line) && strings.HasPrefix(string(line[start:]), text) {
			p.Column = start + 1 + utf8.RuneCountInString(text[:offset])
		}
	}
	v.l.report(p)
}

// fields are the keys of an object and who reads their values.
type fields map[string]func(value)

// object reads a mapping in the order in which it stands in the file. A null, as is left when
// everything below a key is commented out, is an empty one.
func (v value) object(known fields, required ...string) {
	if isNull(v.node) {
		v.missing(nil, required)
		return
	}
	if v.node.Kind != yaml.MappingNode {
		v.fail("this is %s; it has keys: %s", kindName(v.node), strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		return
	}
	present := map[string]bool{}
	for key, child := range v.entries() {
		read, ok := known[key.node.Value]
		if !ok {
			key.unknownKey(slices.Sorted(maps.Keys(known)))
			continue
		}
		if !present[key.node.Value] {
			present[key.node.Value] = true
			read(child)
		}
	}
	v.missing(present, required)
}

func (v value) missing(present map[string]bool, required []string) {
	for _, name := range required {
		if !present[name] {
			v.fail("%s is missing", name)
		}
	}
}

func (v value) unknownKey(known []string) {
	name := v.node.Value
	if v.l.full() {
		v.l.dropped++
		return
	}
	if near := strangler.Nearest(name, known); near != "" {
		v.fail("no key %q is known here; did you mean %q?", name, near)
		return
	}
	v.fail("no key %q is known here; it is one of %s", name, strings.Join(known, ", "))
}

// entries goes through the keys and values of a mapping whose keys are names of the user's, or
// are looked at by the caller. Of what is not a mapping it reports that.
func (v value) entries() func(yield func(key, child value) bool) {
	return func(yield func(key, child value) bool) {
		if isNull(v.node) {
			return
		}
		if v.node.Kind != yaml.MappingNode {
			v.fail("this is %s; write name: value", kindName(v.node))
			return
		}
		for i := 0; i+1 < len(v.node.Content); i += 2 {
			key, child := v.node.Content[i], v.node.Content[i+1]
			if key.Kind != yaml.ScalarNode || key.ShortTag() == "!!merge" {
				continue // reported already
			}
			path := v.path
			if path != "" {
				path += "."
			}
			path += key.Value
			if !yield(value{v.l, v.src, key, path}, value{v.l, v.src, child, path}) {
				return
			}
		}
	}
}

// maxItems is the most elements that a list has: each is compared with those before it.
const maxItems = 5000

// items returns the elements of a list.
func (v value) items() []value {
	if isNull(v.node) {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		hint := ""
		if v.node.Kind == yaml.ScalarNode && v.path != "admin.tokens" && !strings.Contains(v.node.Value, "@") {
			hint = ": [" + v.node.Value + "]"
		}
		v.fail("this is %s; write a list%s", kindName(v.node), hint)
		return nil
	}
	if len(v.node.Content) > maxItems {
		v.fail("the list has %d elements; no list has more than %d", len(v.node.Content), maxItems)
		return nil
	}
	all := make([]value, len(v.node.Content))
	for i, n := range v.node.Content {
		all[i] = value{v.l, v.src, n, v.path + "[" + strconv.Itoa(i) + "]"}
	}
	return all
}

// scalar returns the text of a value with its variables expanded. It is false where there is
// none, or an empty one.
func (v value) scalar() (string, bool) {
	text, ok := v.raw()
	if ok && text == "" {
		what := ""
		if v.node.Value != "" {
			what = ": " + v.node.Value + " expands to nothing"
		}
		v.fail("the value is empty%s; give one, or remove the key", what)
	}
	return text, ok && text != ""
}

// raw is scalar for a value that may be empty, if only in quotes.
func (v value) raw() (string, bool) {
	switch {
	case isNull(v.node):
		v.fail("there is no value; give one, or remove the key")
		return "", false
	case v.node.Kind != yaml.ScalarNode:
		v.fail("this is %s; write a single value", kindName(v.node))
		return "", false
	}
	good := true
	text := expand(v.node.Value, v.l.env, func(offset int, format string, args ...any) {
		good = false
		v.failAt(offset, format, args...)
	})
	return text, good
}

// text reads a value that is any text.
func (v value) text(to *string) {
	if s, ok := v.scalar(); ok {
		*to = s
	}
}

// texts reads a list of texts, each once, and returns where each stands. check, if not nil, says
// whether one is good, and reports if not.
func (v value) texts(to *[]string, check func(value, string) bool) (places []value) {
	list := []string{}
	for _, item := range v.items() {
		read := item.scalar
		if check != nil {
			read = item.raw // an empty one is its to judge: the pointer to the whole body is empty
		}
		s, ok := read()
		if !ok || check != nil && !check(item, s) {
			continue
		}
		if slices.Contains(list, s) {
			item.fail("%q stands here twice; remove one", s)
			continue
		}
		list, places = append(list, s), append(places, item)
	}
	*to = list
	return places
}

// boolean reads true or false.
func (v value) boolean(to *bool) {
	if s, ok := v.choice("true", "false"); ok {
		*to = s == "true"
	}
}

// choice returns a text that is one of those.
func (v value) choice(among ...string) (string, bool) {
	s, ok := v.scalar()
	if !ok {
		return "", false
	}
	if !slices.Contains(among, s) {
		v.fail("%q is not %s%s", s, either(among), didYouMean(s, among))
		return "", false
	}
	return s, true
}

// either lists choices: "a, b or c".
func either(among []string) string {
	if len(among) == 1 {
		return among[0]
	}
	last := len(among) - 1
	return strings.Join(among[:last], ", ") + " or " + among[last]
}

// didYouMean returns a suggestion to put behind a message; empty where nothing is near.
func didYouMean(s string, among []string) string {
	if near := strangler.Nearest(s, among); near != "" {
		return fmt.Sprintf("; did you mean %q?", near)
	}
	return ""
}

func kindName(n *yaml.Node) string {
	switch n.Kind {
	case yaml.MappingNode:
		return "a mapping"
	case yaml.SequenceNode:
		return "a list"
	case yaml.ScalarNode:
		return "a single value"
	}
	return "nothing"
}
