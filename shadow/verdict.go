package shadow

import "fmt"

// Verdict is what became of one shadowed exchange.
type Verdict uint8

// The verdicts.
const (
	Match    Verdict = iota // nothing that counts differs
	Noise                   // legacy differs from itself in the same way
	Lag                     // the difference went away when both sides were asked again
	Diverged                // the answers differ
	Failed                  // there was no answer to compare
	Skipped                 // not comparable, with a reason
)

// Verdicts lists all verdicts.
func Verdicts() []Verdict { return []Verdict{Match, Noise, Lag, Diverged, Failed, Skipped} }

var verdictNames = [...]string{"match", "noise", "lag", "diverged", "failed", "skipped"}

// String returns the verdict's name as it stands in JSON.
func (v Verdict) String() string {
	if int(v) < len(verdictNames) {
		return verdictNames[v]
	}
	return fmt.Sprintf("verdict(%d)", uint8(v))
}

// ParseVerdict returns the verdict of that name.
func ParseVerdict(s string) (Verdict, error) {
	for i, name := range verdictNames {
		if s == name {
			return Verdict(i), nil
		}
	}
	return 0, fmt.Errorf("no verdict %q: it is one of %q", s, verdictNames)
}

// MarshalText implements encoding.TextMarshaler.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (v *Verdict) UnmarshalText(text []byte) error {
	parsed, err := ParseVerdict(string(text))
	*v = parsed
	return err
}
