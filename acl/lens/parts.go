package lens

import (
	"bytes"
	"errors"
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
)

// parts is a field with one place on one side and several on the other, in the direction in which
// the several are read.
type parts struct {
	presence
	from []*reading
	to   int
	// join gets parts that are no value with the kind Missing. Its error may be a *partError.
	join func(c *call, in []input) (cell, error)
}

// whole is the same in the direction in which the one is read.
type whole struct {
	presence
	from  *reading
	to    []int
	split func(c *call, in *input, w *whole) error
}

func (p *parts) do(c *call, f *frame) error {
	c.parts = slices.Grow(c.parts[:0], len(p.from))[:len(p.from)]
	in := c.parts
	there, kind := 0, document.Missing
	for i, r := range p.from {
		s := &c.slots[f.slots+r.slot]
		if s.n > 1 {
			return several(c.root.At(s.first), r.name)
		}
		p.input(c, &in[i], s, r)
		if !p.none(&in[i]) {
			there++
			continue
		}
		if kind = max(kind, in[i].kind); p.absent == nil && in[i].kind == document.Null {
			continue
		}
		in[i].kind = document.Missing
	}
	x, err := cell{}, error(nil)
	if there == 0 {
		x, err = p.instead(c, kind)
	} else {
		x, err = p.join(c, in)
	}
	from := p.from[0]
	if one := new(partError); errors.As(err, &one) {
		from, err = p.from[one.part], one.err
	}
	return c.finish(f, p.to, x, err, from)
}

// partError is what is wrong with one of several parts, which may be that it isn't there.
type partError struct {
	part int
	err  error
}

// Error implements error.
func (e *partError) Error() string { return e.err.Error() }

func (w *whole) do(c *call, f *frame) error {
	s := &c.slots[f.slots+w.from.slot]
	if s.n > 1 {
		return several(c.root.At(s.first), w.from.name)
	}
	in := &c.in
	w.input(c, in, s, w.from)
	var err error
	if w.none(in) {
		var x cell
		if x, err = w.instead(c, in.kind); err == nil {
			for part := range w.to {
				if err = w.set(c, part, x); err != nil {
					break
				}
			}
		}
	} else {
		err = w.split(c, in, w)
	}
	if err != nil {
		return located(c.where(f, w.from), err)
	}
	return nil
}

// set writes a part.
func (w *whole) set(c *call, part int, x cell) error {
	if x.form == nothing {
		return nil
	}
	return c.set(&c.f, w.to[part], x)
}

var errGapInParts = errors.New("a part is missing while one behind it is there; absent says what stands for none")

// joiner joins and splits the parts of a field.
type joiner struct {
	separator []byte
	whole     Type // how the joined text is written
	part      Type
	absent    bool
	restore   *stocked // what stands for a part that is empty
}

func compileJoin(f *Field, many side, a about) joiner {
	j := joiner{separator: []byte(f.Join), whole: at(f.Type, many.other()), part: at(f.Type, many), absent: f.Absent != nil}
	if j.whole == "" {
		j.whole = TypeText
	}
	if j.part == "" {
		j.part = TypeText
	}
	for _, t := range []Type{j.whole, j.part} {
		if t != TypeText && t != TypeNumber {
			a.problem("type", "what is joined is a text or a number, not %q", t)
		}
	}
	if f.Absent != nil {
		l := a.literal(at(*f.Absent, many))
		j.restore = &l
	}
	a.loss(many, "a part that has %q in it, other than the last, comes back split there", f.Join)
	if f.Absent == nil {
		a.loss(many, "parts at the end that are null come back as missing where others are there")
	} else {
		a.loss(many.other(), "%q at the end doesn't come back", f.Join)
	}
	return j
}

// join makes one text of the parts. Those at the end may be missing.
func (j joiner) join(c *call, in []input) (cell, error) {
	last := len(in) - 1
	for in[last].kind == document.Missing || in[last].kind == document.Null {
		last--
	}
	c.scratch = c.scratch[:0]
	for i := range in[:last+1] {
		part := &in[i]
		if i > 0 {
			c.scratch = append(c.scratch, j.separator...)
		}
		if part.kind == document.Missing && j.absent {
			continue
		}
		if part.kind == document.Missing || part.kind == document.Null {
			return cell{}, &partError{i, errGapInParts}
		}
		if err := typed(part, j.part); err != nil {
			return cell{}, &partError{i, err}
		}
		if i < last && overlaps(part.text, j.separator) {
			return cell{}, &partError{i, errOverlap(part, j.separator)}
		}
		c.scratch = append(c.scratch, part.text...)
	}
	return c.writeText(c.scratch, j.whole)
}

// split makes parts of one text: the last has all that is left.
func (j joiner) split(n int) func(*call, *input, *whole) error {
	return func(c *call, in *input, w *whole) error {
		if err := typed(in, j.whole); err != nil {
			return err
		}
		rest, more := in.text, true
		for i := 0; i < n && (more || j.restore != nil); i++ {
			part := rest
			if !more {
				part = nil
			} else if more = false; i < n-1 {
				part, rest, more = bytes.Cut(rest, j.separator)
			}
			x, err := cell{}, error(nil)
			if j.restore != nil && len(part) == 0 {
				x = c.literal(*j.restore)
			} else if x, err = c.writeText(part, j.part); err != nil {
				return err
			}
			if err := w.set(c, i, x); err != nil {
				return err
			}
		}
		return nil
	}
}
