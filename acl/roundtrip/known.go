package roundtrip

import (
	"context"
	"strings"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

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
