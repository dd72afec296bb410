package rollout

import (
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Plan is how a route is to walk from its first step to its last. Routes of one unit have the
// same, but for Gates and Distinct.
type Plan struct {
	Auto     bool                 // moves are made; else they are only advised
	Steps    []strangler.Position // at least two, each further than the one before
	Hold     time.Duration        // at least on each step
	MaxHold  time.Duration        // at most; then the route needs a person
	Gates    Gates
	OnFail   OnFail
	Cooldown time.Duration // rest after a rollback
	Window   *Window       // in which promotions are made; nil: always
	Webhooks []Webhook
	Distinct time.Duration // a request that is repeated within so long is no evidence; 0: all are
}

// Next returns the first step beyond a position; false where there is none.
func (p Plan) Next(at strangler.Position) (strangler.Position, bool) {
	for _, step := range p.Steps {
		if step.Compare(at) > 0 {
			return step, true
		}
	}
	return strangler.Position{}, false
}

// Back returns where a route goes when a gate is broken: to shadow, if it begins there, else to legacy.
func (p Plan) Back() strangler.Position {
	if len(p.Steps) > 0 && p.Steps[0].Phase == strangler.PhaseShadow {
		return p.Steps[0]
	}
	return strangler.At(strangler.PhaseLegacy)
}

// Gates are what the evidence has to show before a route goes on, and whose breach sends it back.
type Gates struct {
	Divergence Gate // share of compared answers that differ and aren't expected, 0 to 1
	Errors     Gate // the service's share of failures less legacy's, 0 to 1
	Latency    Gate // the service's 99th percentile as a multiple of legacy's, above 1
	MaxSkipped Gate // share of sampled exchanges that could not be compared, 0 to 1; a breach only holds
}

// Gate is a limit.
type Gate struct {
	Limit float64
	Off   bool // nothing is asked
}

// OnFail is what follows when a gate is shown to be broken.
type OnFail uint8

// The zero value is FailRollback.
const (
	FailRollback OnFail = iota
	FailHold
)

// Webhook is told of what is about to happen, or has happened.
type Webhook struct {
	URL string
	On  []Occasion
}

// Occasion is when a webhook is called.
type Occasion string

// The occasions. What is called before a promotion may refuse it.
const (
	BeforePromote Occasion = "before_promote"
	AfterPromote  Occasion = "after_promote"
	OnRollback    Occasion = "rollback"
)

// Occasions lists them.
func Occasions() []Occasion { return []Occasion{BeforePromote, AfterPromote, OnRollback} }

// Policy holds for all routes together.
type Policy struct {
	Alpha     float64 // of wrong rollbacks, and of wrong promotions of each route; 0 to 1
	RunLength float64 // comparisons between two false alarms of the detector, on average, at least
}

// The defaults of a Plan and of a Policy.
const (
	DefaultHold      = 10 * time.Minute
	DefaultMaxHold   = 3 * 24 * time.Hour
	DefaultCooldown  = time.Hour
	DefaultAlpha     = 0.05
	DefaultRunLength = 1_000_000
)

// DefaultSteps returns the steps of a plan that names none.
func DefaultSteps() []strangler.Position {
	return []strangler.Position{strangler.At(strangler.PhaseShadow), strangler.Canary(1_00), strangler.Canary(5_00),
		strangler.Canary(25_00), strangler.Canary(50_00), strangler.At(strangler.PhaseLive)}
}

// DefaultGates returns the gates of a plan that names none.
func DefaultGates() Gates {
	return Gates{Divergence: Gate{Limit: 0.001}, Errors: Gate{Limit: 0.005}, Latency: Gate{Limit: 1.3}, MaxSkipped: Gate{Limit: 0.05}}
}
