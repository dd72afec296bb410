package lens

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/strangler-fig/toolkit/acl/document"
)

// program is a definition compiled for one direction.
type program struct {
	in      side // that is read
	unknown Unknown
	read    *reading
	places  []*reading // by slot
	write   *writing
	targets int
	nested  []*Lens
	loose   []*reading // with unknown: error, the places that only fields with a condition read
	// rules say what is written, from what; those of fields with a condition come behind, since
	// conditions may look at what the others have written.
	rules []rule
}

// rule is one field in one direction.
type rule struct {
	field *compiled // of one with a condition
	when  []condition
	reads []*reading // of one with a condition
	do    doer
}

// doer does what a field says: it fills cells from slots.
type doer interface {
	do(c *call, f *frame) error
}

// call is one use of a lens, with what it needs on the way. Calls are used again.
type call struct {
	ctx     context.Context
	now     func() time.Time
	texts   Sides[bool]
	b       document.Builder
	slots   []slot
	cells   []cell
	items   []item
	in      input          // of the field that is at work
	parts   []input        // the same, of a field with several places
	part    input          // an element of a list
	f       frame          // of the fields that are at work
	root    document.Value // of what is read
	stock   int32          // where the lens's stock begins in the builder's text
	scratch []byte
	number  decimal
	depth   int
	work    int // what may still be done
	zeros   int // how many digits more may still be written than were read, see digits
}

var calls = sync.Pool{New: func() any { return new(call) }}

// frame is one run of a program: where its slots and cells begin.
type frame struct {
	p            *program
	in           side
	slots, cells int
}

// form says how a cell is written.
type form uint8

const (
	nothing     form = iota
	scalar           // kind and, of texts and numbers, text[start:end] of the builder
	copied           // value
	collected        // all of a slot, as an array
	list             // items[start:end]
	through          // value, through lens
	eachThrough      // all of a slot, through lens
)

// cell is what will be written at one place.
type cell struct {
	form       form
	kind       document.Kind
	start, end int32
	slot       int32
	value      document.Ref
	lens       int32 // among the program's
}

// item is an element of a list.
type item struct {
	kind       document.Kind
	start, end int32
}

// translate runs a lens on a whole document.
func (l *Lens) translate(ctx context.Context, in side, v document.Value) (*document.Document, error) {
	c := calls.Get().(*call)
	defer c.release()
	c.ctx, c.now, c.texts, c.depth, c.root = ctx, l.now, l.texts, 0, v
	c.work, c.zeros = 1000+32*v.Size(), 1024+32*v.Size()
	p := &l.programs[in]
	c.b.Share(v, p.targets, len(l.stock)+v.Size()*6+64)
	start, _ := c.b.Put(l.stock)
	c.stock = int32(start)
	if err := c.run(l, in, v); err != nil {
		return nil, located("", err)
	}
	d, err := c.b.Document()
	if err != nil {
		return nil, located("", err)
	}
	return d, nil
}

// keep is the most slots, cells and bytes of scratch that a call in waiting holds.
const keep = 4096

func (c *call) release() {
	c.ctx, c.now = nil, nil
	c.b.Reset()
	if cap(c.slots) > keep || cap(c.cells) > keep || cap(c.items) > keep || cap(c.scratch) > keep || cap(c.number.digits) > keep {
		return
	}
	clear(c.slots) // of a run that ended with an error
	clear(c.cells)
	clear(c.parts[:cap(c.parts)]) // others than the last field's, too
	c.in, c.part, c.f, c.root = input{}, input{}, frame{}, document.Value{}
	c.slots, c.cells, c.items = c.slots[:0], c.cells[:0], c.items[:0]
	calls.Put(c)
}

var (
	errDeep = fmt.Errorf("the lenses nest deeper than %d", document.MaxDepth)
	errWork = errors.New("the body grows too much: lenses that read one place more than once do so at every depth")
)

// run writes what v becomes where the building stands.
func (c *call) run(l *Lens, in side, v document.Value) error {
	p := &l.programs[in]
	if c.depth++; c.depth > document.MaxDepth {
		return located(v.Pointer(), errDeep)
	}
	if c.work -= 1 + v.Len(); c.work < 0 {
		return located(v.Pointer(), errWork)
	}
	if err := c.b.Err(); err != nil {
		return located(v.Pointer(), err)
	}
	if v.Kind() == document.Null && !p.read.whole {
		c.b.Null()
		c.depth--
		return nil
	}
	f := frame{p, in, len(c.slots), len(c.cells)}
	items := len(c.items)
	c.slots = extend(c.slots, len(p.places))
	c.cells = extend(c.cells, p.targets)
	if v.Exists() {
		if err := c.visit(f, p.read, document.Value{}, v); err != nil {
			return err
		}
	}
	c.f = f
	for i := range p.rules {
		rule := &p.rules[i]
		if rule.when != nil {
			if !c.holds(f, rule.when) {
				continue
			}
			for _, r := range rule.reads {
				c.slots[f.slots+r.slot].used = true
			}
		}
		if err := rule.do.do(c, &c.f); err != nil {
			return err
		}
	}
	for _, r := range p.loose {
		if s := c.slots[f.slots+r.slot]; s.n > 0 && !s.used && c.root.At(s.first).Kind() != document.Null {
			return errAt(c.root.At(s.first), "no field names this member whose condition holds")
		}
	}
	if p.write.target < 0 || c.anything(f, p.write) {
		if err := c.write(f, p.write); err != nil {
			return err
		}
	} else {
		c.b.Null() // there is no element, member or body without a value
	}
	clear(c.slots[f.slots:])
	clear(c.cells[f.cells:])
	c.slots, c.cells, c.items = c.slots[:f.slots], c.cells[:f.cells], c.items[:items]
	c.depth--
	return nil
}

// extend returns s with n zero values more. What is behind the end of a slice that is extended so
// is zero, for which whoever shortens it answers: nothing is held for longer than needed, either.
func extend[T any](s []T, n int) []T {
	if len(s)+n <= cap(s) {
		return s[:len(s)+n]
	}
	return append(s, make([]T, n)...)
}

// set gives a target what is written there. Fields whose conditions differ may share one.
func (c *call) set(f *frame, target int, x cell) error {
	at := &c.cells[f.cells+target]
	if at.form != nothing {
		return fmt.Errorf("two fields write here, since the conditions of both hold")
	}
	*at = x
	return nil
}

// text is a cell of a text or number that is copied.
func (c *call) text(kind document.Kind, s []byte) cell {
	start, end := c.b.Put(s)
	return cell{form: scalar, kind: kind, start: int32(start), end: int32(end)}
}

// freeGrowth is how much longer than what was read a number may be without counting: more than a definition can make
// of a number without an exponent.
const freeGrowth = 128

var errZeros = errors.New("the numbers of the body grow too much when they are written without exponents")

// digits is text of a number that takes the place of one of so many bytes. An exponent is short, and makes a
// long number; too many of them are an error.
func (c *call) digits(kind document.Kind, s []byte, before int) (cell, error) {
	if c.zeros -= max(0, len(s)-before-freeGrowth); c.zeros < 0 {
		return cell{}, errZeros
	}
	return c.text(kind, s), nil
}

var null = cell{form: scalar, kind: document.Null}

func truth(v bool) cell {
	if v {
		return cell{form: scalar, kind: document.True}
	}
	return cell{form: scalar, kind: document.False}
}

// a names a kind with its article.
func a(k document.Kind) string {
	switch name := k.String(); {
	case k == document.Null:
		return "null"
	case k == document.Missing:
		return "nothing"
	case strings.ContainsRune("aeiou", rune(name[0])):
		return "an " + name
	default:
		return "a " + name
	}
}
