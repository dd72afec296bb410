package config

import (
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// lensField reads a field of a translator, or a parameter of a route's path, and the names that it
// refers to.
func (v value) lensField() (f lens.Field, refer []reference) {
	r := &fieldReader{to: &f}
	v.object(r.fields())
	if v.isMapping() && len(f.Legacy) == 0 && len(f.Service) == 0 && !v.has("legacy") && !v.has("service") {
		v.fail("neither legacy nor service is given; say which place of either side this is about")
	}
	r.settle()
	return f, r.refer
}

// fieldReader reads a field: what it is first, then what goes with that.
type fieldReader struct {
	to    *lens.Field
	refer []reference
	back  struct{ back, forth, other value } // what goes with values, if anything
	bits  value                              // what goes with bits
	types value
}

func (r *fieldReader) fields() fields {
	f := r.to
	name := func(what string, to *string) func(value) {
		return func(v value) {
			if v.text(to); *to != "" {
				r.refer = append(r.refer, reference{what: what, name: *to, at: v})
			}
		}
	}
	return fields{
		"legacy":  func(v value) { v.paths(&f.Legacy) },
		"service": func(v value) { v.paths(&f.Service) },

		"each":     name("translator", &f.Each),
		"with":     name("translator", &f.With),
		"values":   func(v value) { f.Values = &lens.Values{}; v.pairs(&f.Values.Pairs, false) },
		"back":     func(v value) { r.back.back = v },
		"forth":    func(v value) { r.back.forth = v },
		"other":    func(v value) { r.back.other = v },
		"bool":     func(v value) { f.Bool = v.codes() },
		"number":   func(v value) { f.Number = v.number() },
		"time":     func(v value) { f.Time = v.time() },
		"bits":     func(v value) { f.Bits = v.bits() },
		"join":     func(v value) { v.text(&f.Join) },
		"list":     func(v value) { v.text(&f.List) },
		"ids":      name("ids", &f.IDs),
		"count":    func(v value) { v.boolean(&f.Count) },
		"const":    func(v value) { f.Const = v.one() },
		"generate": func(v value) { f.Generate, _ = v.choice(lens.Now, lens.Random) },
		"drop":     func(v value) { v.boolean(&f.Drop) },

		"other_bits": func(v value) {
			r.bits = v
			if s, ok := v.choice(string(lens.Drop), string(lens.Refuse)); ok {
				f.OtherBit = lens.Unknown(s)
			}
		},

		"trim":     func(v value) { v.boolean(&f.Trim) },
		"required": func(v value) { v.boolean(&f.Required) },
		"type":     func(v value) { r.types = v },
		"absent":   func(v value) { f.Absent = v.absent() },
		"default": func(v value) {
			v.sides(func(v value) { f.Default.Legacy = v.one() }, func(v value) { f.Default.Service = v.one() })
		},
		"when": func(v value) { f.When = v.when() },
	}
}

// settle reads what goes with another key, wherever the two stand.
func (r *fieldReader) settle() {
	f := r.to
	for _, at := range []value{r.back.back, r.back.forth, r.back.other} {
		if at.given() && f.Values == nil {
			at.fail("this goes with values, which isn't there; add it, or remove this")
		}
	}
	if f.Values != nil {
		if r.back.back.given() {
			r.back.back.pairs(&f.Values.Back, true)
		}
		if r.back.forth.given() {
			r.back.forth.pairs(&f.Values.Forth, false)
		}
		if r.back.other.given() {
			r.back.other.other(f.Values)
		}
	}
	if r.bits.given() && f.Bits == nil {
		r.bits.fail("this goes with bits, which isn't there; add it, or remove this")
	}
	if r.types.given() {
		to := &f.Type
		if f.Time != nil { // there it is how a time in numbers is written
			to = &f.Time.Type
		}
		r.types.sides(func(v value) { v.typeOf(&to.Legacy) }, func(v value) { v.typeOf(&to.Service) })
	}
}

// isMapping reports whether a value has keys.
func (v value) isMapping() bool { return v.node.Kind == yaml.MappingNode }

// paths reads one place of a document, or a list of them.
func (v value) paths(to *[]string) {
	if v.node.Kind != yaml.SequenceNode {
		if s, ok := v.scalar(); ok && v.isPath(s) {
			*to = []string{s}
		}
		return
	}
	if len(v.node.Content) == 0 {
		v.fail("the list is empty; name the parts, such as [first, last]")
	}
	v.texts(to, value.isPath)
}

// isPath reports whether s is a path of a document, and says why if not.
func (v value) isPath(s string) bool {
	_, err := document.ParsePath(s)
	if err != nil {
		v.fail("%v", err)
	}
	return err == nil
}

// one reads a single value.
func (v value) one() *lens.Literal {
	if one, ok := v.literal(); ok {
		return &one
	}
	return nil
}

// other reads what becomes of what values lack.
func (v value) other(to *lens.Values) {
	if v.isMapping() {
		v.sides(func(v value) { to.Other.Legacy = v.one() }, func(v value) { to.Other.Service = v.one() })
		return
	}
	s, _ := v.choice(string(lens.Keep), string(lens.Refuse))
	to.Keep = s == string(lens.Keep)
}

// codes reads what stands for true and false: Y/N, or lists.
func (v value) codes() *lens.Bool {
	b := &lens.Bool{}
	if v.isMapping() {
		v.object(fields{
			"true":  func(v value) { b.True, _ = v.literals() },
			"false": func(v value) { b.False, _ = v.literals() },
		}, "true", "false")
		return b
	}
	s, ok := v.scalar()
	if !ok {
		return b
	}
	yes, no, found := strings.Cut(s, "/")
	if !found || yes == "" || no == "" || strings.Contains(no, "/") {
		v.fail("%q is not what stands for true and for false; write Y/N, or {true: [Y, J], false: N}", s)
		return b
	}
	b.True = []lens.Literal{{Kind: document.String, Text: yes}}
	b.False = []lens.Literal{{Kind: document.String, Text: no}}
	return b
}

func (v value) number() *lens.Number {
	n := &lens.Number{}
	v.object(fields{
		"scale": func(v value) { v.integer(&n.Scale, -100, 100) },
		"decimals": func(v value) {
			places := -1
			if v.integer(&places, 0, 100); places >= 0 {
				n.Decimals = &places
			}
		},
		"legacy":  func(v value) { v.numeric(&n.Legacy) },
		"service": func(v value) { v.numeric(&n.Service) },
		"decimal": func(v value) { v.character(&n.Decimal) },
		"group":   func(v value) { v.character(&n.Group) },
		"width":   func(v value) { v.integer(&n.Width, 1, 1000) },
		"round": func(v value) {
			if s, ok := v.choice("error", "half_up", "half_even", "down"); ok && s != "error" {
				n.Round = s
			}
		},
		"sign": func(v value) {
			if s, ok := v.choice("front", "behind"); ok && s != "front" {
				n.Sign = s
			}
		},
	})
	return n
}

func (v value) numeric(to *lens.Type) {
	if s, ok := v.choice(string(lens.TypeText), string(lens.TypeNumber)); ok {
		*to = lens.Type(s)
	}
}

func (v value) typeOf(to *lens.Type) {
	if s, ok := v.choice(string(lens.TypeText), string(lens.TypeNumber), string(lens.TypeBool)); ok {
		*to = lens.Type(s)
	}
}

func (v value) time() *lens.Time {
	t := &lens.Time{}
	v.object(fields{
		"legacy":  func(v value) { v.text(&t.Layout.Legacy) },
		"service": func(v value) { v.text(&t.Layout.Service) },
		"zone": func(v value) {
			if v.isMapping() {
				v.sides(func(v value) { v.text(&t.Zone.Legacy) }, func(v value) { v.text(&t.Zone.Service) })
				return
			}
			v.text(&t.Zone.Legacy)
		},
	})
	v.notEmpty("legacy's layout, such as {legacy: \"02/01/2006 15:04\"}")
	return t
}

func (v value) bits() []int {
	bits := []int{}
	for _, item := range v.items() {
		bit := -1
		if item.integer(&bit, 0, 62); bit >= 0 {
			bits = append(bits, bit)
		}
	}
	return bits
}

// absent reads how either side says that there is no value.
func (v value) absent() *lens.Sides[lens.Literal] {
	a := &lens.Sides[lens.Literal]{}
	one := func(to *lens.Literal) func(value) {
		return func(v value) {
			if v.plainWord("missing") {
				return // which is the zero Literal
			}
			*to, _ = v.literal()
		}
	}
	v.sides(one(&a.Legacy), one(&a.Service))
	return a
}
