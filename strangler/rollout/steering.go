package rollout

import (
	"strings"
	"time"
)

// Steering says whether a route moves by itself, in a person's or the automation's own word. It is
// kept in the journal as JSON; the zero value is a route that does.
type Steering struct {
	State    Mode      `json:"state,omitempty"`
	Why      string    `json:"why,omitempty"`
	Actor    string    `json:"actor,omitempty"`
	Verified bool      `json:"verified,omitempty"` // the actor is a token's name
	Since    time.Time `json:"since,omitzero"`

	// Until is when a resting route may go on at the earliest; and then only with another version of
	// the service than Failed.
	Until  time.Time `json:"until,omitzero"`
	Failed string    `json:"failed_version,omitempty"` // empty: not known

	// Version is the service's, in a person's word; empty: nobody said.
	Version string `json:"service_version,omitempty"`
	// Begun is when somebody had the evidence begin anew; zero: nobody did.
	Begun time.Time `json:"begun,omitzero"`
}

// Mode is whether a route moves by itself.
type Mode string

// The modes.
const (
	ModeRunning Mode = ""        // it does
	ModePaused  Mode = "paused"  // somebody said so
	ModeStopped Mode = "stopped" // somebody moved it by hand
	ModeResting Mode = "resting" // a gate broke
)

// Author is who steers, and why.
type Author struct {
	Name     string
	Verified bool // a token's name
	Why      string
}

func (s Steering) by(a Author, to Mode, now time.Time) Steering {
	s.State, s.Why, s.Actor, s.Verified, s.Since = to, bounded(a.Why), a.Name, a.Verified, now
	s.Until, s.Failed = time.Time{}, ""
	return s
}

// maxWhy bounds the reason that is kept, bytes: a rollback has to find room for it on a full disk.
const maxWhy = 500

func bounded(why string) string {
	if len(why) <= maxWhy {
		return why
	}
	return strings.ToValidUTF8(why[:maxWhy], "") + "…"
}

// Paused returns it with all moves left to people.
func (s Steering) Paused(a Author, now time.Time) Steering { return s.by(a, ModePaused, now) }

// Stopped returns it after a person moved the route by hand.
func (s Steering) Stopped(a Author, now time.Time) Steering { return s.by(a, ModeStopped, now) }

// Rested returns it after a gate was shown to be broken, with that version of the service.
func (s Steering) Rested(a Author, now time.Time, cooldown time.Duration, version string) Steering {
	s = s.by(a, ModeResting, now)
	s.Until, s.Failed = now.Add(cooldown), version
	return s
}

// Resumed returns it moving by itself again; anew: with evidence that begins now. A version that
// isn't empty is the service's, in the author's word.
func (s Steering) Resumed(a Author, now time.Time, version string, anew bool) Steering {
	anew = anew || s.State == ModeResting || version != "" && version != s.Version
	s = s.by(a, ModeRunning, now)
	if version != "" {
		s.Version = version
	}
	if anew {
		s.Begun = now
	}
	return s
}

// Refreshed reports whether a resting route may go on by itself: it has rested for long enough, and
// another version of the service answers. Empty: none is known or, where the version that failed isn't
// known, none that has followed on another.
func (s Steering) Refreshed(version string, now time.Time) bool {
	return s.State == ModeResting && !now.Before(s.Until) && version != "" && version != s.Failed
}
