package suggest

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
)

// match is what was found for one or several columns of both sides.
type match struct {
	legacy, service []int
	relation
	alike float64
	inner *nested
}

// grid has a relation for each two columns that have one.
type grid struct {
	relations [][]*match
	scores    [][]float64 // in bits beyond what is enough; 0: none
}

// propose finds the fields of one lens.
func (s *solver) propose(pairs []Pair, depth int) *Proposal {
	p := &Proposal{Examples: len(pairs), Fields: []Field{}}
	given := len(pairs)
	pairs = pairs[:min(given, MaxExamples)]
	legacy, service := s.shapes(pairs)
	for _, more := range []string{legacy.more("legacy"), service.more("the service")} {
		if more != "" {
			p.More = strings.TrimPrefix(p.More+"; "+more, "; ")
		}
	}
	if fewer := max(20, maxCells/max(1, len(legacy.columns)*len(service.columns))); fewer < len(pairs) {
		pairs = pairs[:fewer] // it is the paths that make it slow
		legacy, service = s.shapes(pairs)
	}
	if len(pairs) < given {
		p.More = strings.TrimSuffix(fmt.Sprintf("of %d examples the first %d are looked at; %s", given, len(pairs), p.More), "; ")
	}
	weigh(legacy.columns)
	weigh(service.columns)
	g := s.grid(legacy, service, depth)
	usedLegacy, usedService := make([]bool, len(legacy.columns)), make([]bool, len(service.columns))
	take := func(m match) {
		for _, i := range m.legacy {
			usedLegacy[i] = true
		}
		for _, j := range m.service {
			usedService[j] = true
		}
	}
	var found []match
	for _, c := range g.composites(legacy, service) {
		if !slices.ContainsFunc(c.legacy, func(i int) bool { return usedLegacy[i] }) && !slices.ContainsFunc(c.service, func(j int) bool { return usedService[j] }) {
			found = append(found, c)
			take(c)
		}
	}
	for _, c := range g.lengths(legacy, service, usedLegacy) {
		found = append(found, c)
		usedLegacy[c.legacy[0]] = true // the array is its own field's, too
	}
	pairsFound := g.best(usedLegacy, usedService)
	unclear := g.doubt(pairsFound, usedLegacy, usedService, legacy, service)
	p.Choices = unclear.choices
	for i, j := range pairsFound {
		if j < 0 {
			continue
		}
		m := *g.relations[i][j]
		take(m)
		if !unclear.legacy[i] && !unclear.service[j] {
			found = append(found, m)
		}
	}
	for i := range unclear.legacy {
		usedLegacy[i] = true
	}
	for j := range unclear.service {
		usedService[j] = true
	}
	s.fields(p, found, legacy, service)
	s.alone(p, legacy, service, usedLegacy, usedService)
	s.prove(p, pairs)
	return p
}

// shapes collects both sides' columns. Where a format repeats names, an object that stands alone
// may be a list of one: it is, where the service has a list of that name and length.
func (s *solver) shapes(pairs []Pair) (legacy, service *side) {
	values := [2][]document.Value{}
	for _, p := range pairs {
		values[0], values[1] = append(values[0], p.Legacy), append(values[1], p.Service)
	}
	sides := [2]*side{s.shapeOf(values[0], nil), s.shapeOf(values[1], nil)}
	for k := range sides {
		if !values[k][0].Repeats() {
			continue
		}
		if more := singles(values[k], sides[1-k]); len(more) > 0 {
			sides[k] = s.shapeOf(values[k], more)
		}
	}
	return sides[0], sides[1]
}

// grid relates every column of legacy's with every one of the service's.
func (s *solver) grid(legacy, service *side, depth int) *grid {
	g := &grid{}
	partners := nearArrays(legacy, service)
	for i, l := range legacy.columns {
		g.relations = append(g.relations, make([]*match, len(service.columns)))
		g.scores = append(g.scores, make([]float64, len(service.columns)))
		for j, v := range service.columns {
			var r relation
			var inner *nested
			ok := false
			switch {
			case l.array && v.array:
				if partners[[2]int{i, j}] && depth < maxNesting {
					r, inner, ok = s.arrays(l, v, depth)
				}
			case l.array:
			case v.array:
				r, ok = s.list(l, v)
			default:
				r, ok = s.relate(l, v)
			}
			if !ok {
				continue
			}
			m := &match{legacy: []int{i}, service: []int{j}, relation: r, alike: alike(l.words, v.words), inner: inner}
			m.field.Legacy, m.field.Service = []string{l.name}, []string{v.name}
			m.bits += nameBits(m.alike)
			g.relations[i][j] = m
			g.scores[i][j] = max(0, m.bits-enough)
		}
	}
	return g
}

// nameBits is what names that are so much alike say.
func nameBits(alike float64) float64 { return 14*alike - 2 }

// best is the best matching of what is left.
func (g *grid) best(usedLegacy, usedService []bool) []int {
	scores := make([][]float64, len(g.scores))
	for i := range scores {
		scores[i] = make([]float64, len(g.scores[i]))
		for j := range scores[i] {
			if !usedLegacy[i] && !usedService[j] {
				scores[i][j] = g.scores[i][j]
			}
		}
	}
	return assign(scores)
}

// composites returns the joins and bits that say more than what their columns would be otherwise,
// the best first.
func (g *grid) composites(legacy, service *side) (all []match) {
	for _, c := range append(joins(legacy.columns, service.columns), bits(legacy.columns, service.columns)...) {
		otherwise := 0.0
		for _, i := range c.legacy {
			otherwise += slices.Max(append(g.scores[i], 0))
		}
		for _, j := range c.service {
			best := 0.0
			for i := range g.scores {
				best = max(best, g.scores[i][j])
			}
			otherwise += best
		}
		if c.bits >= enough && c.bits > otherwise/2 { // each pair was counted from both ends
			all = append(all, match{legacy: c.legacy, service: c.service,
				relation: relation{field: c.field, bits: c.bits, holds: c.holds, of: c.of, why: c.why}})
		}
	}
	slices.SortStableFunc(all, func(a, b match) int { return int(math.Copysign(1, b.bits-a.bits)) })
	return all
}

// lengths returns the numbers that are better explained as how many elements an array has.
func (g *grid) lengths(legacy, service *side, used []bool) (all []match) {
	for i, l := range legacy.columns {
		if used[i] {
			continue
		}
		var best *match
		for j, v := range service.columns {
			if r, ok := counts(l, v); ok {
				r.bits += nameBits(alike(l.words, v.words)) / 4
				r.field.Legacy, r.field.Service = []string{l.name}, []string{v.name}
				if best == nil || r.bits > best.bits {
					best = &match{legacy: []int{i}, service: []int{j}, relation: r}
				}
			}
		}
		if best != nil && best.bits > slices.Max(append(g.scores[i], 0))+enough {
			all = append(all, *best)
		}
	}
	return all
}

// fields turns what was found into fields, in the order of legacy's document.
func (s *solver) fields(p *Proposal, found []match, legacy, service *side) {
	slices.SortStableFunc(found, func(a, b match) int { return a.legacy[0] - b.legacy[0] })
	for _, m := range found {
		f := Field{Field: m.field, Holds: m.holds, Of: m.of, Reason: m.reason(), bits: m.bits}
		f.Confidence = confidence(m.bits, m.holds, m.of, p.Examples)
		if m.inner != nil && m.inner.proposal != nil {
			n := m.inner.proposal
			n.Name = singular(service.columns[m.service[0]].path)
			n.Order = m.inner.order
			p.Nested = append(p.Nested, n)
			f.nested = n
		}
		p.Fields = append(p.Fields, f)
	}
}

// confidence is how sure one can be: of what the values and names say, and less where examples
// contradict it or there is but one.
func confidence(bits float64, holds, of, examples int) float64 {
	c := 1 - math.Exp2(-max(bits, 0)/8)
	if of > 0 {
		c *= math.Sqrt(float64(holds) / float64(of))
	}
	c = min(c, 0.99) // it is a guess, always
	if examples == 1 {
		c = min(c, 0.9)
	}
	return math.Round(c*100) / 100
}

func (m match) reason() string {
	text := m.why
	if m.of > 1 || m.holds < m.of {
		text += fmt.Sprintf("; in %d of %s", m.holds, counted(m.of, "example"))
	}
	if m.holds < m.of && m.odd != "" {
		text += ", " + m.odd
	}
	switch {
	case len(m.legacy) > 1 || len(m.service) > 1:
	case m.alike >= 0.75:
		text += "; the names are alike"
	case m.alike >= 0.4:
		text += "; the names are a little alike"
	}
	return text
}

// singular names the lens of a list's elements: line of lines, address of addresses.
func singular(path document.Path) string {
	if len(path) == 0 {
		return "record"
	}
	name := plain(strings.Join(split(path[len(path)-1].Name), "-"))
	switch {
	case strings.HasSuffix(name, "ies") && len(name) > 4:
		return name[:len(name)-3] + "y"
	case strings.HasSuffix(name, "sses") || strings.HasSuffix(name, "xes"):
		return name[:len(name)-2]
	case strings.HasSuffix(name, "s") && len(name) > 1 && !strings.HasSuffix(name, "ss") && !strings.HasSuffix(name, "us"):
		return name[:len(name)-1]
	case name == "":
		return "element"
	}
	return name
}
