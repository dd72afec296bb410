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

// known says what a definition says of a difference; empty: nothing, it is a surprise. joins are the fields of
// the body that are joined and split elsewhere, by their names.
func (f *fields) known(ctx context.Context, key placeKey, d found, joins map[string]bool) string {
	all, exact := f.of(key.pointer)
	if why := f.around[key.pointer]; why != "" && key.kind == Lost && !f.jq && hollow(d.from) {
		return why
	}
	for _, one := range all {
		if f.jq && !(one.Drop && key.kind == Lost) {
			continue // a program may do anything, and says nothing
		}
		if why := one.dropped(key.kind, d, f.cells, exact); why != "" {
			return why
		}
		if why := one.known(ctx, key.kind, d, exact); why != "" {
			return why
		}
		if why := one.splits(); exact && why != "" && joins[one.name()] {
			return why
		}
		if why := explained(one.formats, d); why != "" {
			return why
		}
	}
	if len(all) > 0 && (exact || !nested(all)) {
		return ""
	}
	if key.kind == Lost || f.cells && key.kind == Changed && d.to.Text() == "" { // a cell is there in any case
		if why := f.whyDropped(key.pointer); why != "" {
			return why
		}
	}
	return explained(f.unnamed, d)
}

// explained says what is told of formats that makes a difference; empty: nothing.
func explained(told []body.FormatLoss, d found) string {
	for _, l := range told {
		if l.Explains(d.from, d.to) {
			return l.What
		}
	}
	return ""
}

// whyDropped says why what no field names is lost: because of the lens that translates the nearest
// place around it. What is kept on the way there stands at the same place, and may be dropped on
// the way back.
func (f *fields) whyDropped(pointer string) string {
	for p := pointer; ; {
		if lenses := f.scopes[p]; len(lenses) > 0 && p != pointer {
			return dropped(lenses)
		}
		i := strings.LastIndexByte(p, '/')
		if i < 0 {
			return ""
		}
		p = p[:i]
	}
}

func dropped(lenses []scope) string {
	back := ""
	for _, s := range lenses {
		switch {
		case s.there == lens.Drop:
			return "no field names it, and unknown says drop"
		case s.back == lens.Drop:
			back = "no field names it, and unknown says drop on the way back"
		}
	}
	return back
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

// known says what a field says of a difference at its place.
func (f field) known(ctx context.Context, kind Kind, d found, exact bool) string {
	if !exact {
		return "" // below a value that it takes as it is
	}
	loss := func(otherwise string) string {
		if len(f.losses) > 0 {
			return strings.Join(f.losses, "; ")
		}
		return otherwise
	}
	switch {
	case f.Drop:
		return "it is dropped"
	case f.Generate != "":
		return "it is made anew each time"
	case f.Const != nil && kind != Lost:
		return "it is a constant"
	case f.none(d.from) && f.none(d.to):
		return loss("")
	case kind == Added && (f.Default.Legacy != nil || f.Default.Service != nil || f.Absent != nil):
		return loss("it has a default")
	case f.Trim && strings.TrimSpace(d.from.Text()) == strings.TrimSpace(d.to.Text()) && d.from.Kind() == d.to.Kind():
		return "spaces around it are trimmed"
	case f.Number != nil:
		if kind == Spelling || plain(d.from, f.Number) == plain(d.to, f.Number) && d.from.Kind() == d.to.Kind() || f.makes(ctx, d) {
			return loss("")
		}
	case f.Count, kind == Changed && f.makes(ctx, d):
		return loss("")
	case kind == Retyped || kind == Spelling:
		if f.Type != (lens.Sides[lens.Type]{}) || f.Values != nil || f.Bool != nil {
			return loss("")
		}
	}
	return ""
}

// name tells a field from others of its body.
func (f field) name() string {
	return strings.Join(f.Legacy, "\x00") + "\x01" + strings.Join(f.Service, "\x00")
}

// splits says that a part with a separator in it comes back split there; empty: that isn't told of it.
func (f field) splits() string {
	if f.Join != "" {
		for _, what := range f.losses {
			if strings.HasSuffix(what, "comes back split there") {
				return what
			}
		}
	}
	return ""
}

// joins are the fields with a part that has the separator in it, among what was found in a body.
func (f *fields) joins(all map[placeKey]found) map[string]bool {
	split := map[string]bool{}
	for key, d := range all {
		for _, one := range f.at[key.pointer] {
			if one.splits() != "" && strings.Contains(d.from.Text(), one.Join) {
				split[one.name()] = true
			}
		}
	}
	return split
}

// dropped says that a field drops what is at its place or below: its condition doesn't hold, or it only counts.
func (f field) dropped(kind Kind, d found, cells, exact bool) string {
	if kind != Lost && !(cells && kind == Changed && d.to.Text() == "") {
		return ""
	}
	for _, what := range f.losses {
		if f.When != nil && strings.HasPrefix(what, "where the condition doesn't hold") || f.Count && !exact && what == "the elements are only counted" {
			return what
		}
	}
	return ""
}

// hollow reports what has nothing in it, however deep it is.
func hollow(v document.Value) bool {
	switch v.Kind() {
	case document.Null:
		return true
	case document.Object:
		for _, member := range v.Members() {
			if !hollow(member) {
				return false
			}
		}
		return true
	case document.Array:
		for e := range v.Elements() {
			if !hollow(e) {
				return false
			}
		}
		return true
	}
	return blank(v)
}

// none reports whether a value means that there is none.
func (f field) none(v document.Value) bool {
	if !v.Exists() || v.Kind() == document.Null {
		return true
	}
	text, kind := v.Text(), v.Kind()
	if a := f.Absent; a != nil && (a.Legacy.Kind == kind && a.Legacy.Text == text || a.Service.Kind == kind && a.Service.Text == text) {
		return true
	}
	for _, l := range []*lens.Literal{f.Default.Legacy, f.Default.Service} {
		if l != nil && (l.Kind == kind && (l.Text == text || !v.Scalar()) || l.Kind == document.Null) {
			return true
		}
	}
	return false
}

// plain is a number without what its notation, legacy's or JSON's, has of its own.
func plain(v document.Value, n *lens.Number) string {
	text := v.Text()
	if n.Group != "" {
		text = strings.ReplaceAll(text, n.Group, "")
	}
	if n.Decimal != "" {
		text = strings.Replace(text, n.Decimal, ".", 1)
	}
	text, behind := strings.CutSuffix(strings.TrimPrefix(text, "+"), "-")
	text, minus := strings.CutPrefix(text, "-")
	text = strings.TrimLeft(text, "0")
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if (minus || behind) && text != "" {
		text = "-" + text
	}
	return text
}
