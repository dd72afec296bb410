package strangler

import "fmt"

// Side says which of the two answers a request.
type Side uint8

// The two sides.
const (
	SideLegacy Side = iota
	SideService
)

// Other returns the opposite side.
func (s Side) Other() Side { return 1 - s }

// String returns "legacy" or "service".
func (s Side) String() string {
	switch s {
	case SideLegacy:
		return "legacy"
	case SideService:
		return "service"
	}
	return fmt.Sprintf("side(%d)", uint8(s))
}

// ParseSide returns the side of that name.
func ParseSide(s string) (Side, error) {
	switch s {
	case "legacy":
		return SideLegacy, nil
	case "service":
		return SideService, nil
	}
	return 0, fmt.Errorf("no side %q: it is legacy or service", s)
}

// MarshalText implements encoding.TextMarshaler.
func (s Side) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Side) UnmarshalText(text []byte) error {
	parsed, err := ParseSide(string(text))
	if err != nil {
		return err
	}
	*s = parsed
	return nil
}
