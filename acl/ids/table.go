package ids

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	lru "github.com/hashicorp/golang-lru/v2"
)

// Pair is two identifiers of one thing.
type Pair struct {
	Legacy  string `json:"legacy"`
	Service string `json:"service"`
}

// String returns the pair for a message.
func (p Pair) String() string { return quote(p.Legacy) + " ↔ " + quote(p.Service) }

// Table translates identifiers. Its methods are safe for concurrent use.
type Table struct {
	store *Store
	c     Config
	// What was found or made, by the identifier that is asked for. Pairs never change, so nothing in
	// here is ever wrong, whoever else writes into the file.
	known map[Side]*lru.Cache[string, string]
	full  atomic.Bool // it only grows, so that it stays full
}

// Table returns the table of that name, which is made when the first pair is. Several for one name
// are good; each has its own cache and its own way to make identifiers.
func (s *Store) Table(c Config) (*Table, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	c.Max = cmp.Or(c.Max, DefaultMax)
	c.Cache = cmp.Or(c.Cache, DefaultCache)
	t := &Table{store: s, c: c, known: make(map[Side]*lru.Cache[string, string])}
	for _, side := range []Side{Legacy, Service} {
		cache, err := lru.New[string, string](c.Cache)
		if err != nil {
			return nil, fmt.Errorf("table %q: %w", c.Name, err)
		}
		t.known[side] = cache
	}
	return t, nil
}

// Name returns the table's name.
func (t *Table) Name() string { return t.c.Name }

// ToService returns the service's identifier for one of legacy's, and makes one where there is none
// and the configuration says how. Errors: *UnknownError, *FullError, *InvalidError, and whatever
// stands in the way of reading or writing the file; then nothing is made, or what was made is
// found by the next call.
func (t *Table) ToService(ctx context.Context, id string) (string, error) {
	return t.of(ctx, Legacy, id)
}

// ToLegacy is ToService the other way round.
func (t *Table) ToLegacy(ctx context.Context, id string) (string, error) {
	return t.of(ctx, Service, id)
}

// Find returns the pair that has an identifier of side's, and makes none. Errors: *UnknownError,
// *InvalidError, and whatever stands in the way of reading the file.
func (t *Table) Find(ctx context.Context, side Side, id string) (Pair, error) {
	if err := check(id); err != nil {
		return Pair{}, err
	}
	found, err := lookup(ctx, t.store.db.Reader(), t.c.Name, side, id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return Pair{}, &UnknownError{t.c.Name, side, id, t.mint(side.other()).Kind != None}
	case err != nil:
		return Pair{}, t.explain("look up "+quote(id)+" of "+string(side), err)
	case side == Service:
		return Pair{Legacy: found, Service: id}, nil
	}
	return Pair{Legacy: id, Service: found}, nil
}

// of returns the counterpart of an identifier of side's.
func (t *Table) of(ctx context.Context, side Side, id string) (string, error) {
	if found, ok := t.known[side].Get(id); ok {
		return found, nil
	}
	if err := check(id); err != nil {
		return "", err
	}
	id = strings.Clone(id) // it may be a small part of a large text
	found, err := lookup(ctx, t.store.db.Reader(), t.c.Name, side, id)
	if errors.Is(err, sql.ErrNoRows) {
		switch {
		case t.mint(side.other()).Kind == None:
			return "", &UnknownError{Table: t.c.Name, Side: side, ID: id}
		case t.full.Load():
			return "", &FullError{Table: t.c.Name, Max: t.c.Max}
		}
		found, err = t.make(ctx, side, id)
	}
	if err != nil {
		return "", t.explain("look up "+quote(id)+" of "+string(side), err)
	}
	t.known[side].Add(id, found)
	t.known[side.other()].Add(found, id)
	return found, nil
}

// mint says how identifiers of side's are made.
func (t *Table) mint(side Side) Mint {
	if side == Legacy {
		return t.c.Legacy
	}
	return t.c.Service
}

// explain says what was done to which table in which file.
func (t *Table) explain(what string, err error) error {
	var full *FullError
	if errors.As(err, &full) {
		return full
	}
	return fmt.Errorf("%s in table %q of %s: %w", what, t.c.Name, t.store.db.Path(), err)
}

// querier is what a transaction and a pool have in common.
type querier interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// lookup returns the counterpart of an identifier of side's, or sql.ErrNoRows.
func lookup(ctx context.Context, q querier, table string, side Side, id string) (found string, err error) {
	query := "SELECT " + side.other().column() + " FROM pairs WHERE tbl = (SELECT id FROM tables WHERE name = ?) AND " + side.column() + " = ?"
	err = q.QueryRowContext(ctx, query, table, id).Scan(&found)
	return found, err
}

// Count returns how many pairs the table holds.
func (t *Table) Count(ctx context.Context) (pairs int64, err error) {
	err = t.store.db.Reader().QueryRowContext(ctx, "SELECT pairs FROM tables WHERE name = ?", t.c.Name).Scan(&pairs)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return 0, t.explain("count", err)
	}
	return pairs, nil
}
