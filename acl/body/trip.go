package body

import (
	"bytes"
	"context"
	"encoding/json"
	"reflect"
	"slices"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// trip takes values through one field and both formats, there and back.
type trip struct {
	t     *Translator
	from  format.Format // of the side that is read, as others than the translator write it: with the columns that a record has
	at    lens.Sides[[]document.Path]
	marks lens.Sides[[]document.Path] // attributes beside texts, without which an element would be a text
	spare lens.Sides[bool]            // records have a column more
}

// spareColumn is one beside those of the field: a record of one cell with nothing in it would be no record.
const spareColumn = "another column"

// outcome is what becomes of a value.
type outcome int

const (
	same    outcome = iota // it comes back, or it is the lens that changes or refuses it, or the format hasn't such
	changed                // another comes back
	refused                // it can't be written to the other side
	strange                // what was written can't be read back
)

// json reads and writes what is tried.
var asJSON, _ = format.New(format.Config{Name: format.JSON})

// newTrip compiles a field by itself; nil: it makes no sense by itself.
func newTrip(d Definition, set lens.Set, f lens.Field, at lens.Sides[[]document.Path], way Direction) *trip {
	r := &trip{at: at}
	own := Definition{Legacy: only(d.Legacy, at.Legacy), Service: only(d.Service, at.Service), Records: d.Records}
	if ofRead(lens.Sides[bool]{Legacy: headed(d.Legacy), Service: headed(d.Service)}, way) {
		// All records may lack what one lacks, until they come back.
		if headed(d.Legacy) {
			own.Legacy = d.Legacy
		}
		if headed(d.Service) {
			own.Service = d.Service
		}
	}
	unnamed := len(f.Legacy)+len(f.Service) == 0
	f.When, f.Legacy, f.Service = nil, texts(at.Legacy), texts(at.Service)
	own.Lens = lens.Definition{Fields: []lens.Field{f}, Unknown: lens.Ways[lens.Unknown]{ToService: lens.Drop, ToLegacy: lens.Drop}}
	r.marks = lens.Sides[[]document.Path]{Legacy: marks(at.Legacy), Service: marks(at.Service)}
	always := &lens.Literal{Kind: document.String, Text: "1"}
	for _, path := range texts(r.marks.Legacy) {
		own.Lens.Fields = append(own.Lens.Fields, lens.Field{Legacy: []string{path}, Const: always})
	}
	for _, path := range texts(r.marks.Service) {
		own.Lens.Fields = append(own.Lens.Fields, lens.Field{Service: []string{path}, Const: always})
	}
	r.spare = lens.Sides[bool]{Legacy: onlyTexts(d.Legacy), Service: onlyTexts(d.Service)}
	if r.spare.Legacy {
		own.Lens.Fields = append(own.Lens.Fields, lens.Field{Legacy: []string{spareColumn}, Const: always})
	}
	if r.spare.Service {
		own.Lens.Fields = append(own.Lens.Fields, lens.Field{Service: []string{spareColumn}, Const: always})
	}
	var err error
	if r.t, err = New(own, set); err != nil {
		return nil
	}
	legacy, err := format.New(own.Legacy)
	if err != nil {
		return nil
	}
	service, err := format.New(own.Service)
	if err != nil {
		return nil
	}
	if r.from = ofRead(lens.Sides[format.Format]{Legacy: legacy, Service: service}, way); unnamed {
		r.t.legacy, r.t.service = legacy, service // such a member has no column beforehand
	}
	return r
}

// headed reports a table whose columns are named by nothing but its header.
func headed(c format.Config) bool { return onlyTexts(c) && len(c.Columns) == 0 }

// only is a table with nothing but these columns: others would have to be filled. One that is written has the
// columns of its first record, if it has no others, which a later one may lack.
func only(c format.Config, paths []document.Path) format.Config {
	if !onlyTexts(c) {
		return c
	}
	var columns []format.Column
	for _, path := range paths {
		if len(path) == 0 {
			return c
		}
		one := format.Column{Name: path[0].Name}
		if i := slices.IndexFunc(c.Columns, func(c format.Column) bool { return c.Name == one.Name }); i >= 0 {
			one = c.Columns[i]
		}
		columns = append(columns, one)
	}
	spare := format.Column{Name: spareColumn}
	if c.Name == format.FixedWidth {
		spare.Width = 1
	}
	c.Columns = append(columns, spare)
	return c
}

func texts(paths []document.Path) (all []string) {
	for _, path := range paths {
		all = append(all, path.String())
	}
	return all
}

// marks are attributes of the elements whose text these paths name.
func marks(paths []document.Path) (all []document.Path) {
	for _, path := range paths {
		if n := len(path); n > 0 && path[n-1].Name == "#text" {
			all = append(all, append(path[:n-1:n-1], document.Step{Name: "@u"}))
		}
	}
	return all
}

// side returns what is of the side that is read.
func ofRead[T any](s lens.Sides[T], way Direction) T {
	if way == ToLegacy {
		return s.Service
	}
	return s.Legacy
}

// value returns what stands at a path of what was tried, and whether anything does.
func value(v any, path document.Path) (any, bool) {
	for _, step := range path {
		object, _ := v.(map[string]any)
		next, there := object[step.Name]
		if !there {
			return nil, false
		}
		v = next
	}
	return v, true
}

// document is one of the side that is read with these values, JSON each, at the field's places; an empty
// one is missing.
func (r *trip) document(way Direction, values []string) any {
	var root any = map[string]any{}
	put := func(path document.Path, v any) {
		if len(path) == 0 {
			root = v
			return
		}
		at, ok := root.(map[string]any)
		for _, step := range path[:len(path)-1] {
			if !ok {
				return
			}
			next, is := at[step.Name].(map[string]any)
			if !is {
				next = map[string]any{}
				at[step.Name] = next
			}
			at = next
		}
		at[path[len(path)-1].Name] = v
	}
	for i, path := range ofRead(r.at, way) {
		if values[i] != "" {
			put(path, plain([]byte(values[i])))
		} else if len(path) > 1 { // what is around it is there
			put(path[:len(path)-1], map[string]any{})
		}
	}
	for _, path := range ofRead(r.marks, way) {
		put(path, "1")
	}
	if ofRead(r.spare, way) {
		put(document.Path{{Name: spareColumn}}, "1")
	}
	return root
}

// plain is what a JSON text says, without the order of its members.
func plain(text []byte) (v any) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&v) != nil {
		return nil
	}
	return v
}

// said is a document as plain has it: names that repeat are lists.
func said(v document.Value) (any, error) {
	b := document.NewBuilder(nil, 16)
	b.Copy(v)
	doc, err := b.Document()
	if err != nil {
		return nil, err
	}
	text, err := asJSON.Append(nil, doc.Root())
	return plain(text), err
}

// pass writes a document of a side as its format does, and reads it again.
func (r *trip) pass(way Direction, f format.Format, v document.Value) (record document.Value, written bool, err error) {
	text, err := f.Append(nil, v)
	if err != nil {
		return document.Value{}, false, err
	}
	doc, err := r.t.Decode(way, text, format.ContentTypeOf(f, text))
	if err != nil {
		return document.Value{}, true, err
	}
	if record = doc.Root(); r.t.records && record.Kind() == document.Array {
		record = record.Index(0)
	}
	return record, true, nil
}

// try takes values of the side that is read there and back. to is the document that comes back.
func (r *trip) try(way Direction, values []string) (became outcome, to any) {
	ctx := context.Background()
	want := r.document(way, values)
	text, err := json.Marshal(want)
	if err != nil {
		return same, nil
	}
	doc, err := asJSON.Decode(text, "")
	if err != nil {
		return same, nil
	}
	// equal passes a document as a format of its own side has it, and reports whether it is the one that went.
	equal := func(f format.Format, v document.Value) (document.Value, any, bool) {
		v, _, err := r.pass(way, f, v)
		if err != nil {
			return v, nil, false
		}
		got, err := said(v)
		return v, got, err == nil && reflect.DeepEqual(got, want)
	}
	before, _, ok := equal(r.from, doc.Root())
	if !ok {
		return same, nil // that side has no such bodies
	}
	there, err := r.t.Convert(ctx, way, before)
	if err != nil {
		return same, nil
	}
	alone, err := r.t.Convert(ctx, !way, there.Root())
	if err != nil {
		return same, nil
	}
	if _, _, ok := equal(r.from, alone.Root()); !ok {
		return same, nil // which the lens tells
	}
	middle, written, err := r.pass(!way, r.t.Read(!way), there.Root())
	if err != nil && !written {
		return refused, nil
	}
	if err != nil {
		return strange, nil
	}
	back, err := r.t.Convert(ctx, !way, middle)
	if err != nil {
		return strange, nil
	}
	after, got, ok := equal(r.t.Read(way), back.Root())
	switch {
	case ok:
		return same, nil
	case !after.Exists():
		return strange, nil
	}
	return changed, got
}

// standIns is a set whose tables of identifiers are open: they know each identifier by itself.
func standIns(set lens.Set) lens.Set {
	tables := map[string]lens.Table{}
	for name := range set.Tables {
		tables[name] = itself{}
	}
	set.Tables = tables
	return set
}

type itself struct{}

func (itself) ToService(_ context.Context, id string) (string, error) { return id, nil }
func (itself) ToLegacy(_ context.Context, id string) (string, error)  { return id, nil }
