package rollout

import (
	"fmt"

	"github.com/strangler-fig/toolkit/strangler"
)

// readErrors looks at what failed since the route came to its step: on the requests that both
// sides answered, and on those that each answered for clients.
func (s Subject) readErrors(plan Plan, at strangler.Position) Reading {
	r := Reading{Gate: GateErrors, State: StateOff, Why: "errors is off"}
	if s.Gates.Errors.Off {
		return r
	}
	r.Limit = s.Gates.Errors.Limit
	clients, parts := clientsCount(at)
	rollback, promotion := s.share(GateErrors, plan)/parts, s.Budget.Promotion/parts
	findings := []finding{s.pairErrors(rollback, promotion)}
	if clients {
		findings = append(findings, s.clientErrors(rollback, promotion))
	}
	f := r.settle(findings)

	limit := points(r.Limit)
	switch {
	case r.State == StateBroken:
		r.Why = fmt.Sprintf("errors are more than %s above legacy's (%s), the gate is %s", pointsDown(r.Lower), f.seen, limit)
	case r.State == StateHolds:
		r.Why = fmt.Sprintf("errors are %s (%s)", belowPoints(r.Upper), f.seen)
	case f.count == 0:
		r.Why = fmt.Sprintf("errors: nothing is seen yet, the gate wants %s: at least %s%s",
			limit, missing(r, f.one, f.many), atPresent(r.Forecast))
	default:
		r.Why = fmt.Sprintf("errors are %s (%s), the gate wants %s: at least %s%s",
			belowPoints(r.Upper), f.seen, limit, missing(r, "more "+f.one, "more "+f.many), atPresent(r.Forecast))
	}
	return r
}

// pairErrors bets on the difference, request by request.
func (s Subject) pairErrors(rollback, promotion float64) finding {
	limit, p := s.Gates.Errors.Limit, s.Evidence.Pairs
	d := differences{max(p.Service, 0), max(p.Both, 0) + max(p.Neither, 0), max(p.Legacy, 0)}
	felt := d // as spared ones are no failures
	felt.plus -= min(max(s.Evidence.Spared.Pairs, 0), d.plus)
	felt.zero += d.plus - felt.plus
	return finding{
		estimate: d.mean(), lower: felt.lower(rollback), upper: d.upper(promotion), count: d.count(),
		broken: felt.above(limit, rollback), holds: d.below(limit, promotion), spoilt: felt != d && d.above(limit, rollback),
		need: d.cleanNeeded(limit, promotion), rate: s.Compared,
		seen: fmt.Sprintf("of %s the service alone failed %s%s, legacy alone %s",
			plural(d.count(), "compared request", "compared requests"), count(d.plus), untranslatable(d.plus-felt.plus), count(d.minus)),
		one: "clean comparison", many: "clean comparisons",
	}
}

// clientErrors bounds each side's rate, each with half of what there is.
func (s Subject) clientErrors(rollback, promotion float64) finding {
	limit, service, legacy := s.Gates.Errors.Limit, s.Evidence.Clients.Service.counts(), s.Evidence.Clients.Legacy.counts()
	felt := service.k - min(max(s.Evidence.Spared.Clients, 0), service.k)
	legacyAtLeast := lower(legacy.k, legacy.n, promotion/2)
	f := finding{
		estimate: service.rate() - legacy.rate(),
		lower:    lower(felt, service.n, rollback/2) - upper(legacy.k, legacy.n, rollback/2),
		upper:    upper(service.k, service.n, promotion/2) - legacyAtLeast,
		count:    service.n,
		need:     cleanNeeded(service.k, service.n, limit+legacyAtLeast, promotion/2), rate: s.Served,
		seen: fmt.Sprintf("the service failed %s of %s%s, legacy %s of %s", count(service.k),
			plural(service.n, "request", "requests"), untranslatable(service.k-felt), count(legacy.k), count(legacy.n)),
		one: "request that the service doesn't fail", many: "requests that the service doesn't fail",
	}
	f.broken, f.holds = f.lower > limit, f.upper < limit && service.n > 0
	f.spoilt = felt < service.k && lower(service.k, service.n, rollback/2)-upper(legacy.k, legacy.n, rollback/2) > limit
	return f
}

// untranslatable says how many failures are spared.
func untranslatable(n int64) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" (%s untranslatable, which legacy answers)", count(n))
}

// tally is k events in n.
type tally struct{ k, n int64 }

func (t Tally) counts() tally {
	n := max(t.Requests, 0)
	return tally{min(max(t.Failures, 0), n), n}
}

func (t tally) rate() float64 {
	if t.n == 0 {
		return 0
	}
	return float64(t.k) / float64(t.n)
}
