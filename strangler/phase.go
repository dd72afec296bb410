package strangler

import "fmt"

// Phase is where a route stands on its way from the legacy application to a service.
// The zero value is PhaseLegacy.
type Phase uint8

// The phases, in the order in which a route goes through them.
const (
	PhaseLegacy  Phase = iota // legacy serves
	PhaseShadow               // legacy serves, the service is shadowed
	PhaseCanary               // the service serves its weight, legacy the rest
	PhaseLive                 // the service serves all, legacy is shadowed for safe requests
	PhaseRetired              // the service serves all, legacy is never called
)

// Phases lists all phases in order.
func Phases() []Phase {
	return []Phase{PhaseLegacy, PhaseShadow, PhaseCanary, PhaseLive, PhaseRetired}
}

var phaseNames = [...]string{"legacy", "shadow", "canary", "live", "retired"}

// String returns the phase's name as it stands in configuration, JSON and flags.
func (p Phase) String() string {
	if int(p) < len(phaseNames) {
		return phaseNames[p]
	}
	return fmt.Sprintf("phase(%d)", uint8(p))
}

// ParsePhase returns the phase of that name.
func ParsePhase(s string) (Phase, error) {
	for i, name := range phaseNames {
		if s == name {
			return Phase(i), nil
		}
	}
	return 0, fmt.Errorf("no phase %q: it is one of legacy, shadow, canary, live, retired", s)
}

// MarshalText implements encoding.TextMarshaler.
func (p Phase) MarshalText() ([]byte, error) {
	if int(p) >= len(phaseNames) {
		return nil, fmt.Errorf("no phase %d", uint8(p))
	}
	return []byte(phaseNames[p]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (p *Phase) UnmarshalText(text []byte) error {
	parsed, err := ParsePhase(string(text))
	if err != nil {
		return err
	}
	*p = parsed
	return nil
}
