package strangler

import (
	"cmp"
	"fmt"
	"strconv"
	"strings"
)

// Weight is the share of a canary's requests that the service serves, in hundredths of a
// percent: 2500 is 25 %. It is 0 before canary, 1 to 9999 in it and FullWeight after it.
type Weight uint16

// FullWeight is the weight of a route whose service serves everything; it is also the number
// of buckets that cohort keys fall into.
const FullWeight Weight = 10000

// Percent returns the weight in percent.
func (w Weight) Percent() float64 { return float64(w) / 100 }

// String returns the weight with a percent sign, "12.5%".
func (w Weight) String() string {
	return strconv.FormatFloat(w.Percent(), 'f', -1, 64) + "%"
}

// MarshalJSON writes the weight as a number of percent.
func (w Weight) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, w.Percent(), 'f', -1, 64), nil
}

// UnmarshalJSON reads a number of percent, 0 to 100 in steps of 0.01.
func (w *Weight) UnmarshalJSON(text []byte) error {
	parsed, err := ParseWeight(string(text))
	if err != nil {
		return err
	}
	*w = parsed
	return nil
}

// ParseWeight reads a share in percent, with or without the sign: "25%", "0.01".
// It is exact: anything finer than 0.01 % is an error.
func ParseWeight(s string) (Weight, error) {
	digits := strings.TrimSuffix(s, "%")
	whole, fraction, dotted := strings.Cut(digits, ".")
	if whole == "" || (dotted && fraction == "") || !onlyDigits(whole) || !onlyDigits(fraction) || len(whole) > 9 {
		return 0, fmt.Errorf("read weight %q: it is a percentage such as 25%% or 0.5%%", s)
	}
	fraction = strings.TrimRight(fraction, "0")
	if len(fraction) > 2 {
		return 0, fmt.Errorf("read weight %q: the smallest step is 0.01%%", s)
	}
	n, _ := strconv.Atoi(whole + (fraction + "00")[:2])
	if n > int(FullWeight) {
		return 0, fmt.Errorf("read weight %q: it is more than 100%%", s)
	}
	return Weight(n), nil
}

func onlyDigits(s string) bool {
	return strings.Trim(s, "0123456789") == ""
}

// Position is where a route stands: its phase and, in canary, its weight.
// The zero value is phase legacy, weight 0.
type Position struct {
	Phase  Phase  `json:"phase"`
	Weight Weight `json:"weight"`
}

// Compare returns how far p is beside other on the way from legacy to retired: less than 0, 0 or more.
func (p Position) Compare(other Position) int {
	return cmp.Or(cmp.Compare(p.Phase, other.Phase), cmp.Compare(p.Weight, other.Weight))
}

// At returns the position of a phase other than canary, with the weight that goes with it.
func At(p Phase) Position {
	if p >= PhaseLive {
		return Position{p, FullWeight}
	}
	return Position{Phase: p}
}

// Canary returns the canary position with weight w.
func Canary(w Weight) Position { return Position{PhaseCanary, w} }

// ParsePosition reads a position as a person writes it: legacy, shadow, live, retired, or a
// canary's weight such as 25%.
func ParsePosition(s string) (Position, error) {
	if s == "canary" {
		return Position{}, fmt.Errorf("read position %q: a canary is named by its weight, such as 5%%", s)
	}
	if p, err := ParsePhase(s); err == nil {
		return At(p), nil
	}
	if !strings.HasSuffix(s, "%") {
		return Position{}, fmt.Errorf("read position %q: it is legacy, shadow, live, retired or a weight such as 25%%", s)
	}
	w, err := ParseWeight(s)
	if err != nil {
		return Position{}, err
	}
	pos := Canary(w)
	return pos, pos.Validate()
}

// Validate reports a weight that doesn't go with the phase.
func (p Position) Validate() error {
	switch {
	case p.Phase > PhaseRetired:
		return fmt.Errorf("no phase %d", p.Phase)
	case p.Phase == PhaseCanary && p.Weight == 0:
		return fmt.Errorf("a canary's weight is 0.01%% to 99.99%%, not 0%%; for none use shadow or legacy")
	case p.Phase == PhaseCanary && p.Weight >= FullWeight:
		return fmt.Errorf("a canary's weight is 0.01%% to 99.99%%, not %s; for all use live", p.Weight)
	case p.Phase != PhaseCanary && p.Weight != At(p.Phase).Weight:
		return fmt.Errorf("phase %s has weight %s, not %s", p.Phase, At(p.Phase).Weight, p.Weight)
	}
	return nil
}

// String returns the position as ParsePosition reads it.
func (p Position) String() string {
	if p.Phase == PhaseCanary {
		return p.Weight.String()
	}
	return p.Phase.String()
}
