package daemon

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/strangler/journal"
)

// removed is a route that its service served, at least in part, and that a configuration no
// longer has.
type removed struct {
	name   string
	at     strangler.Position
	policy strangler.Return
}

// removals lists them by name.
func removals(before, after map[string]journal.Standing) []removed {
	var list []removed
	for _, name := range slices.Sorted(maps.Keys(before)) {
		was := before[name]
		if _, stays := after[name]; stays || was.Position.Phase <= strangler.PhaseShadow {
			continue
		}
		// A definition that can't be read any more guards nothing: what it said is not known.
		route, _ := config.ParseDefinition(was.Definition)
		list = append(list, removed{name, was.Position, route.Return})
	}
	return list
}

// refuseRemoved refuses a configuration that would send a route's traffic back to legacy which
// says that nothing does: a name that is merely misspelt must not undo what was decided. Who
// means it says so first.
func refuseRemoved(before, after map[string]journal.Standing) error {
	var errs []error
	for _, r := range removals(before, after) {
		if r.policy == strangler.ReturnNever {
			errs = append(errs, fmt.Errorf("route %q is gone from the configuration, but it stands at %s and says return: never, "+
				"so its requests must not go back to legacy; put it back, or let it say return: free for one reload before it goes", r.name, r.at))
		}
	}
	return errors.Join(errs...)
}

// warnOfRemoved says loudly which routes' requests no longer reach their service.
func (d *Daemon) warnOfRemoved(before, after map[string]journal.Standing) {
	for _, r := range removals(before, after) {
		d.log.Warn("a route that its service served is gone from the configuration: its requests go to another route that holds, "+
			"or to legacy; one that comes back or has another name begins where its start says",
			keyRoute, r.name, keyPosition, r.at.String(), keyReturn, r.policy.String())
	}
}
