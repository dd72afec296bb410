package suggest

import (
	"fmt"
	"maps"
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
)

// nested is what is known of two arrays.
type nested struct {
	proposal *Proposal // of the elements; nil: they are the same as they are
	order    string
	bits     float64
}

// nearArrays returns which arrays are worth being compared: of each the four of the other side
// whose lengths fit best, and whose names then are most alike.
func nearArrays(legacy, service *side) map[[2]int]bool {
	type pair struct {
		i, j  int
		score float64
	}
	all := map[[2]int]bool{}
	arrays := 0
	for i, l := range legacy.columns {
		if !l.array || arrays == maxArrays {
			continue
		}
		arrays++
		var near []pair
		for j, v := range service.columns {
			if !v.array {
				continue
			}
			fit, of := 0, 0
			for row := range l.cells {
				if a, b := l.cells[row], v.cells[row]; !a.none() || !b.none() {
					of++
					if len(a.elems) == len(b.elems) {
						fit++
					}
				}
			}
			if of > 0 && 2*fit >= of {
				near = append(near, pair{i, j, float64(fit)/float64(of) + alike(l.words, v.words)})
			}
		}
		slices.SortStableFunc(near, func(a, b pair) int {
			switch {
			case a.score > b.score:
				return -1
			case a.score < b.score:
				return 1
			}
			return 0
		})
		for _, n := range near[:min(4, len(near))] {
			all[[2]int{n.i, n.j}] = true
		}
	}
	return all
}

// arrays finds the relation of two arrays: that of their elements.
func (s *solver) arrays(l, v *column, depth int) (r relation, inner *nested, ok bool) {
	var rows [][2][]document.Value
	elements := 0
	for i := range l.cells {
		a, b := l.cells[i], v.cells[i]
		if a.kind == document.Missing && b.kind == document.Missing {
			continue
		}
		r.of++
		if len(a.elems) != len(b.elems) {
			r.odd = fmt.Sprintf("not where legacy has %d elements and the service %d", len(a.elems), len(b.elems))
			continue
		}
		r.holds++
		elements += len(a.elems)
		rows = append(rows, [2][]document.Value{a.elems, b.elems})
	}
	if r.holds == 0 {
		return r, nil, false
	}
	r.why = "lists of the same length"
	if elements == 0 {
		r.bits, r.why = -2, "both are always empty"
		return r, nil, true
	}
	if same(rows) {
		r.why = "lists of the same elements"
		for _, row := range rows {
			for _, e := range row[0] {
				r.bits += information(e.Text())
			}
		}
		r.bits = min(r.bits, maxBits) - missBits*float64(r.of-r.holds)
		return r, nil, true
	}
	n := s.nest(rows, depth+1)
	if n.proposal == nil || n.bits < enough {
		return r, nil, false
	}
	r.bits = min(n.bits, maxBits) - missBits*float64(r.of-r.holds)
	r.why = fmt.Sprintf("lists whose elements have %s in common", counted(len(n.proposal.Fields), "field"))
	if n.order != "" {
		r.why += ", but " + n.order
	}
	return r, n, true
}

// same reports whether all elements are single values that are the same on both sides.
func same(rows [][2][]document.Value) bool {
	for _, row := range rows {
		for k, a := range row[0] {
			if b := row[1][k]; !a.Scalar() || a.Kind() != b.Kind() || a.Text() != b.Text() {
				return false
			}
		}
	}
	return true
}

// nest proposes the lens of elements: paired by their positions or, where another way says more,
// by a key.
func (s *solver) nest(rows [][2][]document.Value, depth int) *nested {
	best := &nested{}
	var pairs []Pair
	for _, row := range rows {
		if len(row[0]) == len(row[1]) {
			for k := range row[0] {
				pairs = append(pairs, Pair{row[0][k], row[1][k]})
			}
		}
	}
	clean := false
	if len(pairs) > 0 {
		p := s.propose(pairs, depth)
		best = &nested{proposal: p, bits: worth(p)}
		clean = !slices.ContainsFunc(p.Fields, func(f Field) bool { return f.Holds < f.Of })
	}
	if clean && len(best.proposal.Fields) > 0 {
		return best
	}
	if keyed, other := s.byKey(rows); keyed != nil {
		p := s.propose(keyed, depth)
		if bits := worth(p); bits > best.bits {
			order := ""
			if other > 0 {
				order = fmt.Sprintf("in another order in %d of %s", other, counted(len(rows), "example"))
			}
			return &nested{proposal: p, bits: bits, order: order}
		}
	}
	return best
}

// worth is what a proposal's fields say together.
func worth(p *Proposal) float64 {
	bits := 0.0
	for _, f := range p.Fields {
		if len(f.Legacy) > 0 && len(f.Service) > 0 {
			bits += f.bits
		}
	}
	return bits
}

// maxKeyed bounds the elements among which a key is looked for.
const maxKeyed = 500

// byKey pairs elements by a member that on both sides has the same values, each once; nil: there
// is none. It tells in how many rows the order was another.
func (s *solver) byKey(rows [][2][]document.Value) (pairs []Pair, other int) {
	var sides [2]*side
	var starts [2][]int
	for k := range sides {
		var all []document.Value
		for _, row := range rows {
			starts[k] = append(starts[k], len(all))
			all = append(all, row[k]...)
		}
		if len(all) == 0 || len(all) > maxKeyed {
			return nil, 0
		}
		starts[k] = append(starts[k], len(all))
		sides[k] = s.shapeOf(all, nil)
	}
	keys := func(k int) (values [][]string) {
		for _, c := range sides[k].columns {
			texts := make([]string, len(c.cells))
			good := !c.array && c.present == len(c.cells)
			for row := 0; good && row < len(rows); row++ {
				seen := map[string]bool{}
				for i := starts[k][row]; i < starts[k][row+1]; i++ {
					texts[i] = keyText(c.cells[i])
					good = good && !seen[texts[i]]
					seen[texts[i]] = true
				}
			}
			if good {
				values = append(values, texts)
			}
		}
		return values
	}
	legacy, service := keys(0), keys(1)
	for _, a := range legacy {
		for _, b := range service {
			if pairs, other := keyed(rows, starts, a, b); pairs != nil {
				return pairs, other
			}
		}
	}
	return nil, 0
}

// keyed pairs the elements by two keys; nil: they don't fit in all rows.
func keyed(rows [][2][]document.Value, starts [2][]int, a, b []string) (pairs []Pair, other int) {
	for row, both := range rows {
		at := map[string]int{}
		for k := range both[1] {
			at[b[starts[1][row]+k]] = k
		}
		moved := len(both[0]) != len(both[1])
		for k := range both[0] {
			j, ok := at[a[starts[0][row]+k]]
			if !ok {
				return nil, 0
			}
			moved = moved || j != k
			pairs = append(pairs, Pair{both[0][k], both[1][j]})
		}
		if moved {
			other++
		}
	}
	return pairs, other
}

// keyText is a key without what its notation has of its own.
func keyText(c cell) string {
	if d, ok := parseDecimal(c.text, notations[0]); ok {
		return fmt.Sprintf("%t %s e%d", d.negative, d.digits, d.exp)
	}
	return c.text
}

// singles returns the paths of a textual side's objects and texts, never repeated, that are lists
// of one at most: the other side has a list of a name like theirs, and as many elements.
func singles(values []document.Value, other *side) map[string]bool {
	found := map[string]bool{}
	present := map[string][]int{}
	paths := map[string]document.Path{}
	var walk func(row int, v document.Value, at document.Path)
	walk = func(row int, v document.Value, at document.Path) {
		for name, member := range v.Members() {
			if len(name) == 0 {
				continue
			}
			path := append(slices.Clip(at), document.Step{Name: string(name)})
			key := path.String()
			if present[key] == nil {
				if len(paths) == MaxPaths {
					continue
				}
				present[key], paths[key] = make([]int, len(values)), path
			}
			present[key][row]++
			walk(row, member, path)
		}
	}
	for row, v := range values {
		walk(row, v, nil)
	}
	for _, v := range other.columns {
		if !v.array {
			continue
		}
		best, score := "", 0.5
		for _, key := range slices.Sorted(maps.Keys(paths)) {
			fits := true
			for row, n := range present[key] {
				if n > 1 || n != len(v.cells[row].elems) {
					fits = false
					break
				}
			}
			if fits {
				// Of a wrapper and what is in it, the inner one is the element.
				if s := alike(wordsOf(paths[key][len(paths[key])-1:]), wordsOf(v.path)) + 0.01*float64(len(paths[key])); s > score {
					best, score = key, s
				}
			}
		}
		if best != "" {
			found[best] = true
		}
	}
	return found
}
