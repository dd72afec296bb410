package lens

import (
	"fmt"
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
)

// table says for one direction what a code becomes.
type table struct {
	known        *codes
	write        []Literal // by the code's place
	written      []stocked // the same
	other        *Literal
	otherWritten stocked
	keep         bool
}

func (t *table) convert(c *call, in *input) (cell, error) {
	if place := t.known.find(in); place >= 0 {
		return c.literal(t.written[place]), nil
	}
	switch {
	case t.other != nil:
		return c.literal(t.otherWritten), nil
	case !t.keep:
		return cell{}, fmt.Errorf("%s isn't among the values", shownKind(in))
	case in.kind == document.Array || in.kind == document.Object:
		return cell{form: copied, value: in.value.Ref()}, nil
	}
	return c.writeScalar(in, "")
}

// shownKind is shown, with the kind where it matters.
func shownKind(in *input) string {
	switch in.kind {
	case document.String:
		return shown(in)
	case document.Number:
		return "the number " + shown(in)
	}
	return a(in.kind)
}

func compileValues(f *Field, a about) conversions {
	v := f.Values
	if len(v.Pairs) == 0 {
		a.problem("values", "there are none")
	}
	for _, pairs := range [][]Pair{v.Pairs, v.Back, v.Forth} {
		for _, p := range pairs {
			for _, l := range []Literal{p.Legacy, p.Service} {
				if l.Kind == document.Missing || l.Kind == document.Null {
					a.problem("values", "%s can't be a code; absent says what stands for no value", l)
				} else if wrong := l.problem(); wrong != "" {
					a.problem("values", "%s", wrong)
				}
			}
		}
	}
	return conversions{
		legacy:  compileTable(v, legacy, v.Forth, a).convert,
		service: compileTable(v, service, v.Back, a).convert,
	}
}

// sides returns what a pair has for the side that is read and for the other.
func (p Pair) sides(in side) (from, to Literal) {
	if in == legacy {
		return p.Legacy, p.Service
	}
	return p.Service, p.Legacy
}

// compileTable compiles the direction in which the side in is read; chosen says what is written for
// codes that stand for several.
func compileTable(v *Values, in side, chosen []Pair, a about) *table {
	t := &table{known: newCodes(), other: at(v.Other, in.other()), keep: v.Keep}
	option, written := "values.forth", "service"
	if in == service {
		option, written = "values.back", "legacy"
	}
	targets := newCodes() // what the list has for the other side
	for i, p := range v.Pairs {
		_, to := p.sides(in)
		targets.add(to, i)
	}
	said := newCodes()
	for _, p := range chosen {
		from, to := p.sides(in)
		if said.of(from) >= 0 {
			a.problem(option, "%s stands there twice", from)
			continue
		}
		said.add(from, 0)
		if targets.of(to) < 0 {
			a.problem(option, "%s becomes %s, which isn't among the values and couldn't be read again", from, to)
		}
		t.known.add(from, len(t.write))
		t.write = append(t.write, to)
	}
	var order []Literal            // codes that stand in the list
	several := map[int][]Literal{} // by place among those: what they stand for
	seen := newCodes()
	for _, p := range v.Pairs {
		from, to := p.sides(in)
		place := seen.add(from, len(order))
		if place == len(order) {
			order = append(order, from)
		}
		if slices.Contains(several[place], to) {
			if in == legacy {
				a.problem("values", "%s: %s stands there twice", from, to)
			}
			continue
		}
		several[place] = append(several[place], to)
		if said.of(from) < 0 && place == len(order)-1 && len(several[place]) == 1 {
			t.known.add(from, len(t.write))
			t.write = append(t.write, to)
		}
	}
	for place, from := range order {
		to := several[place]
		if len(to) < 2 {
			continue
		}
		if said.of(from) < 0 {
			words := make([]string, len(to))
			for i, l := range to {
				words[i] = l.String()
			}
			a.problem("values", "%s stands for %s: say which is written to %s, with %s", from, listed(words), written, option[len("values."):])
			continue
		}
		chosen := t.write[t.known.of(from)]
		for _, l := range to {
			if l != chosen {
				a.loss(in.other(), "%s becomes %s, which comes back as %s", l, from, chosen)
			}
		}
	}
	for _, p := range chosen {
		if from, to := p.sides(in); seen.of(from) < 0 {
			a.loss(in, "%s becomes %s, which comes back as something else", from, to)
		}
	}
	switch {
	case t.other != nil && (t.other.Kind == document.Missing || t.other.problem() != ""):
		a.problem("values.other", "%s can't be written", t.other)
	case t.other != nil:
		a.loss(in, "what isn't among the values becomes %s and doesn't come back", t.other)
	case t.keep:
		a.loss(in, "what isn't among the values is kept; one that is itself a value of the other side comes back as what that stands for")
	}
	for _, l := range t.write {
		t.written = append(t.written, a.literal(l))
	}
	if t.other != nil {
		t.otherWritten = a.literal(*t.other)
	}
	return t
}
