package daemon

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

// refuseNoLegacy refuses a configuration without a legacy application while a route still wants it: one
// that the journal has before retired, or that is new and doesn't start there.
func refuseNoLegacy(cfg *config.Config, present map[string]journal.Standing) error {
	if !cfg.NoLegacy {
		return nil
	}
	var before []string
	units := map[string]strangler.Position{} // a new route starts where its unit stands
	for _, route := range cfg.Routes {
		if s, known := present[route.Name]; known && route.Unit != "" {
			units[route.Unit] = s.Position
		}
	}
	for _, route := range cfg.Routes {
		at, known := route.Start, false
		if standing, ok := present[route.Name]; ok {
			at, known = standing.Position, true
		} else if unit, ok := units[route.Unit]; ok {
			at = unit
		}
		switch {
		case at.Phase == strangler.PhaseRetired:
		case known:
			before = append(before, fmt.Sprintf("%s (at %s)", route.Name, at))
		default:
			before = append(before, fmt.Sprintf("%s (new; let it say start: retired)", route.Name))
		}
	}
	if len(before) == 0 {
		return nil
	}
	const most = 10
	more := ""
	if n := len(before) - most; n > 0 {
		before, more = before[:most], fmt.Sprintf(" and %d more", n)
	}
	return cfg.NoLegacyProblem(fmt.Sprintf("there is no legacy application, and not every route is retired: %s%s; retire them first, with strangler retire",
		strings.Join(before, ", "), more))
}

// refuseLegacy refuses moves that want a legacy application where there is none.
func (d *Daemon) refuseLegacy(moves []journal.Move) error {
	if !d.current.Load().config.NoLegacy {
		return nil
	}
	for _, move := range moves {
		if move.To.Phase != strangler.PhaseRetired {
			return &rollout.RefusedError{Route: move.Route, Why: "there is no legacy application any more (legacy: none), so that every route stays retired; " +
				"--force doesn't help, the configuration has to name it again first"}
		}
	}
	return nil
}

// warnOfUnmatched says that legacy was asked of late for what no route holds: that is answered 404 now.
func (d *Daemon) warnOfUnmatched(ctx context.Context, cfg *config.Config) {
	if !cfg.NoLegacy {
		return
	}
	_, calls, err := d.ledger.LegacyCalls(ctx, "")
	if err != nil {
		d.log.Warn("it can't be read whether legacy was asked of late for what no route holds", keyError, err)
		return
	}
	for _, c := range calls {
		if c.Last.After(time.Now().Add(-cfg.RetireAfter)) {
			d.log.Warn("legacy answered requests that no route holds, and which are answered 404 now", keyRequests, c.Count, keyLast, c.Last)
		}
	}
}
