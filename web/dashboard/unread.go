package dashboard

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// unreadError says that something is on record and can't be read now.
type unreadError struct {
	Store string // ledger or journal
	Err   error
}

func (e *unreadError) Error() string { return "read the " + e.Store + ": " + e.Err.Error() }

func (e *unreadError) Unwrap() error { return e.Err }

// Title says it to a person, Detail why, and Else what goes on all the same.
func (e *unreadError) Title() string  { return "The " + e.Store + " can't be read" }
func (e *unreadError) Detail() string { return cut(visible(e.Err.Error()), 500) }
func (e *unreadError) Else() string {
	if e.Store == "journal" {
		return "Clients are served as before, and rolling back works: it is in effect at once, and in the journal when that can be written."
	}
	return "Clients are served as before, and routes can be moved and rolled back: neither needs the ledger. What is compared meanwhile is counted once it can be written."
}

// without returns nil of what couldn't be read where the page does without it, and has the page say so.
func (q *query) without(err error) error {
	var unread *unreadError
	if !errors.As(err, &unread) {
		return err
	}
	if !slices.ContainsFunc(q.unread, func(e *unreadError) bool { return e.Store == unread.Store }) {
		q.unread = append(q.unread, unread)
	}
	return nil
}

// readings is a System that tells which of its stores couldn't be read. It asks that store no more, since
// a page that waits for a locked file would wait for each reading. It belongs to one page and is not safe
// for concurrent use.
type readings struct {
	web.System
	failed map[string]*unreadError // by store
}

const (
	storeLedger  = "ledger"
	storeJournal = "journal"
)

// readFrom reads from a store, unless that failed already.
func readFrom[T any](r *readings, store string, from func() (T, error)) (T, error) {
	var none T
	if e := r.failed[store]; e != nil {
		return none, e
	}
	found, err := from()
	if err == nil || answered(err) {
		return found, err
	}
	if r.failed == nil {
		r.failed = make(map[string]*unreadError)
	}
	r.failed[store] = &unreadError{store, err}
	return none, r.failed[store]
}

// answered reports whether an error is an answer of the store, or the asker's who went away.
func answered(err error) bool {
	var (
		missing   *web.NotFoundError
		senseless *web.InvalidError
		unknown   *strangler.UnknownRouteError
		busy      *web.BusyError
	)
	return errors.As(err, &missing) || errors.As(err, &senseless) || errors.As(err, &unknown) || errors.As(err, &busy) ||
		errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)
}

func (r *readings) Groups(ctx context.Context, route, state string) ([]web.Group, error) {
	return readFrom(r, storeLedger, func() ([]web.Group, error) { return r.System.Groups(ctx, route, state) })
}

func (r *readings) Group(ctx context.Context, id string) (web.Group, error) {
	return readFrom(r, storeLedger, func() (web.Group, error) { return r.System.Group(ctx, id) })
}

func (r *readings) Divergences(ctx context.Context, q web.DivergenceQuery) ([]web.Divergence, error) {
	return readFrom(r, storeLedger, func() ([]web.Divergence, error) { return r.System.Divergences(ctx, q) })
}

func (r *readings) Divergence(ctx context.Context, id string) (web.Divergence, error) {
	return readFrom(r, storeLedger, func() (web.Divergence, error) { return r.System.Divergence(ctx, id) })
}

func (r *readings) RouteEvidence(ctx context.Context, route string) (web.RouteEvidence, error) {
	return readFrom(r, storeLedger, func() (web.RouteEvidence, error) { return r.System.RouteEvidence(ctx, route) })
}

func (r *readings) Series(ctx context.Context, q web.SeriesQuery) (web.Series, error) {
	return readFrom(r, storeLedger, func() (web.Series, error) { return r.System.Series(ctx, q) })
}

func (r *readings) Retirement(ctx context.Context, route string) (web.Retirement, error) {
	return readFrom(r, storeLedger, func() (web.Retirement, error) { return r.System.Retirement(ctx, route) })
}

func (r *readings) Translation(ctx context.Context, route string) (web.Translation, error) {
	return readFrom(r, storeLedger, func() (web.Translation, error) { return r.System.Translation(ctx, route) })
}

func (r *readings) Entries(ctx context.Context, q web.EntryQuery) ([]web.Entry, error) {
	return readFrom(r, storeJournal, func() ([]web.Entry, error) { return r.System.Entries(ctx, q) })
}

func (r *readings) RoutesAt(ctx context.Context, at time.Time) ([]web.Route, error) {
	return readFrom(r, storeJournal, func() ([]web.Route, error) { return r.System.RoutesAt(ctx, at) })
}
