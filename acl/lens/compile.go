package lens

import (
	"maps"
	"slices"
)

// compiler compiles a definition and those that it refers to.
type compiler struct {
	report
	set    Set
	lenses map[string]*Lens
	// bare are the lenses that one refers to without going deeper, by the side on which it doesn't.
	bare map[string][2][]string
}

// compile compiles one definition; name is empty for that which New was given.
func (c *compiler) compile(name string, d Definition) *Lens {
	l := new(Lens)
	if name != "" {
		c.lenses[name] = l
	}
	a := about{&c.report, name, -1}
	unknown := [2]Unknown{legacy: d.Unknown.ToService, service: d.Unknown.ToLegacy}
	for _, in := range []side{legacy, service} {
		switch unknown[in] {
		case Keep, Drop, Refuse:
		case "":
			if unknown[in] = Keep; len(d.Fields) > 0 {
				a.problem("unknown", "say what becomes of members that no field names on the way %s: keep, drop or error", in.direction())
			}
		default:
			a.problem("unknown", "%q isn't keep, drop or error", unknown[in])
		}
		if unknown[in] == Drop {
			a.loss(in, "members that no field names are dropped")
		}
	}
	var fields []compiled
	told := [2]map[string]bool{{}, {}}
	for n := range d.Fields {
		one := about{&c.report, name, n}
		before := len(c.problems)
		f := compiled{field: readField(&d.Fields[n], n, one)}
		if len(c.problems) == before { // so that its option has the places that it needs
			c.compileOption(&f, one)
		}
		converts := len(c.problems) == before
		if f.checkRest(one); converts && !one.told("default", "absent") {
			c.checkDefaults(&f, one)
		}
		if len(c.problems) == before {
			lossesOf(&f.field, d.Fields, unknown, &told, one)
			fields = append(fields, f)
		}
	}
	for _, in := range []side{legacy, service} {
		l.programs[in] = compileProgram(in, fields, unknown[in], len(fields) == len(d.Fields), a)
	}
	return l
}

// compiled is a field with what its option does.
type compiled struct {
	field
	convert conversions
	nested  *Lens
	many    bool // several members of one name are good
	join    joiner
	bits    *bits
	make    func(*call) (cell, error)
}

func (c *compiler) compileOption(f *compiled, a about) {
	switch f.option {
	case optionNone:
		f.convert, f.many = compilePass(f.Field, c.set.Texts, a), f.Type == Sides[Type]{} && !f.Trim
	case optionEach:
		f.convert, f.many = conversions{throughEach, throughEach}, true
		f.nested = c.nested(f, f.Each, a)
	case optionWith:
		f.convert = conversions{throughOne, throughOne}
		f.nested = c.nested(f, f.With, a)
	case optionValues:
		f.convert = compileValues(f.Field, a)
	case optionBool:
		f.convert = compileBool(f.Field, a)
	case optionNumber:
		f.convert = compileNumber(f.Field, a)
	case optionTime:
		f.convert = convertTimes(f.Field, a)
	case optionList:
		f.convert, f.many = compileList(f.Field, a), true
	case optionIDs:
		t, ok := c.set.Tables[f.IDs]
		switch {
		case !ok:
			a.problem("ids", "%s", known("table of identifiers", f.IDs, c.set.Tables))
		case t == nil:
			a.problem("ids", "the table of identifiers %q is nil", f.IDs)
		}
		f.convert = compileIDs(f.Field, t, a)
	case optionBits:
		f.bits = compileBits(f.Field, a)
	case optionJoin:
		f.join = compileJoin(f.Field, f.manySide(), a)
	case optionCount:
		if f.Type.Service != "" {
			a.problem("type.service", "the service has no such value; it is counted")
		}
		if t := f.Type.Legacy; t != "" && t != TypeNumber && t != TypeText {
			a.problem("type.legacy", "a number of elements is a number or a text, not %q", t)
		}
	case optionConst:
		f.make = constant(a.literal(*f.Const))
	case optionGenerate:
		f.make = random
		if f.Generate == Now {
			f.make = c.moment(f.Field, a)
		}
	}
}

// manySide is the side on which a field has several paths.
func (f *field) manySide() side {
	if len(f.at.Legacy) > 1 {
		return legacy
	}
	return service
}

// moment writes the time of the translation.
func (c *compiler) moment(f *Field, a about) func(*call) (cell, error) {
	if f.Time == nil {
		f = &Field{Time: &Time{}}
	}
	l := compileTime(f, a)[legacy]
	return func(c *call) (cell, error) { return l.write(c, c.now()) }
}

// nested compiles the lens that a field refers to.
func (c *compiler) nested(f *compiled, name string, a about) *Lens {
	l := c.lenses[name]
	if l == nil {
		d, ok := c.set.Lenses[name]
		if !ok {
			a.problem(f.option.String(), "%s", known("translator", name, c.set.Lenses))
			return nil
		}
		l = c.compile(name, d)
	}
	bare := c.bare[a.lens]
	for _, s := range []side{legacy, service} {
		if len(at(f.at, s)[0]) == 0 {
			bare[s] = append(bare[s], name)
		}
	}
	c.bare[a.lens] = bare
	return l
}

// circles reports lenses that come to themselves without going deeper into what is read, and so
// would never end.
func (c *compiler) circles() {
	for _, s := range []side{legacy, service} {
		for _, name := range slices.Sorted(maps.Keys(c.bare)) {
			if name != "" && c.reaches(name, name, s, map[string]bool{}) {
				about{&c.report, name, -1}.problem("", "it refers to itself without going deeper into %s's body", s)
			}
		}
	}
}

func (c *compiler) reaches(from, to string, s side, seen map[string]bool) bool {
	for _, next := range c.bare[from][s] {
		if next == to {
			return true
		}
		if !seen[next] {
			seen[next] = true
			if c.reaches(next, to, s, seen) {
				return true
			}
		}
	}
	return false
}
