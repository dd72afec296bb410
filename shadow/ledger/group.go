package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/strangler-fig/toolkit/shadow"
)

// State is what people think of a group.
type State string

// The states.
const (
	StateOpen     State = "open"
	StateExpected State = "expected"
	StateFixed    State = "fixed"
)

// maxGroups is how many causes of one route are kept apart.
const maxGroups = 500

// MaxCauses is how many places a group names. Answers that differ in more are one group with
// all that differ in the same first ones.
const MaxCauses = 50

// Cause is a place and a kind that a group's divergences share.
type Cause struct {
	Pointer string      `json:"pointer"` // generalised: array indices are *
	Kind    shadow.Kind `json:"kind"`
}

// Group is all divergences of a route with the same cause.
type Group struct {
	ID            string
	Route         string
	LegacyStatus  int
	ServiceStatus int
	Causes        []Cause // sorted; empty in the group that stands for the rest
	Count         int64   // exact, for ever
	Share         float64 // of the route's comparisons since the ledger was made, 0 to 1; 0: not known
	Guess         string  // what may be the reason, in a few words; empty: nothing was guessed
	First, Last   time.Time
	Triage
	Days     []Day    // oldest first, of the last 90 days on which it was seen; nil in listings
	Recent   []Recent // oldest first, of a group younger than two days: all of it; nil in listings, and of older ones
	Examples []string // ids of divergences that keep both answers, newest first
	Pinned   []string // of them, those that Pin keeps, at most MaxPinned; never nil
}

// Day is how many divergences of a group there were on one day.
type Day struct {
	Day   time.Time // its begin, UTC
	Count int64
}

// RecentStep is how long one of a group's Recent counts is.
const RecentStep = 10 * time.Minute

// Recent is how many divergences of a group there were within one RecentStep.
type Recent struct {
	At    time.Time // its begin, UTC
	Count int64
}

// groupOf returns the group that a divergence belongs to, without its counts.
func groupOf(c shadow.Comparison) Group {
	g := Group{Route: c.Route, Triage: Triage{State: StateOpen}, LegacyStatus: status(c.Legacy), ServiceStatus: status(c.Service)}
	for _, d := range c.Differences {
		if d.Noise != "" {
			continue
		}
		g.Causes = append(g.Causes, Cause{d.Pattern, d.Kind})
	}
	slices.SortFunc(g.Causes, func(a, b Cause) int {
		return cmpOr(strings.Compare(a.Pointer, b.Pointer), strings.Compare(string(a.Kind), string(b.Kind)))
	})
	g.Causes = slices.Compact(g.Causes)
	if len(g.Causes) > MaxCauses {
		g.Causes = g.Causes[:MaxCauses:MaxCauses]
	}
	g.ID = g.hash()
	return g
}

// GroupOf returns the id of the group that such a divergence would be in.
func GroupOf(route string, legacyStatus, serviceStatus int, differences []shadow.Difference) string {
	return groupOf(shadow.Comparison{Route: route, Differences: differences,
		Legacy: &shadow.Answer{Status: legacyStatus}, Service: &shadow.Answer{Status: serviceStatus}}).ID
}

func cmpOr(a, b int) int {
	if a != 0 {
		return a
	}
	return b
}

func status(a *shadow.Answer) int {
	if a == nil {
		return 0
	}
	return a.Status
}

// rest returns the group that stands for all causes of a route beyond those kept apart.
func rest(route string) Group {
	g := Group{Route: route, Triage: Triage{State: StateOpen}}
	g.ID = g.hash()
	return g
}

// hash is the same for the same cause, on every machine and for ever.
func (g Group) hash() string {
	d := xxhash.New()
	part := func(s string) {
		_, _ = d.WriteString(strconv.Itoa(len(s)))
		_, _ = d.WriteString(":" + s)
	}
	part(g.Route)
	part(strconv.Itoa(g.LegacyStatus))
	part(strconv.Itoa(g.ServiceStatus))
	for _, c := range g.Causes {
		part(c.Pointer)
		part(string(c.Kind))
	}
	return fmt.Sprintf("%016x", d.Sum64())
}

// reopen opens a group again that was fixed, or that a rule covers, when there is another divergence. What was
// on its way when a rule came is still compared without it.
const reopen = `UPDATE groups SET reopened = ?2, since = ?2, state = 'open'
	WHERE id = ?1 AND (state = 'fixed' AND ?2 > since OR state = 'expected' AND origin = '` + OriginRule + `' AND ?2 > since + 10000000)`

// addGroup adds to a group's counts and guesses. One that is seen again may be open then.
func addGroup(ctx context.Context, tx *sql.Tx, g *Group, guessed guesses) error {
	causes, err := json.Marshal(g.Causes)
	if err != nil {
		return err
	}
	if len(guessed) == 0 {
		guessed = guesses{} // not null
	} else if guessed, err = withKept(ctx, tx, g.ID, guessed); err != nil {
		return err
	}
	guesses, err := json.Marshal(guessed)
	if err != nil {
		return err
	}
	first, last := g.First.UnixMicro(), g.Last.UnixMicro()
	// An upsert would check the state each time, for which SQLite makes a table.
	updated, err := tx.ExecContext(ctx, `UPDATE groups SET count = count + ?2, first = min(first, ?3), last = max(last, ?4), guesses = iif(?5 = '{}', guesses, ?5)
		WHERE id = ?1`, g.ID, g.Count, first, last, string(guesses))
	if err != nil {
		return err
	}
	if known, err := updated.RowsAffected(); err != nil {
		return err
	} else if known > 0 {
		_, err = tx.ExecContext(ctx, reopen, g.ID, last)
		return err
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO groups (id, route, legacy_status, service_status, causes, count, first, last, guesses)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`, g.ID, g.Route, g.LegacyStatus, g.ServiceStatus, string(causes), g.Count, first, last, string(guesses))
	return err
}

// withKept returns what was guessed of a group together with what the file has.
func withKept(ctx context.Context, tx *sql.Tx, id string, more guesses) (guesses, error) {
	var kept []byte
	switch err := tx.QueryRowContext(ctx, `SELECT guesses FROM groups WHERE id = ?`, id).Scan(&kept); {
	case errors.Is(err, sql.ErrNoRows):
		return more, nil
	case err != nil:
		return nil, err
	}
	all, err := parseGuesses(kept)
	if err != nil {
		return nil, err
	}
	all.merge(more)
	return all, nil
}
