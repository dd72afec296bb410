package suggest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Between the parts of a text, or the elements of a list; of two that fit, the first.
var (
	joints     = []string{", ", " - ", " ", ",", "-", "/", ".", ";", "|", "_", ":"}
	separators = []string{", ", "; ", ",", ";", "|", "/", " ", ":", "+"}
)

const (
	maxParts = 6
	maxBit   = 31
)

// composite is a field of one place on one side and several on the other.
type composite struct {
	field           lens.Field
	legacy, service []int // columns
	bits            float64
	holds, of       int
	why             string
}

// joins finds texts of one side that are made of several of the other.
func joins(l, v []*column) (all []composite) {
	for i, c := range l {
		if parts, f, bits, n, ok := join(c, v); ok {
			f.Legacy, f.Service = []string{c.name}, names(v, parts)
			f.Type.Service = typeOfAll(v, parts)
			all = append(all, composite{f, []int{i}, parts, bits, n, n, fmt.Sprintf("%s has the parts, with %q between them", c.name, f.Join)})
		}
	}
	for j, c := range v {
		if parts, f, bits, n, ok := join(c, l); ok {
			f.Legacy, f.Service = names(l, parts), []string{c.name}
			f.Type.Legacy = typeOfAll(l, parts)
			all = append(all, composite{f, parts, []int{j}, bits, n, n, fmt.Sprintf("%s has the parts, with %q between them", c.name, f.Join)})
		}
	}
	return all
}

// typeOfAll returns number where all of the columns are such, and else nothing.
func typeOfAll(columns []*column, at []int) lens.Type {
	for _, i := range at {
		if columns[i].kinds[document.Number] != columns[i].present {
			return ""
		}
	}
	return lens.TypeNumber
}

func names(columns []*column, at []int) []string {
	all := make([]string, len(at))
	for i, j := range at {
		all[i] = columns[j].name
	}
	return all
}

// join finds the columns that a text column is made of.
func join(whole *column, others []*column) (parts []int, f lens.Field, bits float64, n int, ok bool) {
	if whole.array || whole.kinds[document.String] == 0 || whole.kinds[document.String] != whole.present {
		return nil, f, 0, 0, false
	}
	for _, joint := range joints {
		if i := slices.IndexFunc(whole.order, func(text string) bool { return text != "" }); i < 0 || !strings.Contains(whole.order[i], joint) {
			continue
		}
		for k := 2; k <= maxParts; k++ {
			at, value, rows := partsOf(whole, others, joint, k)
			if at != nil && value-float64(k) > bits {
				parts, bits, n, ok = at, value-float64(k), rows, true
				f = lens.Field{Join: joint}
			}
		}
	}
	return parts, f, bits, n, ok
}

// partsOf finds columns that are the k parts of a text; nil: there are none for one of them.
func partsOf(whole *column, others []*column, joint string, k int) (at []int, bits float64, n int) {
	split := make([][]string, len(whole.cells))
	for row, x := range whole.cells {
		if x.none() || x.text == "" {
			continue
		}
		split[row] = strings.SplitN(x.text, joint, k)
		if len(split[row]) != k {
			return nil, 0, 0
		}
		n++
	}
	used := map[int]bool{}
	for part := range k {
		found := -1
		for j, c := range others {
			if used[j] || c.array || c.kinds[document.String]+c.kinds[document.Number] != c.present || c.present < n {
				continue
			}
			fits := true
			for row, texts := range split {
				if texts != nil && c.cells[row].text != texts[part] {
					fits = false
					break
				}
			}
			if fits && (found < 0 || alike(c.words, whole.words) > alike(others[found].words, whole.words)) {
				found = j
			}
		}
		if found < 0 {
			return nil, 0, 0
		}
		used[found] = true
		at = append(at, found)
		for _, text := range others[found].order {
			bits += information(text) / float64(len(others[found].order))
		}
		for _, texts := range split {
			if texts != nil {
				bits += others[found].surprise(texts[part])
			}
		}
	}
	return at, min(bits, 2*maxBits), n
}

// bits finds integers of legacy's whose bits are booleans of the service's.
func bits(l, v []*column) (all []composite) {
	for i, c := range l {
		if c.array || len(c.numbers) == 0 || c.distinct() < 2 {
			continue
		}
		values, ok := integers(c)
		if !ok {
			continue
		}
		f := lens.Field{Legacy: []string{c.name}}
		found := composite{legacy: []int{i}, holds: c.present, of: c.present}
		seen := uint64(0)
		for bit := range maxBit {
			if at, worth := boolOf(values, bit, c, v, found.service); at >= 0 {
				f.Service = append(f.Service, v[at].name)
				f.Bits = append(f.Bits, bit)
				found.service = append(found.service, at)
				found.bits += worth
				seen |= 1 << bit
			}
		}
		if len(f.Bits) < 2 {
			continue
		}
		if c.kinds[document.String] > 0 {
			f.Type.Legacy = lens.TypeText
		}
		for _, n := range values {
			if n >= 0 && uint64(n)&^seen != 0 {
				f.OtherBit = lens.Drop
			}
		}
		found.field = f
		found.why = fmt.Sprintf("bits of %s", c.name)
		if f.OtherBit == lens.Drop {
			found.why += ", of which the examples have others, too"
		}
		all = append(all, found)
	}
	return all
}

// integers reads a column as integers from 0; -1: no value.
func integers(c *column) ([]int64, bool) {
	all := make([]int64, len(c.cells))
	for row, x := range c.cells {
		all[row] = -1
		if x.none() || x.text == "" {
			continue
		}
		if !isDigits(x.text) || len(x.text) > 9 {
			return nil, false
		}
		n := int64(0)
		for _, d := range x.text {
			n = n*10 + int64(d-'0')
		}
		all[row] = n
	}
	return all, true
}

// boolOf finds the one column of booleans that a bit is; -1: none, or several. The bit and the
// booleans vary, or nothing is known.
func boolOf(values []int64, bit int, c *column, v []*column, taken []int) (at int, worth float64) {
	at = -1
	for j, b := range v {
		if b.array || b.kinds[document.True]+b.kinds[document.False] != b.present || b.kinds[document.True] == 0 || b.kinds[document.False] == 0 {
			continue
		}
		fits := true
		for row, n := range values {
			x := b.cells[row]
			if n < 0 || x.none() {
				continue
			}
			if (n>>bit&1 == 1) != (x.kind == document.True) {
				fits = false
				break
			}
		}
		if !fits {
			continue
		}
		for _, other := range taken {
			if other == j {
				return -1, 0 // two bits that are always the same
			}
		}
		if at >= 0 {
			return -1, 0
		}
		at = j
		p := float64(b.kinds[document.True]) / float64(b.present)
		worth = float64(b.present) * -(p*math.Log2(p) + (1-p)*math.Log2(1-p))
	}
	return at, worth
}

// list finds the relation of a text with the array of its parts.
func (s *solver) list(l, v *column) (relation, bool) {
	if l.array || !v.array || l.present == 0 || l.kinds[document.String] != l.present {
		return relation{}, false
	}
	for _, sep := range separators {
		best := relation{field: lens.Field{List: sep}, why: fmt.Sprintf("a list with %q between its elements", sep)}
		several, numbers := false, false
		for row, x := range v.cells {
			a := l.cells[row]
			if x.none() && (a.none() || a.text == "") {
				continue
			}
			best.of++
			if a.none() || x.kind != document.Array {
				continue
			}
			texts := make([]string, len(x.elems))
			for k, e := range x.elems {
				if !e.Scalar() {
					return relation{}, false
				}
				texts[k] = e.Text()
				numbers = numbers || e.Kind() == document.Number
			}
			if strings.Join(texts, sep) == a.text {
				best.holds++
				several = several || len(texts) > 1
				best.bits += min(24, information(a.text)) / 2
			}
		}
		if several && best.holds*5 >= best.of*4 {
			if numbers {
				best.field.Type.Service = lens.TypeNumber
			}
			best.bits = min(best.bits, maxBits) - missBits*float64(best.of-best.holds)
			return best, true
		}
	}
	return relation{}, false
}

// counts finds numbers of legacy's that are how many elements an array of the service's has.
func counts(l, v *column) (relation, bool) {
	if l.array || !v.array || l.repeats {
		return relation{}, false
	}
	values, ok := integers(l)
	if !ok {
		return relation{}, false
	}
	r := relation{field: lens.Field{Count: true}, why: "how many elements there are"}
	if l.kinds[document.String] > 0 {
		r.field.Type.Legacy = lens.TypeText
	}
	lengths := map[int]bool{}
	for row, n := range values {
		if n < 0 || v.cells[row].kind != document.Array {
			continue
		}
		r.of++
		if int(n) == len(v.cells[row].elems) {
			r.holds++
			lengths[int(n)] = true
		}
	}
	if r.holds == 0 || r.holds*5 < r.of*4 {
		return relation{}, false
	}
	r.bits = float64(len(lengths))*4 - missBits*float64(r.of-r.holds)
	for _, w := range l.words {
		if len(w.means) > 0 && w.means[0] == "count" {
			r.bits += 5
		}
	}
	return r, r.bits >= enough
}
