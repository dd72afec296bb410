package lens

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/strangler-fig/toolkit/acl/document"
)

// input is one value as a conversion sees it.
type input struct {
	kind    document.Kind
	text    []byte // of texts, numbers and literals
	textual bool   // all values are texts where this comes from
	value   document.Value

	slot, n int32 // where it was found, and how many of its name there are
}

// conversion makes what is written of one value that is neither missing nor null.
type conversion func(c *call, in *input) (cell, error)

// conversions are those of a field by the side that is read.
type conversions [2]conversion

// presence is what a field says of there being no value.
type presence struct {
	absent     *Sides[Literal]
	hasDefault bool
	written    stocked // where there is none: the default, or what the other side says for it
	required   bool
	in         side
	trim       bool // spaces around what is read are taken off
}

func presenceOf(f *Field, in side, a about) presence {
	p := presence{absent: f.Absent, required: f.Required, in: in, trim: f.Trim && in == legacy}
	if d := at(f.Default, in.other()); d != nil {
		p.hasDefault, p.written = true, a.literal(*d)
	} else if f.Absent != nil {
		p.written = a.literal(at(*f.Absent, in.other()))
	}
	return p
}

var (
	errMissing = errors.New("there is no value, and one is required")
	errNull    = errors.New("null where a value is required")
	errAbsent  = errors.New("this stands for no value, and one is required")
)

// input reads a value into in.
func (p *presence) input(c *call, in *input, s *slot, r *reading) {
	v := c.root.At(s.first)
	*in = input{kind: v.Kind(), text: v.Bytes(), textual: v.Repeats(), value: v, slot: int32(r.slot), n: s.n}
	if p.trim && in.kind == document.String {
		in.text = bytes.TrimSpace(in.text)
	}
}

// none reports whether a value is none.
func (p *presence) none(in *input) bool {
	return in.kind == document.Missing || in.kind == document.Null ||
		p.absent != nil && at(*p.absent, p.in).is(in)
}

// instead returns what is written where there is no value.
func (p *presence) instead(c *call, kind document.Kind) (cell, error) {
	if p.required {
		switch kind {
		case document.Missing:
			return cell{}, errMissing
		case document.Null:
			return cell{}, errNull
		}
		return cell{}, errAbsent
	}
	if p.hasDefault || p.absent != nil {
		return c.literal(p.written), nil
	}
	if kind == document.Null {
		return null, nil
	}
	return cell{}, nil
}

// single is a field between one place and one place.
type single struct {
	presence
	from    *reading
	to      int
	many    bool // several members of one name are good
	nested  int32
	convert conversion
}

func (s *single) do(c *call, f *frame) error {
	at := &c.slots[f.slots+s.from.slot]
	if at.n > 1 && !s.many {
		return several(c.root.At(at.first), s.from.name)
	}
	in := &c.in
	s.input(c, in, at, s.from)
	x, err := cell{}, error(nil)
	if at.n < 2 && s.none(in) {
		x, err = s.instead(c, in.kind)
	} else {
		x, err = s.convert(c, in)
		x.lens = s.nested
	}
	if to := &c.cells[f.cells+s.to]; err == nil && to.form == nothing {
		*to = x
		return nil
	}
	return c.finish(f, s.to, x, err, s.from)
}

// finish writes what a field makes, or gives its error the place from which it was read.
func (c *call) finish(f *frame, to int, x cell, err error, from *reading) error {
	if err == nil && x.form != nothing {
		err = c.set(f, to, x)
	}
	if err != nil {
		return located(c.where(f, from), err)
	}
	return nil
}

// errKind says that a value isn't of the kind that is wanted.
func errKind(in *input, wanted string) error {
	switch in.kind {
	case document.String, document.Number:
		return fmt.Errorf("%s where %s is wanted: %s", a(in.kind), wanted, shown(in))
	}
	return fmt.Errorf("%s where %s is wanted", a(in.kind), wanted)
}

// shown returns a value for messages, of which secrets shouldn't become part for long: shortened.
func shown(in *input) string {
	text := string(in.text)
	if len(text) > 40 {
		end := 37
		for end > 0 && !utf8.RuneStart(text[end]) {
			end--
		}
		text = text[:end] + "…"
	}
	if in.kind == document.String {
		return strconv.Quote(text)
	}
	return text
}
