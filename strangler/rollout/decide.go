package rollout

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Decide says what is to be done in a situation, and why. It is a pure function: asked again with
// the same situation it says the same. Package doc tells what its words "holds" and "broken" are
// worth. Whether a plan's moves are made or only advised is the caller's business.
func Decide(s Situation) Decision {
	var d Decision
	for _, subject := range s.Routes {
		d.Readings = append(d.Readings, subject.read(s.Plan, s.Position)...)
	}
	next, more := s.Plan.Next(s.Position)
	switch {
	case s.Position.Phase == strangler.PhaseRetired:
		d.Action, d.Why = ActionDone, "done: it is retired"
	case len(s.Routes) == 0:
		d.Action, d.Why = ActionHold, fmt.Sprintf("holding at %s: it has no routes", s.Position)
	case has(d.Readings, StateBroken):
		s.back(&d)
	case !more:
		d.Action = ActionDone
		d.Why = fmt.Sprintf("done at %s, the last step: %s", s.Position, s.tell(d.Readings, StateHolds))
	case s.Position.Phase == strangler.PhaseLegacy:
		s.start(&d, next)
	default:
		s.forward(&d, next)
	}
	return d
}

// back decides where a gate is broken.
func (s Situation) back(d *Decision) {
	why := s.tell(d.Readings, StateBroken)
	stop := func(because string) {
		d.Action, d.Person, d.Why = ActionStop, true, fmt.Sprintf("stopped at %s: %s; %s", s.Position, why, because)
	}
	if s.Position.Phase <= strangler.PhaseShadow {
		stop("it needs a person, or a new version of the service")
		return
	}
	to := s.Plan.Back()
	for _, subject := range s.Routes {
		if err := Check(subject.Route, s.Position, to, false); err != nil {
			stop(fmt.Sprintf("it needs a person, as it can't go back to %s by itself: %v", to, err))
			return
		}
	}
	if s.Plan.OnFail == FailHold {
		stop("it needs a person, as on_fail is hold")
		return
	}
	d.Action, d.To, d.Why = ActionRollback, to, fmt.Sprintf("rolling back to %s: %s", to, why)
}

// start decides where nothing is shadowed or served yet. There is no evidence to wait for.
func (s Situation) start(d *Decision, next strangler.Position) {
	if s.Frozen != "" {
		d.Action, d.Why = ActionHold, fmt.Sprintf("holding at %s: %s", s.Position, s.Frozen)
		return
	}
	d.Action, d.To = ActionPromote, next
	d.Why = fmt.Sprintf("promoting to %s: nothing has to be shown for shadowing", next)
	if next.Phase != strangler.PhaseShadow {
		d.Why = fmt.Sprintf("promoting to %s without evidence: the plan has no shadow step, and at %s there is nothing to compare", next, s.Position)
	}
}

// forward decides where no gate is broken and there is a next step.
func (s Situation) forward(d *Decision, next strangler.Position) {
	d.Action, d.Forecast = ActionHold, forecast(d.Readings)
	shown := !has(d.Readings, StateOpen)
	stood := s.Now.Sub(s.Since)
	if s.Plan.MaxHold > 0 && stood >= s.Plan.MaxHold {
		d.Person = true
		d.Why = fmt.Sprintf("holding at %s: it needs a person, as it has stood here for %s, the longest it may. So far: %s. ",
			s.Position, length(s.Plan.MaxHold), s.tell(d.Readings, StateOpen, StateHolds))
		if s.Frozen != "" {
			d.Why += "Also: " + s.Frozen + ". "
		}
		d.Why += fmt.Sprintf("`strangler rollout resume %s` gives it as long again", s.Routes[0].Route.Name)
		return
	}
	var wants []string
	if !shown {
		wants = append(wants, s.tell(d.Readings, StateOpen))
	}
	if left := s.Plan.Hold - stood; left > 0 {
		wants = append(wants, fmt.Sprintf("it stays here for %s at least, %s more", length(s.Plan.Hold), length(left)))
	}
	if s.Frozen != "" {
		wants = append(wants, s.Frozen)
	}
	if len(wants) == 0 {
		d.Action, d.To, d.Why = ActionPromote, next, fmt.Sprintf("promoting to %s: %s", next, s.tell(d.Readings, StateHolds))
		return
	}
	if shown {
		wants = append([]string{"every gate holds"}, wants...)
	}
	d.Why = fmt.Sprintf("holding at %s: %s", s.Position, strings.Join(wants, "; "))
}

// has tells whether a reading is in a state.
func has(readings []Reading, state State) bool {
	return slices.ContainsFunc(readings, func(r Reading) bool { return r.State == state })
}

// mostTold is how many readings a sentence has; a unit may have many more.
const mostTold = 6

// tell joins what the readings in the given states say, those of the first state first, with the
// route's name where there are several.
func (s Situation) tell(readings []Reading, states ...State) string {
	var told []string
	for _, state := range states {
		for _, r := range readings {
			switch {
			case r.State != state:
			case len(s.Routes) > 1:
				told = append(told, r.Route+": "+r.Why)
			default:
				told = append(told, r.Why)
			}
		}
	}
	if len(told) == 0 {
		if has(readings, StateOpen) {
			return "nothing is shown yet"
		}
		return "every gate is off"
	}
	if more := len(told) - mostTold; more > 0 {
		told = append(told[:mostTold], fmt.Sprintf("and %d more", more))
	}
	return strings.Join(told, "; ")
}

// forecast returns how long it takes at least until all can be shown; 0 where nothing is missing or
// nobody can say.
func forecast(readings []Reading) time.Duration {
	var longest time.Duration
	for _, r := range readings {
		if r.State != StateOpen {
			continue
		}
		if r.Forecast <= 0 {
			return 0
		}
		longest = max(longest, r.Forecast)
	}
	return longest
}
