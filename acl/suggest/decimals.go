package suggest

import (
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/acl/lens"
)

// decimals offers numbers: in another notation, or some powers of ten apart.
func (r *rows) decimals(offer offer) {
	for _, there := range r.legacy.numbers {
		for _, here := range r.service.numbers {
			if here.notation != notations[0] {
				continue // a service that writes other than plain numbers is beyond an option
			}
			scale, found := r.scale(there, here)
			if !found || scale < 0 || scale > 9 {
				continue
			}
			f, why, cost := r.number(there, scale)
			if f.Number == nil {
				continue
			}
			offer(cost, why, f, func(i int) bool {
				return r.legacy.numeric(i, there) && r.service.numeric(i, here) && there.values[i].same(here.values[i], scale)
			})
		}
	}
}

// numeric reports whether a row's value was read as a number.
func (c *column) numeric(row int, n numbers) bool {
	d := n.values[row]
	if !d.zero() {
		return true
	}
	_, ok := parseDecimal(c.cells[row].text, n.notation)
	return ok
}

// scale returns how many powers of ten most of the rows are apart.
func (r *rows) scale(there, here numbers) (scale int, found bool) {
	count := map[int]int{}
	for _, i := range r.both {
		a, b := there.values[i], here.values[i]
		if !a.zero() && a.digits == b.digits {
			count[a.exp-b.exp]++
		}
	}
	for s, n := range count {
		if !found || n > count[scale] || n == count[scale] && s < scale {
			scale, found = s, true
		}
	}
	return scale, found
}

// written is how the numbers of a column are written.
type written struct {
	decimals int  // behind the point; -1: now so many, now others
	zeros    bool // there is one at the end, behind the point
	grouped  bool
	width    int // of those with zeros in front
	behind   bool
}

func writtenAs(c *column, rows []int, n notation) written {
	w := written{decimals: -1}
	for k, i := range rows {
		text := c.cells[i].text
		d, ok := parseDecimal(text, n)
		if !ok {
			continue
		}
		if k == 0 {
			w.decimals = d.decimals
		}
		if d.decimals != w.decimals {
			w.decimals = -1
		}
		w.zeros = w.zeros || d.decimals > 0 && strings.HasSuffix(text, "0")
		w.grouped = w.grouped || n.group != "" && strings.Contains(text, n.group)
		w.width = max(w.width, d.width)
		w.behind = w.behind || d.behind
	}
	return w
}

// number returns the option for numbers that are so many powers of ten apart; none where no option
// says it.
func (r *rows) number(there numbers, scale int) (f lens.Field, why string, cost float64) {
	lt, _ := kindOf(r.legacy, r.both)
	vt, _ := kindOf(r.service, r.both)
	l, v := writtenAs(r.legacy, r.both, there.notation), writtenAs(r.service, r.both, notations[0])
	n := &lens.Number{Scale: scale, Legacy: lt, Service: vt, Width: l.width}
	switch {
	case scale > 0 && l.decimals != 0:
		return f, "", 0 // a factor of numbers that have a point already
	case scale == 0 && l.decimals > 0 && (lt == lens.TypeText || l.zeros):
		n.Scale, n.Decimal = l.decimals, there.notation.point
	case scale == 0 && there.notation.point != ".":
		n.Decimal = there.notation.point
	}
	if l.grouped {
		n.Group = there.notation.group
	}
	if l.behind {
		n.Sign = lens.SignBehind
	}
	if v.decimals > 0 && (vt == lens.TypeText || v.zeros) {
		n.Decimals = &v.decimals
	}
	why, cost = "the same number, written in another way", 1
	if scale > 0 {
		why, cost = "the same number times 1"+strings.Repeat("0", scale), 3
		if scale == 2 {
			cost = 1.5
		}
	}
	if n.Width > 0 {
		why += fmt.Sprintf(", there with zeros in front to %d digits", n.Width)
	}
	return lens.Field{Number: n}, why, cost
}
