package lens

import (
	"fmt"

	"github.com/strangler-fig/toolkit/acl/document"
)

// String returns the literal as JSON writes it, near enough for messages; "no value" of a missing
// one.
func (l Literal) String() string {
	switch l.Kind {
	case document.Missing:
		return "no value"
	case document.String:
		return fmt.Sprintf("%q", l.Text)
	case document.Number:
		return l.Text
	case document.True:
		return "true"
	case document.False:
		return "false"
	}
	return "null"
}

// problem says what is wrong with a literal; empty: nothing.
func (l Literal) problem() string {
	switch l.Kind {
	case document.Missing, document.Null, document.True, document.False, document.String:
		return ""
	case document.Number:
		var d decimal
		if err := d.parse([]byte(l.Text)); err != nil {
			return fmt.Sprintf("%q isn't a number: %v", l.Text, err)
		}
		return ""
	}
	return fmt.Sprintf("%s isn't a single value", l.Kind)
}

// word returns the literal's text in a format in which everything is a text.
func (l Literal) word() string {
	switch l.Kind {
	case document.True:
		return "true"
	case document.False:
		return "false"
	case document.Null:
		return "null"
	}
	return l.Text
}

// is reports whether the literal is what was read.
func (l Literal) is(in *input) bool {
	switch in.kind {
	case document.String:
		if l.Kind == document.String || in.textual && l.Kind != document.Null && l.Kind != document.Missing {
			return l.word() == string(in.text) || l.Kind == document.Number && sameNumber(l.Text, in.text)
		}
		return false
	case document.Number:
		return l.Kind == document.Number && (l.Text == string(in.text) || sameNumber(l.Text, in.text))
	}
	return l.Kind == in.kind
}

// sameNumber reports whether two JSON numbers have the same value; what isn't a number has none.
func sameNumber(a string, b []byte) bool {
	var x, y decimal
	if x.parse([]byte(a)) != nil || y.parse(b) != nil {
		return false
	}
	return string(x.append(nil)) == string(y.append(nil))
}

// codes finds a code's place in a list of literals.
type codes struct {
	list           []string       // the texts, in which few are found faster than in a map
	places         []int          // of those of list
	texts, numbers map[string]int // of numbers the normal form
	words          [document.Object + 1]int
}

func newCodes() *codes {
	c := &codes{texts: map[string]int{}, numbers: map[string]int{}}
	for i := range c.words {
		c.words[i] = -1
	}
	return c
}

// add gives a literal a place, unless it has one, and returns the one that it has.
func (c *codes) add(l Literal, place int) int {
	if have := c.of(l); have >= 0 {
		return have
	}
	switch l.Kind {
	case document.String:
		c.texts[l.Text] = place
		c.list, c.places = append(c.list, l.Text), append(c.places, place)
	case document.Number:
		c.numbers[normal(l.Text)] = place
	default:
		c.words[l.Kind] = place
	}
	return place
}

// of returns the place of a literal; -1: none.
func (c *codes) of(l Literal) int {
	return c.find(&input{kind: l.Kind, text: []byte(l.Text)})
}

// find returns the place of what was read; -1: none.
func (c *codes) find(in *input) int {
	switch in.kind {
	case document.String:
		if place := c.text(in.text); place >= 0 || !in.textual {
			return place
		}
		if place, ok := c.numbers[string(in.text)]; ok {
			return place
		}
		switch string(in.text) {
		case "true":
			return c.words[document.True]
		case "false":
			return c.words[document.False]
		}
		return c.number(in.text)
	case document.Number:
		if place, ok := c.numbers[string(in.text)]; ok {
			return place
		}
		return c.number(in.text)
	}
	if int(in.kind) < len(c.words) {
		return c.words[in.kind]
	}
	return -1
}

// few is up to how many texts are compared one by one.
const few = 8

func (c *codes) text(text []byte) int {
	if len(c.list) <= few {
		for i, s := range c.list {
			if s == string(text) {
				return c.places[i]
			}
		}
		return -1
	}
	if place, ok := c.texts[string(text)]; ok {
		return place
	}
	return -1
}

func (c *codes) number(text []byte) int {
	if len(c.numbers) == 0 {
		return -1
	}
	var d decimal
	if d.parse(text) != nil {
		return -1
	}
	if place, ok := c.numbers[string(d.append(nil))]; ok {
		return place
	}
	return -1
}

// normal returns the normal form of a JSON number, or the text as it is.
func normal(text string) string {
	var d decimal
	if d.parse([]byte(text)) != nil {
		return text
	}
	return string(d.append(nil))
}
