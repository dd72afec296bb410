package web

import (
	"log/slog"
	"net/http"
	"slices"

	"github.com/strangler-fig/toolkit/shadow"
)

// MayRead reports whether the one who sends r may read recorded answers and, if so, puts on
// record that what was read, and by whom.
func MayRead(log *slog.Logger, r *http.Request, what string) bool {
	who := IdentityFrom(r.Context())
	if !who.Role.Allows(RoleEvidence) {
		return false
	}
	actor := who.Actor("")
	log.Info("recorded answers read", keyActor, actor.Name, keyVerified, actor.Verified, keyRemote, r.RemoteAddr, keyWhat, what)
	return true
}

// GroupStates lists the states that a group can be in.
func GroupStates() []string { return []string{"open", "expected", "fixed"} }

// Withhold leaves out of d all that comes from recorded answers: the answers, the values that
// differ, and the ids of a keyed array's elements in pointers. It changes no list that d shares.
func (d *Divergence) Withhold() {
	d.Legacy, d.Service = nil, nil
	d.Differences = slices.Clone(d.Differences)
	for i := range d.Differences {
		one := &d.Differences[i]
		one.Pointer, one.Legacy, one.Service = one.Pattern, nil, nil
	}
}

// Counting returns the differences that count; all where none does.
func (d *Divergence) Counting() []shadow.Difference {
	count := slices.DeleteFunc(slices.Clone(d.Differences), func(x shadow.Difference) bool { return x.Noise != "" })
	if len(count) == 0 {
		return d.Differences
	}
	return count
}

// IsRedacted reports whether something was taken out of a text of evidence before it was recorded.
func IsRedacted[T ~string | ~[]byte](text T) bool { return shadow.IsRedacted(text) }
