package roundtrip

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// maxNesting bounds lenses in lenses, which may refer to themselves.
const maxNesting = 8

// fields knows which field of a definition a place of the bodies belongs to, and what it says of
// losses.
type fields struct {
	from   body.Direction
	at     map[string][]field // by generalised pointer
	lists  map[string]bool    // generalised pointers of lists
	around map[string]string  // what is told of objects and lists on the way of fields, by generalised pointer
	scopes map[string][]scope // by the generalised pointer of what lenses translate
	jq     bool
	cells  bool // bodies are tables, in which no cell can be missing
	// unnamed is what formats lose of members that no field names.
	unnamed []body.FormatLoss
}

// scope is what a lens says of members that none of its fields names.
type scope struct{ there, back lens.Unknown }

// field is a field with what it loses on the way there.
type field struct {
	lens.Field
	losses  []string
	formats []body.FormatLoss // and what the formats do
	from    body.Direction
	own     *lens.Lens // of the field by itself, between v of the one side and the other side; nil: see ownLens
}

// ownLens compiles a field by itself, to see what it makes of a value there and back; nil: it is of
// another kind, or of several places on the side that bodies come from.
func ownLens(one lens.Field, from body.Direction) *lens.Lens {
	if one.Values == nil && one.Bool == nil && one.Number == nil && one.Time == nil && one.Bits == nil && one.Join == "" && one.List == "" {
		return nil
	}
	own, other := &one.Legacy, &one.Service
	if from == body.ToLegacy {
		own, other = other, own
	}
	if len(*own) != 1 {
		return nil
	}
	*own, *other = []string{"v"}, slices.Clone(*other)
	for i := range *other {
		(*other)[i] = "v" + strconv.Itoa(i)
	}
	one.When, one.Default = nil, lens.Sides[*lens.Literal]{} // which say nothing of a value that is there
	drop := lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}
	l, err := lens.New(lens.Definition{Fields: []lens.Field{one}, Unknown: drop}, lens.Set{})
	if err != nil {
		return nil // it only makes sense among others
	}
	return l
}

// makes reports whether the field makes the value that came back of the one that went, so that the
// difference is its own.
func (f field) makes(ctx context.Context, d found) bool {
	if f.own == nil || !d.from.Exists() || !d.to.Exists() {
		return false
	}
	there, back := f.own.ToService, f.own.ToLegacy
	if f.from == body.ToLegacy {
		there, back = back, there
	}
	b := document.NewBuilder(nil, 16)
	b.Repeats(d.from.Repeats())
	b.Object()
	b.Name("v")
	b.Copy(d.from)
	b.End()
	before, err := b.Document()
	if err != nil {
		return false
	}
	middle, err := there(ctx, before.Root())
	if err != nil {
		return false
	}
	after, err := back(ctx, middle.Root())
	if err != nil {
		return false
	}
	v := after.Root().Get("v")
	return v.Text() == d.to.Text() && (v.Kind() == d.to.Kind() || d.to.Repeats() && v.Scalar() && d.to.Scalar())
}

func fieldsOf(c Config, t *body.Translator) *fields {
	f := &fields{from: c.From, at: map[string][]field{}, lists: map[string]bool{}, around: map[string]string{}, scopes: map[string][]scope{},
		jq: c.Definition.JQ != (lens.Ways[string]{})}
	read := c.Definition.Legacy.Name
	if c.From == body.ToLegacy {
		read = c.Definition.Service.Name
	}
	f.cells = read == format.CSV || read == format.FixedWidth
	prefix := ""
	if t.Records() {
		prefix = "/*"
	}
	losses := told{}
	there := func(l lens.Loss) bool { return (l.Direction == lens.ToLegacy) == (c.From == body.ToLegacy) }
	for _, l := range t.Losses() {
		if there(l) {
			at := losses.of(l.Lens, l.Field)
			at.losses = append(at.losses, l.What)
		}
	}
	for _, l := range t.FormatLosses() {
		switch {
		case !there(l.Loss):
		case l.Lens == "" && l.Field < 0:
			f.unnamed = append(f.unnamed, l)
		default:
			at := losses.of(l.Lens, l.Field)
			at.formats = append(at.formats, l)
		}
	}
	f.add(c.Definition.Lens, "", prefix, losses, c.Set, 0)
	return f
}

// told is what is told of the fields of a definition and of those that it refers to, by the lens.
type told map[string]map[int]*field

func (t told) of(name string, i int) *field {
	if t[name] == nil {
		t[name] = map[int]*field{}
	}
	if t[name][i] == nil {
		t[name][i] = &field{}
	}
	return t[name][i]
}

// says reports whether that is told of a lens.
func (t told) says(name, what string) bool {
	for _, one := range t[name] {
		if slices.Contains(one.losses, what) {
			return true
		}
	}
	return false
}

// generalised returns a path as a pointer with * for each index.
func generalised(path document.Path) string {
	at := make([]token, len(path))
	for i, step := range path {
		at[i].name = step.Name
	}
	return pointerOf(at, true)
}

func (f *fields) add(d lens.Definition, name, prefix string, losses told, set lens.Set, depth int) {
	says := scope{d.Unknown.ToService, d.Unknown.ToLegacy}
	if f.from == body.ToLegacy {
		says.there, says.back = says.back, says.there
	}
	f.scopes[prefix] = append(f.scopes[prefix], says)
	for i, one := range d.Fields {
		paths := one.Legacy
		if f.from == body.ToLegacy {
			paths = one.Service
		}
		for _, path := range paths {
			at, err := document.ParsePath(path)
			if err != nil {
				continue // New has refused it
			}
			for n := 1; n < len(at); n++ {
				why := fmt.Sprintf("where %s is null or has nothing in it, it comes back as missing", at[:n])
				if losses.says(name, why) {
					f.around[prefix+generalised(at[:n])] = why
				}
			}
			pointer := prefix + generalised(at)
			f.at[pointer] = append(f.at[pointer], field{one, losses.of(name, i).losses, losses.of(name, i).formats, f.from, ownLens(one, f.from)})
			for inner, below := range map[string]string{one.Each: pointer + "/*", one.With: pointer} {
				if inner == "" || depth == maxNesting {
					continue
				}
				if below != pointer {
					f.lists[pointer] = true
				}
				f.add(set.Lenses[inner], inner, below, losses, set, depth+1)
			}
		}
	}
}

// nested reports whether all fields go on in lenses of their own.
func nested(all []field) bool {
	for _, one := range all {
		if one.Each == "" && one.With == "" {
			return false
		}
	}
	return true
}

// of returns the fields of a place, or those of the nearest place around it.
func (f *fields) of(pointer string) (all []field, exact bool) {
	for p := pointer; ; {
		if all := f.at[p]; len(all) > 0 {
			return all, p == pointer
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			return nil, false
		}
		p = p[:i]
	}
}
