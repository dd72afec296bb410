package lens

import (
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
)

// assembly is a program in the making.
type assembly struct {
	program
	slots   int
	sources []*reading    // of the field that is being compiled, if it has a condition
	owners  [][]*compiled // by target
	later   []rule        // of fields with a condition
	report  about         // on the lens as a whole
}

// compileProgram compiles the direction in which the side in is read. Without all fields, because
// some are wrong, a condition may look at what one of those writes.
func compileProgram(in side, fields []compiled, unknown Unknown, all bool, a about) program {
	p := &assembly{slots: 1, report: a}
	p.in, p.unknown = in, unknown
	p.read, p.write = &reading{}, newWriting(nil)
	for i := range fields {
		p.field(&fields[i])
	}
	p.rules = append(p.rules, p.later...)
	for i := range fields {
		p.resolve(&fields[i], all)
	}
	p.drops(fields)
	if unknown == Keep {
		p.keep()
	}
	if p.read.names == nil && p.read.indexes == nil && !p.read.whole {
		p.read.names = map[string]*reading{}
	}
	p.write.each(func(w *writing) {
		if len(w.path) > 0 {
			w.name = a.put(w.path[len(w.path)-1].Name)
		}
	})
	p.places = make([]*reading, p.slots)
	p.places[0] = p.read
	p.read.each(func(r *reading) {
		p.places[r.slot] = r
		if unknown == Refuse && r.whole && !r.always {
			p.loose = append(p.loose, r)
		}
	})
	p.targets = len(p.owners)
	return p.program
}

// source is the place that a field reads.
func (p *assembly) source(f *compiled, path document.Path) *reading {
	r := p.read.down(path, &p.slots)
	r.whole = true
	r.always = r.always || f.When == nil || f.option >= optionCount
	if !r.always {
		p.sources = append(p.sources, r)
	}
	return r
}

// target is the place that a field writes; -1 if another is in the way.
func (p *assembly) target(f *compiled, path document.Path) int {
	a := p.report
	a.field = f.n
	option := p.in.other().String()
	w, inTheWay := p.write.down(path)
	switch {
	case w == nil && inTheWay.target >= 0:
		a.problem(option, "%s lies below %s, which field %d writes as a whole", path, inTheWay.path, p.owners[inTheWay.target][0].n+1)
		return -1
	case w == nil:
		a.problem(option, "%s: %s is an array in one field and an object in another", path, inTheWay.path)
		return -1
	case !w.leaf():
		a.problem(option, "%s is written as a whole, while another field writes below it", path)
		return -1
	case w.target < 0:
		w.target = len(p.owners)
		p.owners = append(p.owners, []*compiled{f})
		return w.target
	}
	for _, other := range p.owners[w.target] {
		if sameWhen(f.Field, other.Field) {
			a.problem(option, "field %d writes %s as well; two fields may do so if each has a when of its own", other.n+1, path)
			return -1
		}
	}
	p.owners[w.target] = append(p.owners[w.target], f)
	return w.target
}

func (p *assembly) add(f *compiled, do doer) {
	if f.When == nil {
		p.rules = append(p.rules, rule{do: do})
		return
	}
	p.later = append(p.later, rule{do: do, field: f, reads: p.sources})
}

// field compiles one field.
func (p *assembly) field(f *compiled) {
	in, out := at(f.at, p.in), at(f.at, p.in.other())
	presence := presenceOf(f.Field, p.in, p.report)
	p.sources = nil
	switch f.option {
	case optionConst:
		if len(in) > 0 {
			p.add(f, &checked{presence, p.source(f, in[0]), *f.Const, p.unknown == Refuse})
			return
		}
		p.make(f, out[0], f.make)
	case optionGenerate:
		if len(in) > 0 {
			p.source(f, in[0])
			return
		}
		p.make(f, out[0], f.make)
	case optionDrop:
		if len(in) > 0 {
			p.source(f, in[0])
			return
		}
		if d := at(f.Default, p.in.other()); d != nil {
			p.make(f, out[0], constant(p.report.literal(*d)))
		}
	case optionCount:
		r := p.source(f, in[0])
		if p.in == legacy {
			return
		}
		integer := f.Type.Legacy
		if integer == "" {
			integer = TypeNumber
		}
		if to := p.target(f, out[0]); to >= 0 {
			p.add(f, &counted{presence, r, to, integer})
		}
	case optionBits, optionJoin:
		p.several(f, in, out, presence)
	default:
		r := p.source(f, in[0])
		if to := p.target(f, out[0]); to >= 0 {
			p.add(f, &single{presence, r, to, f.many, int32(len(p.nested)), f.convert[p.in]})
			if f.nested != nil {
				p.nested = append(p.nested, f.nested)
			}
		}
	}
}

func (p *assembly) make(f *compiled, path document.Path, make func(*call) (cell, error)) {
	if to := p.target(f, path); to >= 0 {
		p.add(f, &written{to, make})
	}
}

// several compiles a field with several places on one side.
func (p *assembly) several(f *compiled, in, out []document.Path, presence presence) {
	var from []*reading
	for _, path := range in {
		from = append(from, p.source(f, path))
	}
	var to []int
	for _, path := range out {
		to = append(to, p.target(f, path))
	}
	if slices.Contains(to, -1) {
		return
	}
	join, split := f.join.join, f.join.split(len(to))
	if f.option == optionBits {
		join, split = f.bits.join, f.bits.split
	}
	if p.in == f.manySide() && len(in) > 1 || f.option == optionBits && p.in == service {
		p.add(f, &parts{presence, from, to[0], join})
		return
	}
	p.add(f, &whole{presence, from[0], to, split})
}

// resolve finds what the conditions of a field look at.
func (p *assembly) resolve(f *compiled, all bool) {
	if f.When == nil {
		return
	}
	a := p.report
	a.field = f.n
	when := slices.Clone(at(f.when, p.in))
	for _, one := range at(f.when, p.in.other()) {
		option := "when." + p.in.other().String()
		w, i := p.write, 0
		for ; i < len(one.path) && w != nil && w.target < 0; i++ {
			if step := one.path[i]; step.Name == "" {
				w = w.indexes[step.Index]
			} else {
				w = w.names[step.Name]
			}
		}
		if w == nil || w.target < 0 {
			if all {
				a.problem(option, "no field writes %s, so that on the way %s nobody knows what it is", one.path, p.in.direction())
			}
			continue
		}
		owner := p.owners[w.target][0]
		switch {
		case owner.When != nil:
			a.problem(option, "%s is written by field %d, which has a condition itself", w.path, owner.n+1)
		case i < len(one.path) && owner.option != optionNone:
			a.problem(option, "%s lies in what field %d writes with %s, and can't be looked at", one.path, owner.n+1, owner.option)
		default:
			one.target, one.path = w.target, one.path[i:]
			when = append(when, one)
		}
	}
	for i := range p.rules {
		if p.rules[i].field == f {
			p.rules[i].when = when
		}
	}
}

// keep finds the places at which members that no field names are written. An object on the way of
// one side's paths is one on the other side too, as far as such members are concerned.
func (p *assembly) keep() {
	var objects []document.Path
	p.write.each(func(w *writing) {
		if w.names != nil {
			objects = append(objects, w.path)
		}
	})
	for _, path := range objects {
		if r := p.read.down(path, &p.slots); r.names == nil && r.indexes == nil && !r.whole {
			r.names = map[string]*reading{}
		}
	}
	mirror := func(r *reading) {
		if r.names == nil && (len(r.path) > 0 || r.indexes != nil) || r.whole {
			return
		}
		w, _ := p.write.down(r.path)
		if w != nil && w.target < 0 && w.indexes == nil {
			r.mirror, w.keeps = w, r.slot
		}
	}
	mirror(p.read)
	p.read.each(mirror)
}
