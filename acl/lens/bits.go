package lens

import (
	"fmt"
	"strconv"

	"github.com/strangler-fig/toolkit/acl/document"
)

// bits is legacy's integer, and the service's booleans, each of which is one bit of it.
type bits struct {
	bits    []int
	named   uint64
	drop    bool // bits that none names
	integer Type
	absent  bool
}

func compileBits(f *Field, a about) *bits {
	b := &bits{bits: f.Bits, drop: f.OtherBit == Drop, integer: f.Type.Legacy, absent: f.Absent != nil}
	if b.integer == "" {
		b.integer = TypeNumber
	}
	if b.integer != TypeNumber && b.integer != TypeText {
		a.problem("type.legacy", "bits are those of a number, which is written as number or text, not %q", b.integer)
	}
	if f.Type.Service != "" && f.Type.Service != TypeBool {
		a.problem("type.service", "bits are booleans, not %q", f.Type.Service)
	}
	if f.Absent == nil {
		a.loss(service, "where some are null and the others are missing, all come back as null")
	}
	for _, bit := range f.Bits {
		switch {
		case bit < 0 || bit > 62:
			a.problem("bits", "%d isn't 0 to 62", bit)
		case b.named&(1<<bit) != 0:
			a.problem("bits", "%d stands there twice", bit)
		default:
			b.named |= 1 << bit
		}
	}
	switch f.OtherBit {
	case "", Refuse:
	case Drop:
		a.loss(legacy, "bits that none names are lost and come back as 0")
	default:
		a.problem("other_bits", "%q isn't drop or error", f.OtherBit)
	}
	return b
}

func (b *bits) split(c *call, in *input, w *whole) error {
	if err := typed(in, b.integer); err != nil {
		return err
	}
	n, err := strconv.ParseUint(string(in.text), 10, 63)
	if err != nil || len(in.text) > 1 && in.text[0] == '0' {
		return fmt.Errorf("%s isn't a whole number from 0 to 2^63-1", shown(in))
	}
	if other := n &^ b.named; other != 0 && !b.drop {
		return fmt.Errorf("%s has bits that none names: %#x", shown(in), other)
	}
	for i, bit := range b.bits {
		if err := w.set(c, i, truth(n&(1<<bit) != 0)); err != nil {
			return err
		}
	}
	return nil
}

func (b *bits) join(c *call, in []input) (cell, error) {
	var n uint64
	for i, bit := range b.bits {
		one := &in[i]
		if one.kind == document.Missing && b.absent {
			continue
		}
		if one.kind == document.Missing || one.kind == document.Null {
			return cell{}, &partError{i, fmt.Errorf("%s where others are there; absent: {service: false} would make it false", a(one.kind))}
		}
		if err := typed(one, TypeBool); err != nil {
			return cell{}, &partError{i, err}
		}
		if one.kind == document.True {
			n |= 1 << bit
		}
	}
	c.scratch = strconv.AppendUint(c.scratch[:0], n, 10)
	return c.text(b.integer.kind(), c.scratch), nil
}
