package compare

import (
	"fmt"

	"github.com/strangler-fig/toolkit/shadow"
)

// RuleError says what is wrong with one rule. New returns all of them joined; errors.As finds
// the first, Rules.Check lists them.
type RuleError struct {
	Rule    string // the key it stands under: ignore, only, unordered, keyed, tolerance or headers
	Pointer string // as written
	Problem string // and what to write instead
}

// Error implements error.
func (e *RuleError) Error() string {
	if e.Rule == "" {
		return fmt.Sprintf("pointer %q: %s", e.Pointer, e.Problem)
	}
	return fmt.Sprintf("%s: %q: %s", e.Rule, e.Pointer, e.Problem)
}

func tooComplex(format string, args ...any) error {
	return &shadow.SkipError{Reason: shadow.SkipTooComplex, Detail: fmt.Sprintf(format, args...)}
}
