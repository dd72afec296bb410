package strangler

import (
	"context"
	"fmt"
)

// Why says what decided a request's side.
type Why uint8

// The reasons for a side.
const (
	WhyUnmatched Why = iota // no route holds: the legacy catch-all
	WhyPhase                // the phase knows only one side
	WhyWeight               // the cohort's bucket against the canary's weight
	WhyOverride             // the request chose for itself
)

var whyNames = [...]string{"unmatched", "phase", "weight", "override"}

// String returns the reason's name as it stands in JSON, logs and the debug header.
func (w Why) String() string { return nameOf(whyNames[:], int(w), "why") }

// MarshalText implements encoding.TextMarshaler.
func (w Why) MarshalText() ([]byte, error) { return []byte(w.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (w *Why) UnmarshalText(text []byte) error {
	i, err := indexOf(whyNames[:], string(text), "why")
	*w = Why(i)
	return err
}

// Decision is what station 5 decided about one request. It travels as one pointer in the
// request's context and is completed by the fallback, all on the goroutine that serves the
// request; whoever wants it later copies it.
type Decision struct {
	Route    string   // empty: unmatched
	Unit     string   // empty: none
	Position Position // where the route stood
	Side     Side     // which side was chosen
	Why      Why
	Bucket   int    // 0 to 9999; -1 where nothing was hashed
	Cohort   string // which source gave the cohort key ("cookie:sid", "address"); never the key itself
	Issued   string // the random cohort id to set in our cookie; empty: none
	Key      uint64 // hash of the cohort key, for whoever chooses an endpoint by it; 0: none was looked up
	Discreet bool   // the request's path stays out of logs
	Repeat   Repeat // whether the request may be sent a second time; never RepeatByMethod

	// FellBack says that the service was chosen, failed, and legacy answered; Failure says how
	// the chosen side failed ("connect", "timeout", "status 503", "translate"), or what was wrong with a
	// request that it never got (FailureUntranslatable, FailureMalformed); empty: it didn't.
	FellBack bool
	Failure  string
}

// Served returns the side whose answer the client got.
func (d *Decision) Served() Side {
	if d.FellBack {
		return SideLegacy
	}
	return d.Side
}

// String returns the decision as the debug header has it.
func (d *Decision) String() string {
	route, why := d.Route, d.Why.String()
	if route == "" {
		route = "-"
	}
	if d.FellBack {
		why = "fallback"
	}
	return fmt.Sprintf("route=%s; side=%s; phase=%s; why=%s", route, d.Served(), d.Position.Phase, why)
}

// DecisionFrom returns the decision about the request whose context this is, or nil.
func DecisionFrom(ctx context.Context) *Decision {
	d, _ := ctx.Value(decisionKey{}).(*Decision)
	return d
}
