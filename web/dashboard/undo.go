package dashboard

import (
	"errors"
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
	"github.com/strangler-fig/toolkit/web"
)

// undoOffer is what an undo of a route would do, as the journal says, or why it can't.
type undoOffer struct {
	To     strangler.Position
	With   []string // the routes of its unit that move along
	Others []string // where those go that don't go there, too
	Why    string   // it can't be done now; empty: it can
	change int64    // that it takes back
}

// maxWith is how many routes a button names.
const maxWith = 2

// Along says who moves along, as a button has room for; empty: nobody.
func (u *undoOffer) Along() string {
	if len(u.With) == 0 {
		return ""
	}
	names := make([]string, 0, maxWith)
	for _, name := range u.With[:min(maxWith, len(u.With))] {
		names = append(names, cut(visible(name), 40))
	}
	with := "with " + strings.Join(names, ", ")
	if more := len(u.With) - len(names); more > 0 {
		with += fmt.Sprintf(" and %d more", more)
	}
	if len(u.Others) > 0 {
		with += "; " + strings.Join(u.Others, ", ")
	}
	return with
}

// undoOf asks what an undo would do; nil: there is nothing to undo.
func undoOf(s web.System, route string) (*undoOffer, error) {
	step, err := s.UndoOf(route)
	var (
		nothing *journal.NothingToUndoError
		refused *rollout.RefusedError
		invalid *rollout.InvalidError
		u       undoOffer
	)
	switch {
	case errors.As(err, &nothing):
		return nil, nil
	case errors.As(err, &refused):
		u.Why = why(refused.Why)
	case errors.As(err, &invalid):
		u.Why = why(invalid.Why)
	case err != nil:
		return nil, fmt.Errorf("look what an undo of route %q would do: %w", route, err)
	}
	u.change = step.Change
	if len(step.Moves) == 0 {
		return &u, nil
	}
	u.To = step.Moves[0].To
	for _, m := range step.Moves[1:] {
		u.With = append(u.With, m.Route)
		if m.To != u.To {
			u.Others = append(u.Others, fmt.Sprintf("%s → %s", cut(visible(m.Route), 40), m.To))
		}
	}
	return &u, nil
}

// offerUndo puts an undo beside the change that it would take back, for that isn't always a route's newest:
// what was undone is left out. A route that was removed meanwhile has none.
func offerUndo(s web.System, changes []change) {
	asked := make(map[string]*undoOffer)
	for i := range changes {
		c := &changes[i]
		if !c.There || c.Kind != "moved" {
			continue
		}
		u, known := asked[c.Route]
		if !known {
			u, _ = undoOf(s, c.Route) // without an answer there is no button
			asked[c.Route] = u
		}
		if u != nil && u.change == c.Change {
			c.Undo = u
		}
	}
}
