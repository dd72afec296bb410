package journal

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// RouteRules are all the rules that a route has from then on.
type RouteRules struct {
	Route string
	Rules json.RawMessage
}

// Ruling gives a route other rules, beside those of its definition: what they are is not the
// journal's business.
type Ruling struct {
	Route     string
	Rules     json.RawMessage // all that it has from then on
	IfVersion int64           // the version that the caller has seen; 0: any
	Author    Author
	Check     Check // nil: none
}

// Rule gives a route other rules and returns its standing then. The same rules as before are left
// as they are, without an entry. A route that is removed loses them; undo doesn't know of them.
//
// Errors: as those of Move.
func (j *Journal) Rule(ctx context.Context, r Ruling) (Standing, error) {
	after, err := j.change(ctx, r.Author, r.Check, func(d *draft) error {
		if s, err := d.fold.route(r.Route); err == nil && r.IfVersion != 0 && r.IfVersion != s.Version {
			return &ConflictError{Route: r.Route, Have: s.Version, Want: r.IfVersion}
		}
		return d.rule(RouteRules{r.Route, r.Rules})
	})
	return after[r.Route], err
}

func (d *draft) rule(r RouteRules) error {
	s, err := d.fold.route(r.Route)
	if err != nil {
		return err
	}
	rules, err := canonical(r.Rules)
	if err != nil {
		return fmt.Errorf("give route %q other rules: %w", r.Route, err)
	}
	if bytes.Equal(rules, s.Rules) {
		return nil
	}
	return d.add(Entry{Kind: Ruled, Route: r.Route, Unit: s.Unit, Before: &s.Position, After: &s.Position, Rules: rules})
}
