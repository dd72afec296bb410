package journal

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
)

// Query selects entries.
type Query struct {
	Route  string // empty: all
	Before int64  // only entries with a smaller Seq; 0: all
	Limit  int    // at most so many; 0 or less: 100
}

// Entries returns the newest entries first. A removed route still has its entries; a name that
// the journal never saw is a *strangler.UnknownRouteError.
func (j *Journal) Entries(ctx context.Context, q Query) ([]Entry, error) {
	if f := j.now.Load().fold; q.Route != "" {
		if _, known := f.routes[q.Route]; !known {
			return nil, f.unknown(q.Route)
		}
	}
	if q.Limit <= 0 {
		q.Limit = 100
	}
	where, args := "WHERE true", []any{}
	if q.Route != "" {
		where, args = where+" AND route = ?", append(args, q.Route)
	}
	if q.Before != 0 {
		where, args = where+" AND seq < ?", append(args, q.Before)
	}
	var entries []Entry
	err := j.each(ctx, where+" ORDER BY seq DESC LIMIT ?", append(args, q.Limit), func(e Entry) error {
		entries = append(entries, e)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return entries, nil
}

// At returns where every route stood at that moment, by name, changes made in its microsecond
// included. Before the first entry there was no route.
func (j *Journal) At(ctx context.Context, moment time.Time) (map[string]Standing, error) {
	f, err := j.fold(ctx, moment.UnixMicro())
	if err != nil {
		return nil, fmt.Errorf("read journal: %w", err)
	}
	return f.table(), nil
}

// fold folds the entries up to a moment in microseconds since 1970.
func (j *Journal) fold(ctx context.Context, until int64) (*fold, error) {
	f := &fold{routes: map[string]state{}}
	return f, j.each(ctx, "WHERE at <= ? ORDER BY seq", []any{until}, f.apply)
}

const columns = `seq, change, at, kind, how, route, unit, version,
	before_phase, before_weight, after_phase, after_weight,
	actor, verified, reason, definition, coalesce(undoes, 0), rules, steering, hash`

// each calls do with every entry that the rest of a query selects.
func (j *Journal) each(ctx context.Context, where string, args []any, do func(Entry) error) (err error) {
	rows, err := j.db.Reader().QueryContext(ctx, "SELECT "+columns+" FROM entries "+where, args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		e, err := scan(rows)
		if err != nil {
			return err
		}
		if err := do(e); err != nil {
			return err
		}
	}
	return rows.Err()
}

func scan(rows *sql.Rows) (Entry, error) {
	var (
		e                       Entry
		at                      int64
		beforePhase, afterPhase sql.NullString
		before, after           sql.Null[strangler.Weight]
		definition, rules       sql.NullString
		steering                sql.NullString
		hash                    []byte
	)
	err := rows.Scan(&e.Seq, &e.Change, &at, &e.Kind, &e.How, &e.Route, &e.Unit, &e.Version,
		&beforePhase, &before, &afterPhase, &after,
		&e.Actor, &e.Verified, &e.Reason, &definition, &e.Undoes, &rules, &steering, &hash)
	if err != nil {
		return Entry{}, err
	}
	e.At = time.UnixMicro(at).UTC()
	copy(e.Hash[:], hash)
	if definition.Valid {
		e.Definition = json.RawMessage(definition.String)
	}
	if rules.Valid {
		e.Rules = json.RawMessage(rules.String)
	}
	if steering.Valid {
		e.Steering = json.RawMessage(steering.String)
	}
	if e.Before, err = position(beforePhase, before); err == nil {
		e.After, err = position(afterPhase, after)
	}
	if err != nil {
		return Entry{}, fmt.Errorf("entry %d: %w", e.Seq, err)
	}
	return e, nil
}

// position puts two columns together; both are null where there is none.
func position(phase sql.NullString, weight sql.Null[strangler.Weight]) (*strangler.Position, error) {
	if !phase.Valid {
		return nil, nil
	}
	p, err := strangler.ParsePhase(phase.String)
	if err != nil {
		return nil, err
	}
	pos := strangler.Position{Phase: p, Weight: weight.V}
	return &pos, pos.Validate()
}
