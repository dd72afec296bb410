package body

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// FormatLoss is something that the formats of both sides can't carry between them, and that a definition
// has no word against: the lens by itself would bring it back.
type FormatLoss struct {
	lens.Loss
	// Through is the definition's own field through which one of another lens is come to; -1: it is its own.
	Through int
	// Side is "legacy" or "service" where it is all of that side's bodies that lose it; empty otherwise.
	Side string

	changes []change
}

// Explains reports whether a value of the side that is read, which came back as another, did so as is told.
func (l FormatLoss) Explains(from, to document.Value) bool {
	return slices.ContainsFunc(l.changes, func(c change) bool { return c.explains(from, to) })
}

// carrying looks for what formats can't carry, by trying it: what goes through each field by itself with
// both formats and comes back as another, where it wouldn't without them, is the formats' to lose.
// So what is told is true, whatever the fields say.
type carrying struct {
	d      Definition
	set    lens.Set
	seen   map[string]bool // lenses that were looked at
	tried  map[string]tried
	losses []FormatLoss
}

// tried is what was found of a field, for others of its kind: most fields are texts like any other.
type tried struct {
	what    string
	changes []change
}

// formatLosses tells those of a definition that compiles.
func formatLosses(d Definition, t *Translator, set lens.Set) []FormatLoss {
	c := &carrying{d: d, set: standIns(set), seen: map[string]bool{}, tried: map[string]tried{}}
	for _, side := range []struct {
		name, direction string
		format          format.Format
	}{{"legacy", lens.ToService, t.legacy}, {"service", lens.ToLegacy, t.service}} {
		if f, ok := side.format.(format.Partial); ok {
			for _, what := range f.ReadOver() {
				c.side(side.name, side.direction, what)
			}
		}
	}
	c.order(ToService)
	c.order(ToLegacy)
	for _, what := range format.Unwritable(d.Legacy, d.Service) {
		c.side("legacy", lens.ToLegacy, what)
	}
	for _, what := range format.Unwritable(d.Service, d.Legacy) {
		c.side("service", lens.ToService, what)
	}
	if d.JQ != (lens.Ways[string]{}) || whole(d.Legacy) && whole(d.Service) {
		return c.losses // of programs nothing is known
	}
	if t.lens == nil || d.Lens.Unknown == (lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Keep}) {
		c.unnamed()
	}
	c.lens("", d.Lens, -1, lens.Sides[document.Path]{})
	return c.losses
}

// side notes what all bodies of a side lose.
func (c *carrying) side(name, direction, what string) {
	c.losses = append(c.losses, FormatLoss{Loss: lens.Loss{Field: -1, Direction: direction, What: what}, Through: -1, Side: name})
}

// order tells what becomes of the order of elements, or of the names of a form, which that of members stands for.
// A program says nothing of it.
func (c *carrying) order(way Direction) {
	side, name := c.d.Legacy, "legacy"
	count := func(f lens.Field) int { return len(f.Legacy) }
	if way == ToLegacy {
		side, name, count = c.d.Service, "service", func(f lens.Field) int { return len(f.Service) }
	}
	what := map[string]string{format.XML: "elements", format.SOAP: "elements", format.Form: "a form's names", format.Multipart: "parts"}[side.Name]
	if what == "" || len(c.d.Lens.Fields) == 0 || c.d.JQ != (lens.Ways[string]{}) {
		return
	}
	named := 0
	for _, f := range c.d.Lens.Fields {
		if f.With != "" || f.Each != "" {
			named++ // which has several of its own
		}
		named += count(f)
	}
	switch keeps := c.d.Lens.Unknown == (lens.Ways[lens.Unknown]{ToService: lens.Keep, ToLegacy: lens.Keep}); {
	case keeps:
		c.side(name, way.lossy(), what+" come back in the order of the fields, and those that no field names behind them")
	case named > 1:
		c.side(name, way.lossy(), what+" come back in the order of the fields")
	}
}

// whole reports whether a format has all that a document can have.
func whole(c format.Config) bool { return c.Name == format.JSON || c.Name == format.NDJSON }

// lens looks at the fields of a definition, all of which are below these places.
func (c *carrying) lens(name string, d lens.Definition, through int, below lens.Sides[document.Path]) {
	if c.seen[name] {
		return
	}
	c.seen[name] = true
	for i, f := range d.Fields {
		at := lens.Sides[[]document.Path]{Legacy: places(below.Legacy, f.Legacy), Service: places(below.Service, f.Service)}
		if len(at.Legacy) == 0 || len(at.Service) == 0 || f.Count {
			continue // what has no other side loses nothing there
		}
		own := through
		if name == "" {
			own = i
		}
		for _, way := range []Direction{ToService, ToLegacy} {
			key := c.kindOf(f, at, way)
			found, known := c.tried[key]
			if !known {
				found.what, found.changes = c.try(f, at, way)
				c.tried[key] = found
			}
			if found.what != "" {
				l := FormatLoss{Loss: lens.Loss{Lens: name, Field: i, Direction: way.lossy(), What: found.what}, Through: through, changes: found.changes}
				c.losses = append(c.losses, l)
			}
		}
		for _, inner := range []string{f.Each, f.With} {
			if other, known := c.set.Lenses[inner]; known && inner != "" {
				c.lens(inner, other, own, lens.Sides[document.Path]{Legacy: at.Legacy[0], Service: at.Service[0]})
			}
		}
	}
}

// kindOf is the same for fields that differ in nothing but what their places are called.
func (c *carrying) kindOf(f lens.Field, at lens.Sides[[]document.Path], way Direction) string {
	f.Legacy, f.Service, f.When = nil, nil, nil
	said, err := json.Marshal(f)
	if err != nil { // it is one of its own
		said = []byte(fmt.Sprint(at))
	}
	place := func(side format.Config, paths []document.Path) (all []string) {
		for _, path := range paths {
			var kind strings.Builder
			for _, step := range path {
				kind.WriteByte('/')
				if strings.ContainsRune("@#", rune(step.Name[0])) {
					kind.WriteString(step.Name)
				}
			}
			if len(path) > 0 {
				for _, column := range side.Columns {
					if column.Name == path[0].Name {
						fmt.Fprint(&kind, column.Width, column.Align, column.Pad)
					}
				}
			}
			all = append(all, kind.String())
		}
		return all
	}
	return fmt.Sprintf("%s %s %q %q", way, said, place(c.d.Legacy, at.Legacy), place(c.d.Service, at.Service))
}

// unnamed looks at members that no field names and that are kept.
func (c *carrying) unnamed() {
	at := c.spare()
	if at == nil {
		return
	}
	for _, way := range []Direction{ToService, ToLegacy} {
		what, changes := c.try(lens.Field{}, lens.Sides[[]document.Path]{Legacy: []document.Path{at}, Service: []document.Path{at}}, way)
		if what == "" {
			continue
		}
		if len(c.d.Lens.Fields) > 0 {
			what = "of members that no field names, " + what
		}
		c.losses = append(c.losses, FormatLoss{Loss: lens.Loss{Field: -1, Direction: way.lossy(), What: what}, Through: -1, changes: changes})
	}
}

// spare is a place that no field names; nil: there is none.
func (c *carrying) spare() document.Path {
	named := map[string]bool{}
	name := ""
	for _, side := range []struct {
		format.Config
		paths func(lens.Field) []string
	}{
		{c.d.Legacy, func(f lens.Field) []string { return f.Legacy }},
		{c.d.Service, func(f lens.Field) []string { return f.Service }},
	} {
		root := ""
		for _, f := range c.d.Lens.Fields {
			for _, path := range places(nil, side.paths(f)) {
				if len(path) > 0 {
					named[path[0].Name] = true
					root = path[0].Name
				}
			}
		}
		switch {
		case len(side.Columns) > 0 && onlyTexts(side.Config):
			i := slices.IndexFunc(side.Columns, func(c format.Column) bool { return !named[c.Name] })
			if i < 0 {
				return nil // members have no column
			}
			name = side.Columns[i].Name
		case (side.Name == format.XML || side.Name == format.SOAP) && side.Root == "":
			if root == "" {
				root = "root" // a document has it as its one member
			}
			return document.Path{{Name: root}, {Name: "x"}}
		}
	}
	if name == "" {
		name = "x"
	}
	return document.Path{{Name: name}}
}

// places are paths from the document on, without indexes: what stands there is what would stand in the
// list. All of them are names then.
func places(below document.Path, paths []string) (all []document.Path) {
	for _, text := range paths {
		path, err := document.ParsePath(text)
		if err != nil {
			return nil // the lens has refused it
		}
		whole := slices.Clone(below)
		for _, s := range path {
			if s.Name != "" {
				whole = append(whole, s)
			}
		}
		all = append(all, whole)
	}
	return all
}
