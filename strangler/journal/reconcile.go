package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"

	"github.com/strangler-fig/toolkit/strangler"
)

// Definition is what the configuration says of a route.
type Definition struct {
	Route string
	Unit  string             // empty: none
	Start strangler.Position // where the route stands at first sight; looked at only then
	// JSON is the rest, as any JSON that says what a person would call the same definition in
	// the same way: the journal compares it by value, whatever its spaces and the order of its
	// keys, and keeps it. It must hold no secrets.
	JSON json.RawMessage
}

// Reconcile makes the journal know these definitions, which are all there are: what is new, has
// changed or is gone becomes entries of one change by that author, in the order of the definitions
// and then of the names gone. Where nothing changed nothing is written. It returns where every
// route stands then; like Present's, the map is to be read only. Check may be nil.
func (j *Journal) Reconcile(ctx context.Context, definitions []Definition, by Author, check Check) (map[string]Standing, error) {
	return j.change(ctx, by, check, func(d *draft) error { return d.reconcile(definitions) })
}

func (d *draft) reconcile(definitions []Definition) error {
	gone := d.fold.table()
	defined := make(map[string]bool, len(definitions))
	for _, def := range definitions {
		if def.Route == "" || defined[def.Route] {
			return fmt.Errorf("reconcile the journal: route %q is defined twice or has no name", def.Route)
		}
		defined[def.Route] = true
		if err := d.define(def); err != nil {
			return fmt.Errorf("reconcile route %q: %w", def.Route, err)
		}
		delete(gone, def.Route)
	}
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		s := gone[name]
		if err := d.add(Entry{Kind: Removed, Route: name, Unit: s.Unit, Before: &s.Position}); err != nil {
			return fmt.Errorf("reconcile route %q: %w", name, err)
		}
	}
	return nil
}

// define adds the entry, if any, that makes one definition known.
func (d *draft) define(def Definition) error {
	definition, err := canonical(def.JSON)
	if err != nil {
		return fmt.Errorf("its definition: %w", err)
	}
	s, err := d.fold.route(def.Route)
	if err != nil {
		if err := def.Start.Validate(); err != nil {
			return fmt.Errorf("its start: %w", err)
		}
		return d.add(Entry{Kind: Seen, Route: def.Route, Unit: def.Unit, After: &def.Start, Definition: definition})
	}
	if s.Unit == def.Unit && bytes.Equal(s.Definition, definition) {
		return nil
	}
	return d.add(Entry{Kind: Changed, Route: def.Route, Unit: def.Unit, Before: &s.Position, After: &s.Position, Definition: definition})
}

// canonical returns JSON with its keys sorted and without spaces; numbers stay as they are
// written. RFC 8785 would round them to 64-bit floats.
func canonical(text json.RawMessage) (json.RawMessage, error) {
	if len(text) == 0 {
		return nil, errors.New("there is none")
	}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one JSON value")
	}
	return json.Marshal(value)
}
