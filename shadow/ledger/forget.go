package ledger

import (
	"context"
	"fmt"
	"slices"

	"github.com/strangler-fig/toolkit/shadow"
)

// Forget removes what is kept of a route with values in it, but for what differed: exchanges, the
// answers of examples, and what could not be translated.
//
// What is still on its way, and was captured whole, is recorded without values until Allow.
func (l *Ledger) Forget(ctx context.Context, route string) error {
	l.mu.Lock()
	l.hushed[route] = true
	delete(l.kept, route)
	l.mu.Unlock()
	for _, statement := range []string{
		`DELETE FROM kept WHERE route = ?`,
		`DELETE FROM examples WHERE divergence IN (SELECT id FROM divergences WHERE route = ?)`,
		`UPDATE untranslated SET example = NULL WHERE route = ?`,
	} {
		if _, err := l.db.Writer().ExecContext(ctx, statement, route); err != nil {
			return fmt.Errorf("forget exchanges of route %s: %w", route, err)
		}
	}
	return nil
}

// Allow ends what Forget began.
func (l *Ledger) Allow(route string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.hushed, route)
}

func (l *Ledger) isHushed(route string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.hushed[route]
}

// hush takes all values out of a comparison that was captured whole.
func hush(c shadow.Comparison) shadow.Comparison {
	if c.Request.Header == nil {
		return c
	}
	c.Request = shadow.Request{Method: c.Request.Method}
	for _, a := range []**shadow.Answer{&c.Legacy, &c.Service} {
		if *a != nil {
			*a = &shadow.Answer{Status: (*a).Status, Size: (*a).Size, Latency: (*a).Latency}
		}
	}
	c.Differences = slices.Clone(c.Differences)
	for i := range c.Differences {
		d := &c.Differences[i]
		d.Pointer = d.Pattern
		if d.Kind != shadow.KindStatus {
			d.Legacy, d.Service = nil, nil
		}
	}
	return c
}
