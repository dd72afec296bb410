package suggest

import (
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// relation is a way in which one column's values become another's.
type relation struct {
	field lens.Field // the options alone
	bits  float64    // what the values say for it
	holds int        // examples in which it does
	of    int        // examples that say anything
	why   string
	// odd is an example that doesn't fit.
	odd string
}

// judge is asked of an option: whether the values of a row correspond.
type judge func(row int) bool

// Costs, in bits: what an example that doesn't fit says against a relation, and what has to be
// said for one.
const (
	missBits = 6
	maxBits  = 60
	enough   = 7
)

// rows sorts the examples by who has a value there.
type rows struct {
	both            []int // of which values are compared
	absent          *lens.Sides[lens.Literal]
	absentRows      int // in which neither has a value
	miss            int // in which one side has a value and the other none
	missing         int // such an example; -1: none
	legacy, service *column
}

// rowsOf finds the rows to compare, and how either side says that there is no value.
func rowsOf(l, s *column) rows {
	r := rows{legacy: l, service: s, missing: -1}
	var onlyLegacy, onlyService, none []int
	for i := range l.cells {
		a, b := l.cells[i], s.cells[i]
		switch aNone, bNone := a.none() || a.text == "" && b.none(), b.none() || b.text == "" && a.none(); {
		case aNone && bNone:
			if a.kind != document.Missing || b.kind != document.Missing {
				none = append(none, i)
			}
		case bNone:
			onlyLegacy = append(onlyLegacy, i)
		case aNone:
			onlyService = append(onlyService, i)
		default:
			r.both = append(r.both, i)
		}
	}
	mark, marked := r.standIn(l, onlyLegacy)
	if marked {
		none = append(none, onlyLegacy...)
		onlyLegacy = nil
	}
	other, markedToo := r.standIn(s, onlyService)
	if markedToo {
		none = append(none, onlyService...)
		onlyService = nil
	}
	r.absentRows = len(none)
	r.miss = len(onlyLegacy) + len(onlyService)
	for _, only := range [][]int{onlyService, onlyLegacy} {
		if len(only) > 0 {
			r.missing = only[0]
		}
	}
	if len(none) == 0 {
		return r
	}
	a, b := r.none(l, none), r.none(s, none)
	if marked {
		a = literal(mark)
	}
	if markedToo {
		b = literal(other)
	}
	if a != b || a.Kind == document.String {
		r.absent = &lens.Sides[lens.Literal]{Legacy: a, Service: b}
	}
	return r
}

// standIn finds a value that stands for none: the only one in those rows, in no other, and one
// that looks like it.
func (r *rows) standIn(c *column, only []int) (cell, bool) {
	if len(only) == 0 {
		return cell{}, false
	}
	first := c.cells[only[0]]
	for _, i := range only {
		if !c.cells[i].same(first) {
			return cell{}, false
		}
	}
	return first, c.count[first.text] == len(only) && special(first.text)
}

// special reports whether a text looks like one that stands for none: nothing but zeros, nines,
// spaces or signs, or a word for it.
func special(text string) bool {
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "", "null", "nil", "none", "n/a", "na", "nan", "unknown", "unbekannt", "keine", "false", "31.12.9999", "9999-12-31", "99991231", "12/31/9999", "31/12/9999",
		"0001-01-01", "01.01.0001", "00010101", "1900-01-01", "01.01.1900", "19000101":
		return true
	}
	for _, only := range []string{"0", "9"} {
		if strings.Trim(text, only+"-./: ,TZ") == "" && (only == "0" || strings.Count(text, "9") > 2) {
			return true
		}
	}
	return strings.Trim(text, "-?*./x ") == ""
}

// none returns how a side most often says that there is no value.
func (r *rows) none(c *column, at []int) lens.Literal {
	count := map[lens.Literal]int{}
	best := lens.Literal{Kind: document.Missing}
	for _, i := range at {
		x := c.cells[i]
		if !x.none() && x.text != "" {
			continue
		}
		l := literal(x)
		if count[l]++; count[l] > count[best] {
			best = l
		}
	}
	return best
}

func literal(c cell) lens.Literal { return lens.Literal{Kind: c.kind, Text: literalText(c)} }

func literalText(c cell) string {
	if c.kind == document.String || c.kind == document.Number {
		return c.text
	}
	return ""
}

// weigh counts what the rows say for a relation, which is the same for all of them: the first of
// its kind by what it holds, others of a kind by how little they were to be expected.
func (r *rows) weigh(holds judge) (bits float64, held, odd int) {
	odd = r.missing
	seen := map[string]bool{}
	first := 0.0
	misses := r.miss
	for _, i := range r.both {
		if !holds(i) {
			if misses++; odd == r.missing {
				odd = i
			}
			continue
		}
		held++
		text := r.service.cells[i].text
		value := min(information(text), max(information(r.legacy.cells[i].text), 1))
		if !seen[text] {
			seen[text] = true
			first = max(first, value)
			bits += value / 2
			continue
		}
		bits += min(value, r.service.surprise(text))
	}
	bits += first / 2
	bits += min(6, float64(r.absentRows))
	return bits - missBits*float64(misses), held, odd
}

// unlike tells of an example that doesn't fit.
func (r *rows) unlike(row int) string {
	if row < 0 {
		return ""
	}
	a, b := r.legacy.cells[row], r.service.cells[row]
	return fmt.Sprintf("not where legacy has %s and the service %s", quoted(a), quoted(b))
}

func quoted(c cell) string {
	switch c.kind {
	case document.String:
		return fmt.Sprintf("%q", short(c.text))
	case document.Array:
		return fmt.Sprintf("a list of %d", len(c.elems))
	case document.Missing:
		return "nothing"
	case document.Null:
		return "null"
	}
	return short(c.text)
}

// short is a text that fits into a line.
func short(s string) string {
	r := []rune(s)
	if len(r) > 40 {
		return string(r[:39]) + "…"
	}
	return s
}

// relate returns the best relation of two columns of single values; false: there is none.
func (s *solver) relate(l, v *column) (best relation, ok bool) {
	r := rowsOf(l, v)
	if len(r.both) == 0 {
		return r.nothing()
	}
	oddest := -1
	offer := func(cost float64, why string, f lens.Field, holds judge) {
		if r.hopeless(holds) {
			return
		}
		bits, held, odd := r.weigh(holds)
		of := len(r.both) + r.miss
		if held == 0 || float64(held) < 0.4*float64(of) {
			return
		}
		bits = min(bits, maxBits) - cost
		if ok && bits <= best.bits {
			return
		}
		best, ok = relation{field: f, bits: bits, holds: held, of: of, why: why}, true
		oddest = odd
	}
	r.texts(offer)
	r.decimals(offer)
	r.clocks(s, offer)
	if ok && best.bits >= -20 {
		best.odd = r.unlike(oddest)
	}
	if b, found := r.booleans(); found && (!ok || b.bits > best.bits) {
		best, ok = b, true
	}
	if e, found := r.codes(); found && (!ok || e.bits > best.bits) {
		best, ok = e, true
	}
	if !ok || best.bits < -20 {
		return best, false
	}
	best.field.Absent = r.absent
	if r.absent != nil {
		best.why += fmt.Sprintf("; no value is %s there and %s here", literalName(r.absent.Legacy), literalName(r.absent.Service))
	}
	return best, true
}

func literalName(l lens.Literal) string {
	switch l.Kind {
	case document.Missing:
		return "nothing at all"
	case document.String:
		return fmt.Sprintf("%q", l.Text)
	case document.Number:
		return l.Text
	}
	return l.Kind.String()
}

// nothing is the relation of two columns that never have a value together: names alone speak for
// it, if they never contradict one another.
func (r *rows) nothing() (relation, bool) {
	if r.miss > 0 || r.absentRows == 0 {
		return relation{}, false
	}
	return relation{field: lens.Field{Absent: r.absent}, bits: -2, of: r.absentRows, holds: r.absentRows, why: "neither ever has a value"}, true
}

// hopeless looks at a few of many rows first.
func (r *rows) hopeless(holds judge) bool {
	const few = 16
	if len(r.both) <= 2*few {
		return false
	}
	for k := range few {
		if holds(r.both[k*len(r.both)/few]) {
			return false
		}
	}
	return true
}

type offer func(cost float64, why string, f lens.Field, holds judge)

// texts offers values that are the same text.
func (r *rows) texts(offer offer) {
	l, v := r.legacy, r.service
	same := func(i int) bool { return l.cells[i].text == v.cells[i].text }
	lt, lk := kindOf(l, r.both)
	vt, vk := kindOf(v, r.both)
	switch {
	case !lk || !vk || lt == vt:
		offer(0, "the same value", lens.Field{}, func(i int) bool { return same(i) && l.cells[i].kind == v.cells[i].kind })
	default:
		offer(0.5, fmt.Sprintf("the same value, there a %s and here a %s", lt, vt), lens.Field{Type: lens.Sides[lens.Type]{Legacy: lt, Service: vt}}, same)
	}
	if lt == lens.TypeText && vt == lens.TypeText {
		offer(0.7, "the same text but for spaces around it", lens.Field{Trim: true},
			func(i int) bool { return strings.TrimSpace(l.cells[i].text) == v.cells[i].text })
	}
}

// kindOf returns the type of a column's values in those rows; false: they are of several.
func kindOf(c *column, rows []int) (t lens.Type, one bool) {
	count := map[lens.Type]int{}
	for _, i := range rows {
		switch c.cells[i].kind {
		case document.Number:
			count[lens.TypeNumber]++
		case document.String:
			count[lens.TypeText]++
		default:
			count[lens.TypeBool]++
		}
	}
	for k, n := range count {
		if t == "" || n > count[t] || n == count[t] && k < t {
			t = k
		}
	}
	return t, len(count) == 1
}
