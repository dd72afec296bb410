package daemon

import (
	"context"
	"maps"
	"sync"
	"sync/atomic"
	"time"

	"github.com/strangler-fig/toolkit/internal/config"
	"github.com/strangler-fig/toolkit/strangler/journal"
	"github.com/strangler-fig/toolkit/strangler/rollout"
)

const (
	walkInterval = time.Second      // between looks at the evidence
	lookLongest  = walkInterval / 5 // after which the rest has to wait for the next one
	seenInterval = 10 * time.Second // between writes of what was seen
	automation   = "rollout"        // who moves routes by itself, in the journal
)

// walks walks routes through their steps.
type walks struct {
	wake  chan struct{}                     // somebody wants it to look at once
	known atomic.Pointer[map[string]walked] // by walker: what was made of it the last time; never changed

	mu      sync.Mutex // held while it looks
	seen    map[string]*seen
	asked   map[string]*proposal // by walker: what before_promote webhooks say
	refused map[string]string    // by walker: why what was decided could not be done the last time
	keptAt  time.Time
	first   int            // the walker to begin with, where there was no time for all
	aside   sync.WaitGroup // what goes on beside the looks, and ends with their context

	reading, marking, keeping trouble // with the ledger

	moving  bool          // routes are being moved on
	retryAt time.Time     // when that is tried again after the journal failed
	pause   time.Duration // until then, the last time
}

func newWalks() *walks {
	w := &walks{wake: make(chan struct{}, 1), seen: map[string]*seen{}, asked: map[string]*proposal{}, refused: map[string]string{}}
	w.known.Store(&map[string]walked{})
	return w
}

// walker is a route, or the routes of a unit, with a plan.
type walker struct {
	key    string // of maps: a route and a unit may have one name
	name   string // the unit's, else the route's
	unit   string
	plan   *rollout.Plan
	routes []config.Route
}

// names are its routes'.
func (w walker) names() []string {
	names := make([]string, len(w.routes))
	for i, r := range w.routes {
		names[i] = r.Name
	}
	return names
}

// walkers returns what a configuration says is to be walked, in its order.
func walkers(cfg *config.Config) (all []walker) {
	units := map[string]int{}
	for _, r := range cfg.Routes {
		if r.Rollout == nil {
			continue
		}
		if at, known := units[r.Unit]; known && r.Unit != "" {
			all[at].routes = append(all[at].routes, r)
			continue
		}
		w := walker{key: "route " + r.Name, name: r.Name, unit: r.Unit, plan: r.Rollout, routes: []config.Route{r}}
		if r.Unit != "" {
			w.key, w.name = "unit "+r.Unit, r.Unit
			units[r.Unit] = len(all)
		}
		all = append(all, w)
	}
	return all
}

// walk looks at the evidence of routes and moves them, until ctx ends.
func (d *Daemon) walk(ctx context.Context) {
	tick := time.NewTicker(walkInterval)
	defer tick.Stop()
	defer d.walks.aside.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		case <-d.walks.wake:
		}
		d.look(ctx, true)
	}
}

// hurry has it look at once.
func (w *walks) hurry() {
	select {
	case w.wake <- struct{}{}:
	default: // it is about to
	}
}

// look looks at all walkers and, if it is to act, moves those that are to move: back at once, and on as
// soon as the journal takes it.
func (d *Daemon) look(ctx context.Context, act bool) {
	d.walks.mu.Lock()
	defer d.walks.mu.Unlock()
	all := walkers(d.current.Load().config)
	if len(all) == 0 {
		d.walks.known.Store(&map[string]walked{})
		d.walks.forget(nil)
		return
	}
	tallies, err := d.ledger.Tallies(ctx)
	if d.walks.reading.tell(d, err, "what is on record of routes can't be read, so that none is promoted by itself"); err != nil {
		tallies = nil
	}
	now := time.Now() // after the ledger has answered, which may take a while
	o := observed{now: now, present: d.present(), tallies: tallies, counts: d.shadow.Counts(), policy: d.current.Load().config.Rollout.Policy, share: shareOf(all), unmarkable: new(error)}
	last, first := *d.walks.known.Load(), d.walks.first%len(all)
	known, looked, left := make(map[string]walked, len(all)), make([]string, 0, len(all)), false
	d.walks.first = 0
	for i := range all {
		w := all[(first+i)%len(all)]
		if before, was := last[w.key]; was && act && i > 0 && time.Since(now) > lookLongest {
			known[w.key] = before
			if !left {
				d.walks.first, left = (first+i)%len(all), true
			}
			continue
		}
		s, ok := d.situation(ctx, w, o)
		if !ok {
			continue // it comes into the journal just now
		}
		k := walked{situation: s, decision: rollout.Decide(s.Situation)}
		if before := last[w.key]; !act && before.decision.Action == k.decision.Action && before.decision.To == k.decision.To {
			k.refused, k.refusal = before.refused, before.refusal // which only a look that acts asks again
		}
		known[w.key] = k
		looked = append(looked, w.key)
	}
	if act {
		d.act(ctx, looked, known)
	}
	for _, key := range looked {
		d.tellTurned(last[key], known[key])
	}
	d.walks.known.Store(&known)
	d.walks.forget(all)
	d.publishWalks(last, known)
	if now.Sub(d.walks.keptAt) >= seenInterval {
		d.walks.keptAt = now
		d.keepSeen(ctx)
	}
}

// forget forgets what isn't walked any more. The caller holds mu.
func (w *walks) forget(all []walker) {
	keys, routes := map[string]bool{}, map[string]bool{}
	for _, one := range all {
		keys[one.key] = true
		for _, r := range one.routes {
			routes[r.Name] = true
		}
	}
	maps.DeleteFunc(w.asked, func(key string, _ *proposal) bool { return !keys[key] })
	maps.DeleteFunc(w.refused, func(key, _ string) bool { return !keys[key] })
	maps.DeleteFunc(w.seen, func(route string, _ *seen) bool { return !routes[route] })
}

// trouble is what is wrong, said once as long as it lasts.
type trouble struct{ text string }

// tell notes what is wrong; nil: nothing is.
func (t *trouble) tell(d *Daemon, err error, what string) {
	text := ""
	if err != nil {
		text = err.Error()
	}
	if text != t.text && text != "" {
		d.log.Warn(what, keyError, err)
	}
	t.text = text
}

// shareOf is each route's part of what may go wrong in the whole migration.
func shareOf(all []walker) float64 {
	routes := 0
	for _, w := range all {
		routes += len(w.routes)
	}
	return 1 / float64(max(1, routes))
}

// steeringOf returns how a walker is steered: as the first of its routes that doesn't move by itself
// is, else as the one that was steered last.
func steeringOf(w walker, present map[string]journal.Standing) (of rollout.Steering, err error) {
	for _, r := range w.routes {
		s, err := steering(present[r.Name])
		if err != nil {
			return of, err
		}
		switch {
		case of.State != rollout.ModeRunning:
		case s.State != rollout.ModeRunning, s.Since.After(of.Since):
			of = s
		}
	}
	return of, nil
}
