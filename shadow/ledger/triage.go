package ledger

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Triage is what is thought of a group, and who thinks so. The zero value is that of a group that
// nobody has looked at: open, from its first divergence on.
type Triage struct {
	State    State     // empty: open
	Reason   string    // of an expected one always
	Actor    string    // empty: nobody yet
	Verified bool      // the actor is a token's name
	Origin   string    // what it was, where not a person: OriginNoise or OriginRule; else empty
	Since    time.Time // zero: from the group's first divergence on; to Triage: now
	// Reopened is when a group that was fixed was seen again, and so is open: Actor, Reason and so on
	// are still those of the fix. Triage ignores it.
	Reopened time.Time
}

// What gives a group its state, where that isn't a person.
const (
	OriginNoise = "noise" // all its places have turned out to be noise
	OriginRule  = "rule"  // a rule that was made since covers all its places
)

// TriageError says that a group can't be put into that state so.
type TriageError struct{ Why string }

// Error implements error.
func (e *TriageError) Error() string { return e.Why }

// Triage puts a group into a state and returns it. What is recorded of a fixed group afterwards
// reopens it. Errors: ErrNotFound, *TriageError.
func (l *Ledger) Triage(ctx context.Context, id string, t Triage) (Group, error) {
	switch {
	case t.State == StateExpected && t.Reason == "":
		return Group{}, &TriageError{"a group is expected for a reason: say which"}
	case t.State != StateOpen && t.State != StateExpected && t.State != StateFixed:
		return Group{}, &TriageError{fmt.Sprintf("no state %q: it is open, expected or fixed", t.State)}
	}
	if err := l.triage(ctx, id, t, "true"); err != nil {
		return Group{}, fmt.Errorf("triage group %s: %w", id, err)
	}
	return l.Group(ctx, id)
}

// TriageIf is Triage for one that isn't a person: it does nothing where somebody has said something
// of the group since it was read, and reports whether it did.
func (l *Ledger) TriageIf(ctx context.Context, was Group, t Triage) (bool, error) {
	since := int64(0)
	if !was.Since.IsZero() {
		since = was.Since.UnixMicro()
	}
	err := l.triage(ctx, was.ID, t, "state = ? AND since = ? AND actor = ?", string(was.State), since, was.Actor)
	if errors.Is(err, ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// triage writes it down where the condition holds; else it returns ErrNotFound.
func (l *Ledger) triage(ctx context.Context, id string, t Triage, condition string, args ...any) error {
	if t.Since.IsZero() {
		t.Since = l.cfg.Now()
	}
	result, err := l.db.Writer().ExecContext(ctx, `UPDATE groups
		SET state = ?, reason = ?, actor = ?, verified = ?, origin = ?, since = ?, reopened = 0 WHERE id = ? AND `+condition,
		append([]any{string(t.State), t.Reason, t.Actor, t.Verified, t.Origin, t.Since.UnixMicro(), id}, args...)...)
	if err != nil {
		return fmt.Errorf("write to the ledger: %w", err)
	}
	n, err := result.RowsAffected()
	if err == nil && n == 0 {
		err = ErrNotFound
	}
	return err
}
