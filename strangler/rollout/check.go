package rollout

import (
	"fmt"
	"strings"

	"github.com/strangler-fig/toolkit/strangler"
)

// Check says what stands in the way of route's moving from one position to another: nil,
// *InvalidError or *RefusedError. Package doc has the table. It looks at this route alone;
// Shift also looks at its unit.
func Check(route strangler.Route, from, to strangler.Position, force bool) error {
	if err := to.Validate(); err != nil {
		return &InvalidError{route.Name, err.Error()}
	}
	if from == to {
		return nil
	}
	tombstone := to.Phase == strangler.PhaseRetired && route.Gone != "" // it needs no service to answer
	if to.Phase != strangler.PhaseLegacy && route.Service == "" && !tombstone {
		or := ""
		if to.Phase == strangler.PhaseRetired {
			or = ", or say what it answers when it is gone (gone),"
		}
		return &InvalidError{route.Name, fmt.Sprintf("it has no service, so it can't go to %s; give it one%s in the configuration first", to, or)}
	}

	back := to.Weight < from.Weight
	if back && route.Return == strangler.ReturnNever {
		return &RefusedError{Route: route.Name, Why: "its service owns the data (return: never), so its traffic can't go back to legacy; " +
			"--force doesn't help, the definition has to change first"}
	}
	var why []string
	if from.Phase == strangler.PhaseRetired {
		why = append(why, "it is retired, and legacy may no longer have it")
	}
	if to.Phase == strangler.PhaseRetired && from.Phase != strangler.PhaseLive && route.Service != "" {
		why = append(why, fmt.Sprintf("it stands at %s, and only a live route retires", from))
	}
	if back && route.Return == strangler.ReturnConfirm {
		why = append(why, "sending its traffic back to legacy wants confirmation (return: confirm)")
	}
	if len(why) == 0 || force {
		return nil
	}
	return &RefusedError{Route: route.Name, Why: strings.Join(why, "; also "), Force: true}
}
