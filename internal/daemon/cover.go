package daemon

import (
	"context"
	"slices"

	"github.com/strangler-fig/toolkit/shadow/compare"
	"github.com/strangler-fig/toolkit/shadow/ledger"
	"github.com/strangler-fig/toolkit/web"
)

// cover closes the groups of which rules leave nothing, as far as that is seen from what is recorded.
// If one is seen again it opens again.
func (d *Daemon) cover(ctx context.Context, effect web.RuleEffect) error {
	for _, e := range effect.Groups {
		if e.Looked == 0 || e.Gone < e.Count || e.State != string(ledger.StateOpen) {
			continue
		}
		g, err := d.ledger.Group(ctx, e.Group)
		if err != nil || decided(g) {
			continue // it is another by now, or was decided about
		}
		if _, err := d.ledger.TriageIf(ctx, g, covered()); err != nil {
			return d.deskError(ctx, err, g.ID)
		}
	}
	return nil
}

// uncover opens the groups again that a rule covered.
func (d *Daemon) uncover(ctx context.Context, dropped web.Rule) error {
	pointer, err := compare.ParsePointer(dropped.Pointer)
	if err != nil {
		return nil // it covered nothing
	}
	groups, err := d.ledger.Groups(ctx, dropped.Route, string(ledger.StateExpected))
	if err != nil {
		return err
	}
	now := d.current.Load().comparers[dropped.Route]
	for _, g := range groups {
		touched := slices.ContainsFunc(g.Causes, func(c ledger.Cause) bool { return pointer.Touches(c.Pointer) })
		if g.Origin != ledger.OriginRule || !touched || now != nil && len(left(now, g.Causes)) == 0 {
			continue
		}
		said := covered()
		said.State, said.Reason = ledger.StateOpen, "the rule that covered it is no more"
		if _, err := d.ledger.TriageIf(ctx, g, said); err != nil {
			return d.deskError(ctx, err, g.ID)
		}
	}
	return nil
}

func covered() ledger.Triage {
	return ledger.Triage{State: ledger.StateExpected, Reason: "a rule covers it", Actor: "strangler", Verified: true, Origin: ledger.OriginRule}
}
