package body

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/format"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Definition is one translator of a configuration, both directions of it.
type Definition struct {
	Legacy, Service format.Config
	// Records says that a body is a list of records, each of which Lens translates; formats that
	// have nothing but records (NDJSON, CSV, fixed width) always do. Such bodies may be larger
	// than memory.
	Records bool
	// Lens is what happens to a document, or to a record. The zero value changes nothing: then
	// only the format is another.
	Lens lens.Definition
	// JQ are jq programs (https://jqlang.org) that get the JSON of a document, or of a record, and
	// return the other side's, for what fields can't say; empty: none. They run before the fields
	// on the way to the service and after them on the way to legacy, if there are fields.
	//
	// A program gives exactly one value. It has no environment, no input but its document and no
	// modules, and it may take [MaxTime]. It is trusted all the same: the memory that it takes isn't bounded,
	// only what it gets and what it returns, 16 MiB each. A number that it only moves keeps its digits; one that
	// it computes is exact where it is an integer, and a float64 otherwise. Members come out in
	// the order of their names, as they do from jq -S: an XML schema that wants another order
	// wants fields.
	JQ lens.Ways[string]
}

// Direction is which way a body goes.
type Direction bool

// The directions.
const (
	ToService Direction = false
	ToLegacy  Direction = true
)

// String returns the direction as a configuration calls it.
func (d Direction) String() string {
	if d == ToLegacy {
		return "to_legacy"
	}
	return "to_service"
}

// Reverse returns the other direction.
func (d Direction) Reverse() Direction { return !d }

// Translator translates bodies. It is safe for concurrent use.
type Translator struct {
	legacy, service format.Format
	texts           lens.Sides[bool] // all values of that side's bodies are texts
	records         bool
	lens            *lens.Lens // nil: documents stay as they are
	jq              lens.Ways[*program]

	definition Definition
	set        lens.Set
}

// New compiles a definition. The error is a lens.Problems of all that is wrong; a Problem without
// a field has for its Option what is meant in the definition: "legacy.delimiter", "jq.to_service".
func New(d Definition, set lens.Set) (*Translator, error) {
	var found lens.Problems
	problem := func(option, message string) {
		found = append(found, lens.Problem{Field: -1, Option: option, Message: message})
	}
	t := &Translator{records: d.Records || onlyRecords(d.Legacy) || onlyRecords(d.Service), definition: d, set: set}
	t.texts = lens.Sides[bool]{Legacy: onlyTexts(d.Legacy), Service: onlyTexts(d.Service)}
	side := func(name string, c format.Config) format.Format {
		f, err := format.New(c)
		var problems format.Problems
		switch {
		case errors.As(err, &problems):
			for _, p := range problems {
				option := name
				if p.Option != "" {
					option += "." + p.Option
				}
				problem(option, p.Message)
			}
		case err != nil:
			problem(name, err.Error())
		case t.records:
			if _, able := f.(format.Records); !able {
				problem(name+".format", "bodies of "+c.Name+" are no lists of records; json, ndjson, csv and fixed-width are, and in others a list is a field with each")
			}
		}
		return f
	}
	d.Legacy.First, d.Service.First = writtenNames(d, set)
	t.legacy, t.service = side("legacy", d.Legacy), side("service", d.Service)
	set.Texts = lens.Sides[bool]{Legacy: textual(d.Legacy), Service: textual(d.Service)}
	if len(d.Lens.Fields) > 0 || d.Lens.Unknown != (lens.Ways[lens.Unknown]{}) {
		l, err := lens.New(d.Lens, set)
		var problems lens.Problems
		switch {
		case errors.As(err, &problems):
			found = append(found, problems...)
		case err != nil:
			problem("fields", err.Error())
		}
		found = append(found, checkNames(d, t, set)...)
		t.lens = l
	}
	for _, jq := range []struct {
		way  Direction
		text string
		to   **program
	}{{ToService, d.JQ.ToService, &t.jq.ToService}, {ToLegacy, d.JQ.ToLegacy, &t.jq.ToLegacy}} {
		if jq.text == "" {
			continue
		}
		var err error
		if *jq.to, err = compile(jq.way, jq.text); err != nil {
			problem("jq."+jq.way.String(), err.Error())
		}
	}
	if len(found) > 0 {
		return nil, found
	}
	return t, nil
}

// onlyRecords reports whether bodies of a format are lists of records whatever is in them.
func onlyRecords(c format.Config) bool {
	return slices.Contains([]string{format.NDJSON, format.CSV, format.FixedWidth}, c.Name)
}

// onlyTexts reports whether a format has nothing but texts, though it repeats no names: a table's
// cell is "7" where a configuration says 7, or number.
func onlyTexts(c format.Config) bool { return c.Name == format.CSV || c.Name == format.FixedWidth }

// textual reports whether all values of a format are texts, whether or not it repeats names.
func textual(c format.Config) bool {
	return onlyTexts(c) || slices.Contains([]string{format.XML, format.SOAP, format.Form, format.Multipart}, c.Name)
}

// read marks a document of a format that has nothing but texts.
func (t *Translator) read(way Direction, doc *document.Document) {
	if way == ToLegacy && t.texts.Service || way == ToService && t.texts.Legacy {
		doc.Repeats = true
	}
}

// Losses tells what the definition loses knowingly, in the order of its fields; what its formats lose
// is told by [Translator.FormatLosses]. Of a jq program nothing is known but that it is there.
func (t *Translator) Losses() []lens.Loss {
	var losses []lens.Loss
	if t.lens != nil {
		losses = t.lens.Losses()
	}
	for _, p := range []*program{t.jq.ToService, t.jq.ToLegacy} {
		if p != nil {
			losses = append(losses, lens.Loss{
				Field: -1, Direction: p.way.lossy(), What: "what a jq program leaves out can't be told; round trips show it",
			})
		}
	}
	return losses
}

// FormatLosses tells what the formats of both sides can't carry between them of what the definition translates:
// of whole bodies, of members that no field names, and of fields in their order. It takes a moment, since
// each field is tried.
func (t *Translator) FormatLosses() []FormatLoss { return formatLosses(t.definition, t, t.set) }

func (d Direction) lossy() string {
	if d == ToLegacy {
		return lens.ToLegacy
	}
	return lens.ToService
}

// Says reports whether the definition says what becomes of bodies in a direction: not where it has nothing
// but a jq program for the other one.
func (t *Translator) Says(way Direction) bool {
	if t.lens != nil || t.jq == (lens.Ways[*program]{}) {
		return true
	}
	if way == ToLegacy {
		return t.jq.ToLegacy != nil
	}
	return t.jq.ToService != nil
}

// Refuses reports whether a body that has a text at that place can't be translated in a direction because no field
// names what is there. Of what a jq program makes of it nothing is known.
func (t *Translator) Refuses(way Direction, at document.Path) bool {
	b := document.NewBuilder(nil, 8)
	b.Repeats(ofRead(t.texts, way))
	for _, step := range at {
		b.Object()
		b.Name(step.Name)
	}
	b.String("x")
	for range at {
		b.End()
	}
	doc, err := b.Document()
	if err != nil {
		return false
	}
	_, err = t.Convert(context.Background(), way, doc.Root())
	var placed *document.Error
	return errors.Is(err, lens.ErrUnnamed) && errors.As(err, &placed) && placed.Pointer != "" && strings.HasPrefix(at.Pointer()+"/", placed.Pointer+"/")
}

// Records reports whether bodies are lists of records, each of which is translated by itself.
func (t *Translator) Records() bool { return t.records }

// Read returns the format of the bodies that are read in a direction.
func (t *Translator) Read(way Direction) format.Format {
	if way == ToLegacy {
		return t.service
	}
	return t.legacy
}

// Written returns the format of the bodies that are written in a direction.
func (t *Translator) Written(way Direction) format.Format { return t.Read(!way) }

// Accepts reports whether a body that is announced as contentType is for this translator. One
// that isn't announced at all is.
func (t *Translator) Accepts(way Direction, contentType string) bool {
	return contentType == "" || t.Read(way).Accepts(contentType)
}

// ContentType is how a body that was written in a direction is announced; of nil, what any is.
func (t *Translator) ContentType(way Direction, written []byte) string {
	return format.ContentTypeOf(t.Written(way), written)
}

// Decode reads a whole body into a document; it owns the body from then on. What can't be read
// is a *document.Error with a [*Malformed] in it.
func (t *Translator) Decode(way Direction, in []byte, contentType string) (*document.Document, error) {
	doc, err := t.Read(way).Decode(in, contentType)
	if err != nil {
		return nil, malformed(err)
	}
	t.read(way, doc)
	return doc, nil
}

// Convert translates a document, or one record, without the formats. A *document.Error of fields that have
// the result of a jq program has no pointer, since that isn't what is read; the place is in its text.
func (t *Translator) Convert(ctx context.Context, way Direction, in document.Value) (*document.Document, error) {
	if way == ToLegacy {
		out, err := t.through(ctx, way, in)
		if err != nil || t.jq.ToLegacy == nil {
			return out, err
		}
		return t.jq.ToLegacy.run(ctx, out.Root())
	}
	if t.jq.ToService != nil {
		out, err := t.jq.ToService.run(ctx, in)
		if err != nil || t.lens == nil {
			return out, err
		}
		to, err := t.through(ctx, way, out.Root())
		if err != nil {
			return nil, t.jq.ToService.behind(err)
		}
		return to, nil
	}
	return t.through(ctx, way, in)
}

// through takes a document through the lens.
func (t *Translator) through(ctx context.Context, way Direction, in document.Value) (*document.Document, error) {
	switch {
	case t.lens == nil:
		b := document.NewBuilder(nil, 16)
		b.Copy(in) // names that repeat become arrays
		return b.Document()
	case way == ToLegacy:
		return t.lens.ToLegacy(ctx, in)
	}
	return t.lens.ToService(ctx, in)
}

// Encode writes a document, or a value in it, behind dst. What the written format refuses is a
// *document.Error that names the place in its text, since the pointer of such an error is into
// the body that is read.
func (t *Translator) Encode(way Direction, dst []byte, v document.Value) ([]byte, error) {
	out, err := t.Written(way).Append(dst, v)
	if err != nil {
		return nil, unwritable(way, "", err)
	}
	return out, nil
}

// Translate translates a whole body, which it owns from then on. An error is a *document.Error
// with a pointer into the body that is read, where there is one.
func (t *Translator) Translate(ctx context.Context, way Direction, in []byte, contentType string) ([]byte, error) {
	if t.records {
		return t.translateRecords(ctx, way, in, contentType)
	}
	from, err := t.Decode(way, in, contentType)
	if err != nil {
		return nil, err
	}
	to, err := t.Convert(ctx, way, from.Root())
	if err != nil {
		return nil, located("", err)
	}
	return t.Encode(way, make([]byte, 0, len(in)+len(in)/2), to.Root())
}
