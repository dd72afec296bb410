package api

import (
	"context"
	"encoding/json"
	"log/slog"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/strangler-fig/toolkit/shadow"
	"github.com/strangler-fig/toolkit/strangler"
	"github.com/strangler-fig/toolkit/web"
)

// Chooser chooses sides inside a program as a running proxy does for requests: the same phases, the
// same buckets for the same keys, so that `strangler shift` moves both. It implements shadow.Chooser
// and shadow.Phaser and is safe for concurrent use. While the proxy can't be reached, what is known
// of its routes stays in force; a route that isn't known is at legacy.
type Chooser struct {
	client *Client
	log    *slog.Logger
	routes atomic.Pointer[map[string]web.Route] // never changed, but replaced
	known  chan struct{}
	once   sync.Once
}

var (
	_ shadow.Chooser = (*Chooser)(nil)
	_ shadow.Phaser  = (*Chooser)(nil)
)

// refresh is how old the listing may be when something happens: a subscriber that is slow misses events.
const refresh = time.Minute

// NewChooser returns a Chooser that knows nothing until Follow runs. A nil log is slog.Default().
func NewChooser(c *Client, log *slog.Logger) *Chooser {
	if log == nil {
		log = slog.Default()
	}
	return &Chooser{client: c, log: log, known: make(chan struct{})}
}

// Known is closed once it is known where the routes stand.
func (c *Chooser) Known() <-chan struct{} { return c.known }

// Choose implements shadow.Chooser.
func (c *Chooser) Choose(_ context.Context, route, key string) shadow.Side {
	r, _ := c.route(route)
	return sideOf(r, key)
}

// Shadows implements shadow.Phaser: in phase legacy, and on a route that isn't known, the service is
// not called at all.
func (c *Chooser) Shadows(route string) bool {
	r, ok := c.route(route)
	return ok && r.Phase != strangler.PhaseLegacy
}

func (c *Chooser) route(name string) (web.Route, bool) {
	routes := c.routes.Load()
	if routes == nil {
		return web.Route{}, false
	}
	r, ok := (*routes)[name]
	return r, ok
}

// Follow keeps up with the proxy until ctx ends, and returns why it did. Have one goroutine call it.
func (c *Chooser) Follow(ctx context.Context) error {
	pauses := backoff.NewExponentialBackOff()
	pauses.InitialInterval, pauses.MaxInterval = 200*time.Millisecond, 10*time.Second
	said := false
	for {
		heard, err := c.listen(ctx)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if heard {
			pauses.Reset()
			said = false
		}
		if !said {
			said = true
			c.log.Warn("the proxy isn't followed; what was known of its routes stays in force", keyError, err)
		}
		pause := time.NewTimer(pauses.NextBackOff())
		select {
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		case <-pause.C:
		}
	}
}

// listen looks where the routes stand and hears of what changes, until the stream breaks. What
// happens between the look and the first event is looked at again.
func (c *Chooser) listen(ctx context.Context) (heard bool, _ error) {
	if err := c.look(ctx); err != nil {
		return false, err
	}
	var looked time.Time
	for e, err := range c.client.Events(ctx) {
		if err != nil {
			return heard, err
		}
		heard = true
		if e.Type == "config" || time.Since(looked) > refresh {
			if err := c.look(ctx); err != nil {
				return heard, err
			}
			looked = time.Now()
			continue
		}
		if data, ok := e.Data.(json.RawMessage); ok && e.Type == "route" {
			var moved web.Route
			if err := json.Unmarshal(data, &moved); err != nil {
				return heard, err
			}
			c.move(moved)
		}
	}
	return heard, nil
}

// look asks where all routes stand.
func (c *Chooser) look(ctx context.Context) error {
	list, err := c.client.Routes(ctx)
	if err != nil {
		return err
	}
	routes := make(map[string]web.Route, len(list))
	for _, r := range list {
		routes[r.Name] = r
	}
	c.routes.Store(&routes)
	c.once.Do(func() { close(c.known) })
	return nil
}

// move takes a route's new place over, unless a newer one is known. Only Follow's goroutine does.
func (c *Chooser) move(moved web.Route) {
	was := *c.routes.Load()
	if was[moved.Name].Version > moved.Version {
		return
	}
	routes := maps.Clone(was)
	routes[moved.Name] = moved
	c.routes.Store(&routes)
}
