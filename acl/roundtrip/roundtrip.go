package roundtrip

import (
	"context"
	"errors"
	"slices"

	"github.com/strangler-fig/toolkit/acl/body"
	"github.com/strangler-fig/toolkit/acl/document"
	"github.com/strangler-fig/toolkit/acl/lens"
)

// Bounds of what a report remembers.
const (
	maxPlaces   = 1000 // and as many reasons why bodies couldn't be translated
	maxShown    = 200  // bytes of a value
	DefaultShow = 3
)

// Config says what is tested.
type Config struct {
	Definition body.Definition
	Set        lens.Set
	// From is the way that bodies go first: ToService says that they are legacy's.
	From body.Direction
	// Examples is how many are kept of each place; 0: DefaultShow.
	Examples int
	// Hidden reports that a text stands for a value that was taken out before the body was recorded.
	// Such values are taken out before the test, and counted. nil: there are none.
	Hidden func(text string) bool
}

// Test puts bodies through a translator and back, and remembers what came back as something else. It
// isn't safe for concurrent use, and takes memory for what it reports, not for what it has seen.
type Test struct {
	config     Config
	translator *body.Translator
	fields     *fields
	report     Report
	places     map[placeKey]*Place
	failures   map[failureKey]*Failure
	hidden     map[string]int

	total, weight float64 // of all bodies, and of the one that is being tested
}

// New compiles the translator.
func New(c Config) (*Test, error) {
	t, err := body.New(c.Definition, c.Set)
	if err != nil {
		return nil, err
	}
	if c.Examples == 0 {
		c.Examples = DefaultShow
	}
	return &Test{config: c, translator: t, fields: fieldsOf(c, t),
		places: map[placeKey]*Place{}, failures: map[failureKey]*Failure{}, hidden: map[string]int{}}, nil
}

// Accepts reports whether a body that is announced as contentType is one to test.
func (t *Test) Accepts(contentType string) bool {
	return t.translator.Accepts(t.config.From, contentType)
}

// Decode reads a body as the test does; it owns the body from then on.
func (t *Test) Decode(in []byte, contentType string) (*document.Document, error) {
	return t.translator.Decode(t.config.From, in, contentType)
}

// Body is one body to test.
type Body struct {
	Name        string // what the report calls it
	Text        []byte
	ContentType string // what was said of it; may be empty
	// Weight is how many of traffic's bodies it stands for, as far as is known; 0: 1. Shares are by
	// weight.
	Weight float64
}

// Add tests one body. The error is that of ctx alone: what is wrong with the body is in the report.
func (t *Test) Add(ctx context.Context, b Body) error {
	name, in, contentType := b.Name, slices.Clone(b.Text), b.ContentType
	t.report.Bodies++
	if t.weight = b.Weight; t.weight <= 0 {
		t.weight = 1
	}
	t.total += t.weight
	before, err := t.translator.Decode(t.config.From, slices.Clone(in), contentType)
	if err != nil {
		t.fail(name, StepRead, nil, err)
		return ctx.Err()
	}
	var hidden []string
	if t.config.Hidden != nil {
		var cleaned *document.Document
		if cleaned, hidden = t.withoutHidden(before); len(hidden) > 0 {
			if in, err = t.translator.Encode(!t.config.From, nil, cleaned.Root()); err != nil {
				t.untested() // without those values it isn't one of the format
				return ctx.Err()
			}
			before, contentType = cleaned, t.translator.ContentType(!t.config.From, in)
		}
	}
	there, err := t.translator.Translate(ctx, t.config.From, in, contentType)
	switch {
	case err != nil && aroundAny(hidden, err):
		t.untested()
		return ctx.Err()
	case err != nil:
		t.fail(name, StepThere, before, err)
		return ctx.Err()
	}
	thereType := t.translator.ContentType(t.config.From, there)
	back, err := t.translator.Translate(ctx, !t.config.From, slices.Clone(there), thereType)
	if err != nil {
		middle, _ := t.translator.Decode(!t.config.From, there, thereType)
		if len(hidden) > 0 && wanting(middle, err) {
			t.untested()
		} else {
			t.fail(name, StepBack, middle, err)
		}
		return ctx.Err()
	}
	after, err := t.translator.Decode(t.config.From, back, t.translator.ContentType(!t.config.From, back))
	if err != nil {
		t.fail(name, StepBack, nil, err)
		return ctx.Err()
	}
	t.compare(ctx, name, before, after)
	return ctx.Err()
}

// Compare adds a body that the caller has put there and back, read as Decode does.
func (t *Test) Compare(ctx context.Context, name string, before, after *document.Document) {
	t.report.Bodies++
	t.weight = 1
	t.total++
	t.compare(ctx, name, before, after)
}

func (t *Test) compare(ctx context.Context, name string, before, after *document.Document) {
	c := comparer{lists: t.fields.lists, found: map[placeKey]found{}}
	c.compare(before.Root(), after.Root(), nil)
	t.note(ctx, name, c.found)
}

// note adds what was found in one body.
func (t *Test) note(ctx context.Context, name string, all map[placeKey]found) {
	surprise, known := false, false
	joins := t.fields.joins(all)
	for key, f := range all {
		why := t.fields.known(ctx, key, f, joins)
		if why == "" {
			surprise = true
		} else {
			known = true
		}
		key.why = why
		p := t.places[key]
		if p == nil {
			if len(t.places) == maxPlaces {
				t.report.More++
				continue
			}
			p = &Place{Pointer: key.pointer, Kind: key.kind, Known: why != "", Why: why}
			t.places[key] = p
		}
		p.Bodies++
		p.weight += t.weight
		p.Times += f.times
		if len(p.Examples) < t.config.Examples {
			p.Examples = append(p.Examples, Example{name, f.pointer, f.before, f.after})
		}
	}
	switch {
	case surprise:
		t.report.Surprising++
	case known:
		t.report.Lossy++
	default:
		t.report.Same++
	}
}

// untested takes back a body that can't be translated for want of what was taken out of it.
func (t *Test) untested() {
	t.report.Bodies--
	t.total -= t.weight
	t.report.Untested++
}

// fail adds a body that can't be translated. read is what the pointer of the error is into; nil: that
// isn't known.
func (t *Test) fail(name string, step Step, read *document.Document, err error) {
	t.report.Failed++
	key := failureKey{step: step, reason: err.Error()}
	pointer := ""
	var at *document.Error
	if errors.As(err, &at) {
		pointer = at.Pointer
		key.pointer, key.reason = withoutNumbers(at.Pointer), at.Err.Error()
	}
	var value string
	if read != nil && pointer != "" {
		var there document.Value
		if there, key.pointer = follow(read.Root(), pointer); step == StepThere {
			value = shown(there)
		}
	}
	f := t.failures[key]
	if f == nil {
		// Reasons have values in them; those at one place and step are counted together then.
		key.reason = ""
		if f = t.failures[key]; f == nil && len(t.failures) == maxPlaces {
			t.report.More++
			return
		}
	}
	if f == nil {
		reason := err.Error()
		if at != nil {
			reason = at.Err.Error()
		}
		f = &Failure{Pointer: key.pointer, Step: step, Reason: cut(reason)}
		t.failures[key] = f
	}
	f.Bodies++
	f.weight += t.weight
	if len(f.Examples) < t.config.Examples {
		f.Examples = append(f.Examples, Example{Body: name, Pointer: pointer, Before: value})
	}
}

// Report returns what is known now; the test may go on.
func (t *Test) Report() Report {
	r := t.report
	share := func(weight float64) float64 {
		if t.total == 0 {
			return 0
		}
		return weight / t.total
	}
	r.Places, r.Failures, r.Hidden = []Place{}, []Failure{}, nil
	for _, p := range t.places {
		p.Share = share(p.weight)
		q := *p
		q.Examples = slices.Clone(p.Examples)
		r.Places = append(r.Places, q)
	}
	for _, f := range t.failures {
		f.Share = share(f.weight)
		g := *f
		g.Examples = slices.Clone(f.Examples)
		r.Failures = append(r.Failures, g)
	}
	for pointer, n := range t.hidden {
		r.Hidden = append(r.Hidden, HiddenPlace{pointer, n})
	}
	r.sort()
	return r
}
