package format

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math/bits"

	"github.com/strangler-fig/toolkit/acl/document"
)

// decodeJSON reads one JSON text (RFC 8259), with what I-JSON (RFC 7493) asks for: names stand
// once in an object, texts are UTF-8 and whole code points. It owns text, which becomes that of
// the document: escapes are resolved where they stand. what is how messages call the whole.
func decodeJSON(text []byte, what string) (*document.Document, error) {
	d := newJSONDecoder(text, what, jsonNodes(text))
	err := d.value(0)
	if err == nil {
		if d.space(); d.i < len(text) {
			err = d.syntax("something stands behind the value")
		}
	}
	if err != nil {
		return nil, d.place.wrap(err)
	}
	doc, err := d.b.Document()
	if err != nil {
		return nil, &document.Error{Err: err}
	}
	return doc, nil
}

// line reads the text between two places as one value of many.
func (d *jsonDecoder) line(start, end int) error {
	whole := d.text
	d.text, d.i, d.start, d.names = whole[:end], start, start, d.names[:0]
	err := d.value(1) // in the array of all lines
	if err == nil {
		if d.space(); d.i < end {
			err = d.syntax("something stands behind the value")
		}
	}
	d.text = whole
	return err
}

var utf8BOM = []byte("\uFEFF")

// jsonNodes returns how many nodes a text has at most: a value stands behind every comma, colon
// and bracket, a name in front of every colon, and all but the first take two bytes.
func jsonNodes(text []byte) int {
	n := 1
	for _, c := range [...]byte{',', ':', '{', '['} {
		n += bytes.Count(text, []byte{c})
	}
	return min(n, len(text)/2+1)
}

type jsonDecoder struct {
	text  []byte
	i     int
	start int // where the value began that what is
	what  string
	b     *document.Builder
	place place

	names []jsonSpan // of the members of all objects that are open
	table []uint32   // see unique
	seed  maphash.Seed
}

// newJSONDecoder returns a decoder into a document of at most so many nodes.
func newJSONDecoder(text []byte, what string, nodes int) jsonDecoder {
	return jsonDecoder{text: text, what: what, b: document.NewBuilder(text, nodes), names: make([]jsonSpan, 0, 32)}
}

type jsonSpan struct{ start, end uint32 }

func (d *jsonDecoder) syntax(format string, args ...any) error {
	if d.i >= len(d.text) {
		return fmt.Errorf("the %s ends too early", d.what)
	}
	return fmt.Errorf("%s, at byte %d of the %s", fmt.Sprintf(format, args...), d.i-d.start+1, d.what)
}

func (d *jsonDecoder) space() {
	for d.i < len(d.text) {
		switch d.text[d.i] {
		case ' ', '\n', '\r', '\t':
			d.i++
		default:
			return
		}
	}
}

// value reads the next value, which stands in depth objects and arrays.
func (d *jsonDecoder) value(depth int) error {
	d.space()
	if d.i >= len(d.text) {
		if depth == 0 {
			return fmt.Errorf("the %s is empty", d.what)
		}
		return d.syntax("")
	}
	switch c := d.text[d.i]; c {
	case '"':
		start, end, err := d.string()
		if err != nil {
			return err
		}
		d.b.Span(document.String, start, end)
	case '{', '[':
		if depth >= document.MaxDepth {
			return d.syntax("it nests deeper than %d", document.MaxDepth)
		}
		d.i++
		if c == '[' {
			return d.array(depth + 1)
		}
		return d.object(depth + 1)
	case 't':
		if err := d.literal("true"); err != nil {
			return err
		}
		d.b.Bool(true)
	case 'f':
		if err := d.literal("false"); err != nil {
			return err
		}
		d.b.Bool(false)
	case 'n':
		if err := d.literal("null"); err != nil {
			return err
		}
		d.b.Null()
	default:
		if c != '-' && (c < '0' || c > '9') {
			return d.syntax("a value can't begin with %s", character(d.text[d.i:]))
		}
		return d.number()
	}
	return d.b.Err()
}

func (d *jsonDecoder) literal(l string) error {
	if !bytes.HasPrefix(d.text[d.i:], []byte(l)) {
		return d.syntax("a value can't begin with %s; is it %s, or a text without its quotes?", character(d.text[d.i:]), l)
	}
	d.i += len(l)
	return nil
}

func (d *jsonDecoder) number() error {
	start := d.i
	if d.text[d.i] == '-' {
		d.i++
	}
	whole := d.i
	if !d.digits() {
		return d.syntax("a number has no digits")
	}
	if d.text[whole] == '0' && d.i > whole+1 {
		d.i = start
		return d.syntax("a number has a zero in front")
	}
	if d.i < len(d.text) && d.text[d.i] == '.' {
		d.i++
		if !d.digits() {
			return d.syntax("a number has no digits behind its point")
		}
	}
	if d.i < len(d.text) && d.text[d.i]|0x20 == 'e' {
		d.i++
		if d.i < len(d.text) && (d.text[d.i] == '+' || d.text[d.i] == '-') {
			d.i++
		}
		if !d.digits() {
			return d.syntax("a number has no digits in its exponent")
		}
	}
	d.b.Span(document.Number, start, d.i)
	return d.b.Err()
}

func (d *jsonDecoder) digits() bool {
	start := d.i
	for d.i < len(d.text) && d.text[d.i] >= '0' && d.text[d.i] <= '9' {
		d.i++
	}
	return d.i > start
}

func (d *jsonDecoder) array(depth int) error {
	d.b.Array()
	if d.space(); d.i < len(d.text) && d.text[d.i] == ']' {
		d.i++
		d.b.End()
		return d.b.Err()
	}
	for n := 0; ; n++ {
		if err := d.value(depth); err != nil {
			d.place.index(n)
			return err
		}
		d.space()
		switch {
		case d.i < len(d.text) && d.text[d.i] == ',':
			d.i++
		case d.i < len(d.text) && d.text[d.i] == ']':
			d.i++
			d.b.End()
			return d.b.Err()
		default:
			return d.syntax("a comma or ] is missing in front of %s", character(d.text[d.i:]))
		}
	}
}

func (d *jsonDecoder) object(depth int) error {
	d.b.Object()
	first := len(d.names)
	if d.space(); d.i < len(d.text) && d.text[d.i] == '}' {
		d.i++
		d.b.End()
		return d.b.Err()
	}
	for {
		d.space()
		if d.i >= len(d.text) || d.text[d.i] != '"' {
			return d.syntax("a name in quotes is missing in front of %s", character(d.text[d.i:]))
		}
		start, end, err := d.string()
		if err != nil {
			return fmt.Errorf("in a name: %w", err)
		}
		d.b.NameSpan(start, end)
		d.names = append(d.names, jsonSpan{uint32(start), uint32(end)})
		if d.space(); d.i >= len(d.text) || d.text[d.i] != ':' {
			d.place.name(d.text[start:end])
			return d.syntax("a colon is missing in front of %s", character(d.text[d.i:]))
		}
		d.i++
		if err := d.value(depth); err != nil {
			d.place.name(d.text[start:end])
			return err
		}
		d.space()
		switch {
		case d.i < len(d.text) && d.text[d.i] == ',':
			d.i++
			continue
		case d.i < len(d.text) && d.text[d.i] == '}':
			d.i++
		default:
			return d.syntax("a comma or } is missing in front of %s", character(d.text[d.i:]))
		}
		if err := d.unique(d.names[first:]); err != nil {
			return err
		}
		d.names = d.names[:first]
		d.b.End()
		return d.b.Err()
	}
}

// unique reports the first of the names of an object that was there before. Few are compared with
// each other; more go through a table of open addresses, 1 + their place among the names, under a
// hash that nobody can aim at.
func (d *jsonDecoder) unique(names []jsonSpan) error {
	if len(names) <= 8 {
		for i, a := range names {
			for _, b := range names[:i] {
				if d.same(a, b) {
					return d.twice(a)
				}
			}
		}
		return nil
	}
	size := 1 << bits.Len(uint(2*len(names)-1))
	if d.table == nil {
		d.seed = maphash.MakeSeed()
	}
	if cap(d.table) < size {
		d.table = make([]uint32, size)
	} else {
		d.table = d.table[:size]
		clear(d.table)
	}
	for i, a := range names {
		at := int(maphash.Bytes(d.seed, d.text[a.start:a.end])) & (size - 1)
		for ; d.table[at] != 0; at = (at + 1) & (size - 1) {
			if d.same(a, names[d.table[at]-1]) {
				return d.twice(a)
			}
		}
		d.table[at] = uint32(i + 1)
	}
	return nil
}

func (d *jsonDecoder) same(a, b jsonSpan) bool {
	return a.end-a.start == b.end-b.start && string(d.text[a.start:a.end]) == string(d.text[b.start:b.end])
}

func (d *jsonDecoder) twice(a jsonSpan) error {
	d.place.name(d.text[a.start:a.end])
	return fmt.Errorf("the name stands twice in its object; which value is meant can't be known")
}
