package ledger

import (
	"context"
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
	if t.Since.IsZero() {
		t.Since = l.cfg.Now()
	}
	result, err := l.db.Writer().ExecContext(ctx, `UPDATE groups
		SET state = ?, reason = ?, actor = ?, verified = ?, origin = ?, since = ?, reopened = 0 WHERE id = ?`,
		string(t.State), t.Reason, t.Actor, t.Verified, t.Origin, t.Since.UnixMicro(), id)
	if err != nil {
		return Group{}, fmt.Errorf("write to the ledger: %w", err)
	}
	if n, err := result.RowsAffected(); err == nil && n == 0 {
		return Group{}, fmt.Errorf("triage group %s: %w", id, ErrNotFound)
	}
	return l.Group(ctx, id)
}
