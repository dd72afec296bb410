package lens

import (
	"crypto/rand"
	"strconv"

	"github.com/strangler-fig/toolkit/acl/document"
)

// written is a field that writes something which doesn't come from the other side.
type written struct {
	to   int
	make func(c *call) (cell, error)
}

func (w *written) do(c *call, f *frame) error {
	x, err := w.make(c)
	if err == nil && x.form != nothing {
		err = c.set(f, w.to, x)
	}
	if err != nil {
		return located(c.root.At(c.slots[f.slots].first).Pointer(), err)
	}
	return nil
}

func constant(l stocked) func(*call) (cell, error) {
	return func(c *call) (cell, error) { return c.literal(l), nil }
}

// checked is a constant on the side that is read.
type checked struct {
	presence
	from   *reading
	is     Literal
	strict bool // another value is an error
}

func (k *checked) do(c *call, f *frame) error {
	s := &c.slots[f.slots+k.from.slot]
	in := &c.in
	k.input(c, in, s, k.from)
	switch {
	case in.kind == document.Missing && k.required:
		return located(c.where(f, k.from), errMissing)
	case in.kind == document.Missing || !k.strict:
	case s.n > 1:
		return several(in.value, k.from.name)
	case !k.is.is(in):
		return errAt(in.value, "%s where there is always %s", shownKind(in), k.is)
	}
	return nil
}

// letters are what random texts are made of: 32, so that each is five bits.
const letters = "abcdefghijklmnopqrstuvwxyzABCDEF"

// random is 12 letters, 60 random bits.
func random(c *call) (cell, error) {
	var b [12]byte
	rand.Read(b[:]) // never fails
	for i := range b {
		b[i] = letters[b[i]&31]
	}
	return c.text(document.String, b[:]), nil
}

// counted is a field that writes how many elements there are.
type counted struct {
	presence
	from    *reading
	to      int
	integer Type
}

func (k *counted) do(c *call, f *frame) error {
	s := &c.slots[f.slots+k.from.slot]
	in := &c.in
	k.input(c, in, s, k.from)
	x, err := cell{}, error(nil)
	switch {
	case s.n < 2 && k.none(in):
		x, err = k.instead(c, in.kind)
	case s.n < 2 && in.kind != document.Array && !in.textual:
		err = errKind(in, "an array")
	default:
		n := int(s.n)
		if in.kind == document.Array {
			n = in.value.Len()
		}
		c.scratch = strconv.AppendInt(c.scratch[:0], int64(n), 10)
		x = c.text(k.integer.kind(), c.scratch)
	}
	return c.finish(f, k.to, x, err, k.from)
}
