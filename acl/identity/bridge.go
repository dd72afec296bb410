package identity

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"
)

// Bridge is sessions of the legacy application on one side and identities for services on the other.
// Its methods are safe for concurrent use.
type Bridge struct {
	c        Config
	sessions *sessions
	room     room
	keys     *keys // nil: no tokens
	accounts []*account
	turn     atomic.Uint32 // of accounts
	stats    counters
	running  sync.WaitGroup // what outlives a request
}

// New returns a Bridge. A Config that is wrong is Problems. Signing keys are read, and made where
// there are none; that may fail, too.
func New(c Config) (*Bridge, error) {
	c, err := complete(c)
	if err != nil {
		return nil, err
	}
	b := &Bridge{c: c, room: newRoom(c.Lookup.AtATime)}
	if b.sessions, err = newSessions(c.Sessions); err != nil {
		return nil, fmt.Errorf("sessions %s: %w", c.Name, err)
	}
	if c.Issue != nil {
		if b.keys, err = openKeys(*c.Issue, cmp.Or(c.Logger, slog.Default())); err != nil {
			return nil, fmt.Errorf("sessions %s: %w", c.Name, err)
		}
	}
	if c.Login != nil {
		for range c.Login.Sessions {
			b.accounts = append(b.accounts, &account{})
		}
	}
	return b, nil
}

// Close waits for lookups and logins that nobody waits for any more; each has its own time-out. No
// request may come after it.
func (b *Bridge) Close(ctx context.Context) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.running.Wait()
		if b.keys != nil {
			b.keys.running.Wait()
		}
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for lookups of sessions %s: %w", b.c.Name, ctx.Err())
	}
}

// Forget drops what is known about the session with that cookie value: its next request asks anew. A
// lookup that is on its way counts no more for requests that come after this.
func (b *Bridge) Forget(cookie string) {
	if cookie != "" {
		b.sessions.forget(session{cookie})
	}
}

// Stats are counts since the Bridge was made.
type Stats struct {
	Lookups   uint64 // requests to legacy that asked who is logged in
	Hits      uint64 // requests for which that was known
	Waits     uint64 // requests that waited for a lookup, whoever began it
	Anonymous uint64 // requests of visitors who were not logged in
	Failures  uint64 // lookups that didn't say
	Full      uint64 // lookups that were not sent, since too many were on their way
	Abandoned uint64 // lookups that were not sent, since nobody waited for them any more
	Issued    uint64 // tokens signed
}

type counters struct {
	lookups, hits, waits, anonymous, failures, full, abandoned, issued atomic.Uint64
}

// Stats returns the counts so far.
func (b *Bridge) Stats() Stats {
	return Stats{
		Lookups:   b.stats.lookups.Load(),
		Hits:      b.stats.hits.Load(),
		Waits:     b.stats.waits.Load(),
		Anonymous: b.stats.anonymous.Load(),
		Failures:  b.stats.failures.Load(),
		Full:      b.stats.full.Load(),
		Abandoned: b.stats.abandoned.Load(),
		Issued:    b.stats.issued.Load(),
	}
}
