package compare

import (
	"strconv"
	"strings"

	"github.com/go-json-experiment/json/jsontext"
)

// markup is an element of XML or HTML. So that it can be compared as JSON is, under the same
// rules, it is written as an object:
//
//	<p id="1">a <b>c</b> d</p>
//	{"@id":"1"," text":"a  d"," order":"#2 0 #2","b":[{" text":"c"}]}
//
// Its children lie in arrays by name. What no name can be begins with a blank; it has no token of
// its own in a pointer.
type markup struct {
	token      string // what it is called in a pointer
	tag        string // its name, where a token says nothing of it
	attributes []attribute
	content    []content
}

type attribute struct{ name, value string }

// content is a piece of an element's content: an element, or else text.
type content struct {
	child *markup
	text  string
}

// The members that are neither an attribute nor a child.
const (
	memberTag   = " tag"
	memberText  = " text"
	memberOrder = " order" // of text (# and its length) and children (the index of their name)
)

// appendJSON appends the element as an object. It costs one step on the stack a level, so it is
// for trees of bounded depth. What is over maxText is left out.
func (e *markup) appendJSON(dst []byte) []byte {
	if len(dst) > maxText {
		return dst // which is refused
	}
	dst = append(dst, '{')
	if e.tag != "" {
		dst = append(appendMember(dst, memberTag, e.tag), ',')
	}
	for _, a := range e.attributes {
		dst = append(appendMember(dst, "@"+a.name, a.value), ',')
	}
	text, order, groups := e.arranged()
	dst = appendMember(dst, memberText, text)
	if order != "" {
		dst = appendMember(append(dst, ','), memberOrder, order)
	}
	for _, group := range groups {
		dst = appendString(append(dst, ','), group[0].token)
		dst = append(dst, ":["...)
		for i, child := range group {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = child.appendJSON(dst)
		}
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// arranged returns all text of the element itself, its children by name, and the order of both
// where it isn't clear from that.
func (e *markup) arranged() (text, order string, groups [][]*markup) {
	var all, places strings.Builder
	index := map[string]int{}
	kinds := 0
	for i, c := range e.content {
		if i > 0 {
			places.WriteByte(' ')
		}
		if c.child == nil {
			if all.Len() == 0 {
				kinds++
			}
			all.WriteString(c.text)
			places.WriteString("#" + strconv.Itoa(len(c.text)))
			continue
		}
		at, known := index[c.child.token]
		if !known {
			kinds++
			at = len(groups)
			index[c.child.token] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], c.child)
		places.WriteString(strconv.Itoa(at))
	}
	if kinds > 1 {
		order = places.String()
	}
	return all.String(), order, groups
}

func appendMember(dst []byte, name, value string) []byte {
	dst = appendString(dst, name)
	return appendString(append(dst, ':'), value)
}

// appendString appends a JSON string. Invalid UTF-8, of which texts have none, becomes U+FFFD.
func appendString(dst []byte, s string) []byte {
	quoted, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		quoted, _ = jsontext.AppendQuote(dst, strings.ToValidUTF8(s, "\ufffd"))
	}
	return quoted
}
